"""Governments: what they announce, pay and collect, and whether they are believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import mesa
import numpy as np
from numpy.typing import NDArray

from abm.conditions import Conditions
from abm.events import EventLog
from abm.rules import Activity, Levers, MarketView, Memory, Rules, Trade, axis_sizes

Array = NDArray[np.float64]


class Government(mesa.Agent):
    """A level of government with an account, instruments and credibility.

    Attributes
    ----------
    name, jurisdiction, account
        Identifier and position of its jurisdiction, and its account in the books.
    instruments
        Those of the mix that it uses.
    credibility
        Belief in what it announces, between 0 and 1.
    spent_this_year, received_this_year
        EUR through its instruments since January.
    """

    def __init__(self, model: Any, config: Any, jurisdiction: int, account: int, instruments: Sequence[Any]) -> None:
        super().__init__(model)
        table, terms = config.jurisdictions, config.public
        self.name: str = table.ids[jurisdiction]
        self.title: dict[str, str] = table.titles[jurisdiction]
        self.jurisdiction, self.account = jurisdiction, account
        self.instruments = list(instruments)
        self.credibility: float = terms.credibility
        self._gain, self._loss = terms.credibility_gain / 12.0, terms.credibility_loss
        self._budget, self._first_year = table.budget[jurisdiction], config.time.start
        self.spent_this_year = self.received_this_year = 0.0

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
    def held_in_trust(self) -> float:
        """Deposits taken and not yet paid back, EUR."""
        return sum((i.total_received - i.total_paid for i in self.instruments if i.in_trust), 0.0)

    def close_month(self, month: int) -> None:
        """Add up what was paid and received, and let kept or broken promises bear on credibility.

        Belief rises by a share of what it lacks for each month of kept promises and falls by a share
        of itself when an instrument is capped or withdrawn.
        """
        if month % 12 == 0:
            self.spent_this_year = self.received_this_year = 0.0
        paid, received, broken = 0.0, 0.0, False
        for instrument in self.instruments:
            paid += instrument.paid
            received += instrument.received
            broken |= instrument.broken
            instrument.broken = False
        self.spent_this_year += paid
        self.received_this_year += received
        if broken:
            self.credibility *= 1.0 - self._loss
        elif self.promises:
            self.credibility += self._gain * (1.0 - self.credibility)


class Governments:
    """All governments and the instruments of the mix.

    Instruments are numbered from the highest government down, so that of two equal mandates the
    higher one binds; those of zero intensity come last, so that they shift nobody's number.

    Attributes
    ----------
    instruments, labels
        The I instruments and their names, such as "price_floor@country".
    paid, received
        (I,) EUR this month through each instrument.
    belief
        (L,) credibility of the governments above each leaf.
    """

    def __init__(
        self, model: Any, config: Any, instruments: Sequence[Any], accounts: Any, events: EventLog | None = None
    ) -> None:
        self.sizes = axis_sizes(config)
        self.instruments = _in_order(instruments, config)
        self.labels = _labels(self.instruments)
        for index, instrument in enumerate(self.instruments):
            instrument.install(index, int(accounts[instrument.jurisdiction]), events)
        self.members: list[Government] = []
        for row in config.governments:
            own = [instrument for instrument in self.instruments if instrument.jurisdiction == row]
            self.members.append(Government(model, config, int(row), int(accounts[row]), own))
        above = [[g.jurisdiction in config.ancestors[leaf] for leaf in config.leaves] for g in self.members]
        self._above = np.array(above, dtype=np.float64).reshape(len(self.members), len(config.leaves))
        self._initial_belief = float(config.public.credibility)
        self.paid, self.received = np.zeros(len(self.instruments)), np.zeros(len(self.instruments))
        self._memory = Memory()
        self._weights: dict[tuple[bool, ...], tuple[Array, Array]] = {}
        self.outlook = Levers(self.sizes)
        self.belief = self._believed()

    def announce(self, conditions: Conditions, month: int) -> Rules:
        """The rules of a month: every instrument writes its levers.

        Governments follow the programme fixed in the mix; no condition makes them depart from it.
        The outlook is worked out anew in January and whenever an instrument's status changes.
        """
        rules = Rules(self.sizes, belief=self.belief, memory=self._memory)
        before = self._statuses()
        for instrument in self.instruments:
            instrument.announce(rules, month)
        if month % 12 == 0 or before != self._statuses():
            self.outlook = self._look_ahead(month)
        rules.outlook = self.outlook
        return rules

    def _statuses(self) -> list[str]:
        """Of the instruments that do something: one without effect must not renew the outlook of others."""
        return [instrument.status for instrument in self.instruments if instrument.intensity > 0.0]

    def trade(self, views: Mapping[int, MarketView], month: int) -> dict[int, Trade]:
        """What governments buy and sell, by instrument, for the markets as each of `traders` sees them."""
        return {index: self.instruments[index].trade(view, month) for index, view in views.items()}

    @property
    def traders(self) -> list[Any]:
        """Instruments that buy and sell material; `index`, `account`, `leaves` and `label` tell them apart."""
        return [instrument for instrument in self.instruments if instrument.trades]

    def book_trade(self, index: int, paid: float, received: float) -> None:
        """Tell an instrument what the market has paid and received for it this month, EUR."""
        self.instruments[index].book_trade(paid, received)

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay and collect through the books what the month's activity gives rise to."""
        for instrument in self.instruments:
            instrument.settle(activity, books, month)
        for index, instrument in enumerate(self.instruments):
            self.paid[index], self.received[index] = instrument.paid, instrument.received
        for government in self.members:
            government.close_month(month)
        self.belief = self._believed()

    def withdraw(self, index: int, month: int) -> None:
        """End an instrument before its announced end; to be called before the month's `announce`."""
        self.instruments[index].withdraw(month)
        self.outlook = self._look_ahead(month)

    @property
    def public_cost(self) -> Array:
        """Net cost of all instruments this month by government (K,), EUR; negative where they earn.

        Deposits are held in trust and count as neither.
        """
        net = [
            sum(i.paid - i.received for i in government.instruments if not i.in_trust) for government in self.members
        ]
        return np.array(net, dtype=np.float64)

    def _look_ahead(self, month: int) -> Levers:
        outlook = Levers(self.sizes)
        for index, instrument in enumerate(self.instruments):
            for lever, mean in instrument.outlook(month).items():
                outlook.write(lever, index, mean)
        return outlook

    def _believed(self) -> Array:
        """Mean credibility by leaf (L,) of the governments above it that promise something, or else of all."""
        if not self.members:
            return np.full(self._above.shape[1], self._initial_belief)
        promises = tuple([government.promises for government in self.members])
        if promises not in self._weights:
            self._weights[promises] = self._weigh(promises)
        weights, total = self._weights[promises]
        credibility = np.array([government.credibility for government in self.members])
        mean = np.where(total > 0.0, credibility @ weights / total, self._initial_belief)
        mean.flags.writeable = False
        return mean

    def _weigh(self, promises: tuple[bool, ...]) -> tuple[Array, Array]:
        """Weight of each government in the belief of each leaf (K, L), and their sum (L,), −1 where there is none."""
        promising = self._above * np.array(promises, dtype=np.float64)[:, None]
        weights = np.where(promising.any(axis=0), promising, self._above)
        total = weights.sum(axis=0)
        return weights, np.where(total > 0.0, total, -1.0)


def _in_order(instruments: Sequence[Any], config: Any) -> list[Any]:
    """From the highest government down; those without effect last."""

    def rank(place: int) -> tuple[Any, ...]:
        instrument = instruments[place]
        depth = len(config.ancestors[instrument.jurisdiction])
        idle = instrument.intensity == 0.0
        return idle, depth, instrument.jurisdiction, instrument.name, instrument.start, place

    return [instruments[place] for place in sorted(range(len(instruments)), key=rank)]


def _labels(instruments: Sequence[Any]) -> list[str]:
    """One label per instrument, numbered from the second of a kind on."""
    counts: dict[str, int] = {}
    for instrument in instruments:
        count = counts[instrument.label] = counts.get(instrument.label, 0) + 1
        if count > 1:
            instrument.label = f"{instrument.label}#{count}"
    return [instrument.label for instrument in instruments]
