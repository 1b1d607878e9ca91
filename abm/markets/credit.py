"""Credit: interest and a leverage limit that answer to lenders' losses and to policy risk."""

from __future__ import annotations

from typing import Any


class Credit:
    """Terms on which lenders lend this month.

    Attributes
    ----------
    rate
        Real interest on loans to the modelled organisations, per year.
    margin
        Part of it that pays lenders for risk.
    leverage_limit
        Largest debt over capital.
    loss_rate
        Smoothed yearly losses over loans outstanding.
    """

    def __init__(self, config: Any) -> None:
        self.terms = config.credit
        self.usual_credibility = config.public.credibility
        self.term = self.terms.loan_term
        self.overdraft = self.terms.overdraft
        self.loss_rate = 0.0
        self.rate = self.terms.interest + self.terms.spread
        self.margin = self.terms.spread
        self.leverage_limit = self.terms.leverage_limit

    def quote(self, conditions_interest: float, credibility: float) -> None:
        """Set this month's terms from recent losses and the credibility of policy (0 to 1).

        The usual spread holds at the credibility of the start; lenders ask more when policy has lost it.
        """
        terms = self.terms
        self.rate = terms.interest + conditions_interest + terms.spread + terms.spread_by_loss * self.loss_rate
        self.rate += terms.spread_by_policy_risk * max(self.usual_credibility - credibility, 0.0)
        self.margin = self.rate - terms.interest - conditions_interest
        self.leverage_limit = terms.leverage_limit * (1.0 - terms.risk_response * (1.0 - credibility))

    def remember(self, loss: float, loans: float) -> None:
        """Lenders update their loss rate with this month's loss on all loans, EUR."""
        monthly = 12.0 * loss / loans if loans > 0.0 else 0.0
        self.loss_rate += (monthly - self.loss_rate) / self.terms.loss_memory

    @property
    def loss_premium(self) -> float:
        """What recent losses add to interest, per year."""
        return float(self.terms.spread_by_loss * self.loss_rate)
