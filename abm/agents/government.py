"""A government: it keeps or breaks what it announced, reacts to what it sees, and is believed or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import mesa
import numpy as np

TO_ALL = 2  # a promise broken also to those who have what was promised; 1 to newcomers only, 0 kept
Observed = Mapping[str, Sequence[float]]


class Fund:
    """A fund for several years that takes the place of a share of the yearly budgets of a government's instruments.

    Attributes
    ----------
    share
        Share of each budget that has gone into it.
    left
        EUR that may still be spent; what is not spent stays for the years to come.
    """

    def __init__(self) -> None:
        self.share = self.left = 0.0

    def draw(self, amount: float) -> None:
        """Spend EUR out of it."""
        self.left = max(self.left - amount, 0.0)

    def fill(self, share: float, budgets: float) -> None:
        """Take a share of this year's budgets, EUR; a fund that is wound up keeps nothing."""
        self.share = share
        self.left = self.left + share * budgets if share > 0.0 else 0.0


class Government(mesa.Agent):
    """A level of government with an account, instruments and credibility.

    Attributes
    ----------
    name, jurisdiction, account
        Identifier and position of its jurisdiction, and its account in the books.
    instruments
        Those of the mix that it uses.
    credibility
        Belief in what it announces, between 0 and 1, as learnt from promises kept and broken.
    commitment
        Share of its programme that it has fixed by law, 0 to 1.
    support
        Public support for its programme, 0 to 1.
    spent_this_year, received_this_year
        EUR through its instruments since January.
    """

    def __init__(self, model: Any, config: Any, jurisdiction: int, account: int, instruments: Sequence[Any]) -> None:
        super().__init__(model)
        table = config.jurisdictions
        self.terms = config.public
        self.name: str = table.ids[jurisdiction]
        self.title: dict[str, str] = table.titles[jurisdiction]
        self.jurisdiction, self.account = jurisdiction, account
        self.instruments = list(instruments)
        self.credibility: float = self.terms.credibility
        self.commitment = 0.0
        self.support = self.usual_support = float(config.opinion.support)
        self._budget, self._first_year = table.budget[jurisdiction], config.time.start
        self.spent_this_year = self.received_this_year = 0.0
        self.fund = Fund()
        self._limited = [i for i in self.instruments if i.intensity > 0.0 and np.isfinite(i.cap)]
        self._uncertain = [i for i in self.instruments if i.withdrawn is not None or i.reversal or i.reactions]
        self._discretionary = [i for i in self.instruments if i.announced >= 0]
        self._reversed = 0.0

    def budget(self, month: int) -> float:
        """Budget for the circular economy in the year of a month, EUR; the last year given holds on."""
        if len(self._budget) == 0:
            return 0.0
        years, amounts = np.asarray(self._budget).T
        return float(np.interp(self._first_year + month // 12, years, amounts))

    @property
    def promises(self) -> bool:
        """Whether any of its instruments is announced or in force and does something."""
        return any(instrument.promises for instrument in self.instruments)

    @property
    def belief(self) -> float:
        """Belief in what it announces: what was learnt, and as much again as law adds where it binds itself."""
        bound = self.commitment * self.terms.commitment_effect
        return self.credibility + bound * (1.0 - self.credibility)

    @property
    def held_in_trust(self) -> float:
        """Deposits taken and not yet paid back, EUR."""
        return sum((i.total_received - i.total_paid for i in self.instruments if i.in_trust), 0.0)

    # ------------------------------------------------------------------ keeping and breaking promises
    def deliberate(self, month: int, observed: Observed, reversal: float, chance: float | None) -> None:
        """Decide what becomes of its instruments this month.

        Parameters
        ----------
        observed
            Indicators of the months so far by column, as far as its programme names them.
        reversal
            Share of its support that a reversal of policy takes away.
        chance
            A uniform draw in a month with a budget round, else None; the same for all its instruments, so that
            a turn of politics strikes them together.
        """
        for instrument in self._uncertain:
            if month <= instrument.end and instrument.intensity > 0.0:
                self._react(instrument, month, observed)
                self._follow_script(instrument, month)
                if chance is not None:
                    self._review(instrument, month, chance)
        if reversal != self._reversed:
            self._turn(reversal)

    def _react(self, instrument: Any, month: int, observed: Observed) -> None:
        """Apply the rules of the programme, each at its own pace."""
        since = month - instrument.start
        for rule in instrument.reactions:
            if since <= 0 or since % rule.every or month < instrument.resumes or month > instrument.end:
                continue
            if not _bites(rule, observed.get(rule.indicator, ())):
                continue
            if rule.action == "raise":
                instrument.move_to(month, max(min(instrument.dose + rule.step, rule.most), instrument.dose))
            elif rule.action == "lower":
                instrument.move_to(month, min(max(instrument.dose - rule.step, rule.least), instrument.dose))
            elif rule.action == "pause":
                instrument.suspend(month, instrument.pause, "reaction", promised=True)
            else:
                instrument.stop(month)

    def _follow_script(self, instrument: Any, month: int) -> None:
        if instrument.withdrawn == month <= instrument.end:
            instrument.withdraw(month, instrument.retroactive)

    def _review(self, instrument: Any, month: int, chance: float) -> None:
        """A budget round may suspend what is not fixed by law, the likelier the less support there is for it."""
        if not instrument.start <= month <= instrument.end or month < instrument.resumes:
            return
        loss = max(1.0 + self.terms.support_response * (self.usual_support - self.support), 0.0)
        if chance < instrument.reversal * loss * (1.0 - self.commitment):
            instrument.suspend(month, instrument.pause, "reversal", promised=False)

    def _turn(self, reversal: float) -> None:
        """A reversal of policy cuts what was promised since the start, as far as it is not fixed by law."""
        worse = reversal > self._reversed
        self._reversed = reversal
        for instrument in self._discretionary:
            instrument.reversed = reversal * (1.0 - self.commitment)
            if worse and instrument.promises:
                instrument.break_promise()

    # ------------------------------------------------------------------ budget and belief
    def open_month(self, month: int, commitment: float, pooling: float) -> None:
        """Take in what binds it this month, and in January fill the fund."""
        self.commitment = commitment
        if month % 12 == 0 and (pooling or self.fund.share):
            self.fund.fill(pooling, sum(i.cap for i in self._limited if i.start <= month <= i.end))
            for instrument in self._limited:
                instrument.fund = self.fund

    def close_month(self, month: int) -> None:
        """Add up what was paid and received, and let kept or broken promises bear on credibility.

        Belief rises by a share of what it lacks for each month of kept promises and falls by a share of itself
        when an instrument is withdrawn or suspended, by more where it was fixed by law.
        """
        if month % 12 == 0:
            self.spent_this_year = self.received_this_year = 0.0
        paid, received, broken = 0.0, 0.0, 0
        for instrument in self.instruments:
            paid += instrument.paid
            received += instrument.received
            broken = max(broken, instrument.broken)
            instrument.broken = 0
        self.spent_this_year += paid
        self.received_this_year += received
        if broken:
            loss = self.terms.credibility_loss * (1.0 if broken == TO_ALL else self.terms.prospective_loss)
            self.credibility *= 1.0 - min(loss * (1.0 + self.commitment), 1.0)
        elif self.promises:
            self.credibility += self.terms.credibility_gain / 12.0 * (1.0 - self.credibility)


def _bites(rule: Any, values: Sequence[float]) -> bool:
    """Whether the mean of an indicator over the rule's last months passes its level; never where it is undefined."""
    known = [value for value in values[-rule.over :] if not np.isnan(value)]
    if not known:
        return False
    mean = sum(known) / len(known)
    return bool(mean > rule.above if rule.above is not None else mean < rule.below)
