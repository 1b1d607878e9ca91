"""All governments together: what they announce, pay and collect, and how far investors believe them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.government import Government
from abm.conditions import Conditions
from abm.events import EventLog
from abm.rules import LEAST_STRIKE, OUTLOOK, Activity, Levers, MarketView, Memory, Rules, Trade, axis_sizes

Array = NDArray[np.float64]
FORESEEN = ("announced", "in force", "capped")  # statuses of instruments on which investors count


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
        self._effective = [instrument for instrument in self.instruments if instrument.intensity > 0.0]
        self.members: list[Government] = []
        for row in config.governments:
            own = [instrument for instrument in self.instruments if instrument.jurisdiction == row]
            self.members.append(Government(model, config, int(row), int(accounts[row]), own))
        above = [[g.jurisdiction in config.ancestors[leaf] for leaf in config.leaves] for g in self.members]
        self._above = np.array(above, dtype=np.float64).reshape(len(self.members), len(config.leaves))
        self._seats = np.array([government.jurisdiction for government in self.members], dtype=np.int64)
        self._model, self._streams = model, getattr(model, "streams", None)
        self.observed: dict[str, list[float]] = {}  # indicators by month that programmes name, by column
        self._bound = self._turned = False
        self._written_before: Rules | None = None
        self._deliberates = any(i.withdrawn is not None or i.reversal or i.reactions for i in self.instruments)
        self._initial_belief = float(config.public.credibility)
        self.paid, self.received = np.zeros(len(self.instruments)), np.zeros(len(self.instruments))
        self._memory = Memory()
        self._weights: dict[tuple[bool, ...], tuple[Array, Array]] = {}
        self.outlook = Levers(self.sizes)
        self._floors: list[tuple[float, Array]] = []  # that are announced, with their share of the coming years
        self.belief = self._believed()

    def announce(self, conditions: Conditions, month: int) -> Rules:
        """The rules of a month: every instrument writes its levers.

        Governments follow the programme fixed in the mix and its rules, unless a budget round or a reversal of
        policy makes them depart from it. The outlook is worked out anew in January and whenever an instrument's
        status or strength changes.
        """
        rules = Rules(self.sizes, belief=self.belief, memory=self._memory)
        before = self._statuses()
        self._bind(month)
        if self._deliberates or conditions.struck("reversal") or self._turned:
            self._deliberate(conditions, month)
        for instrument in self.instruments:
            instrument.announce(rules, month)
        if month % 12 == 0 or before != self._statuses():
            self.outlook = self._look_ahead(month)
        rules.outlook = self.outlook
        self._written_before = rules
        return rules

    def _bind(self, month: int) -> None:
        """Let what was fixed by law last month, and what was put into funds, hold for this one."""
        before = self._written_before
        if before is None or not (before.in_force("commitment") or before.in_force("pooling") or self._bound):
            return
        self._bound = before.in_force("commitment") or before.in_force("pooling")
        for government in self.members:
            seat = government.jurisdiction
            government.open_month(month, float(before.commitment[seat]), float(before.pooling[seat]))

    def _deliberate(self, conditions: Conditions, month: int) -> None:
        """Every government decides what becomes of its instruments; budget rounds are in January."""
        self._turned = conditions.struck("reversal")
        draws = None
        if month % 12 == 0 and self._streams is not None:
            draws = self._streams.uniform("reversal of policy", self._seats, month)
        support = getattr(self._model, "public_support", None)
        for number, government in enumerate(self.members):
            if support is not None:
                government.support = float(support[number])
            reversal = float(conditions.reversal[government.jurisdiction])
            government.deliberate(month, self.observed, reversal, None if draws is None else float(draws[number]))

    def _statuses(self) -> list[tuple[str, float, float]]:
        """Of the instruments that do something: one without effect must not renew the outlook of others."""
        return [(i.status, i.dose, i.reversed) for i in self._effective]

    def trade(self, views: Mapping[int, MarketView], month: int) -> dict[int, Trade]:
        """What governments buy and sell, by instrument, for the markets as each of `traders` sees them."""
        return {index: self.instruments[index].trade(view, month) for index, view in views.items()}

    @property
    def watched(self) -> list[str]:
        """Columns of indicators that the programmes name."""
        return sorted({rule.indicator for instrument in self.instruments for rule in instrument.reactions})

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
        self.paid[:] = [instrument.paid for instrument in self.instruments]
        self.received[:] = [instrument.received for instrument in self.instruments]
        for government in self.members:
            government.close_month(month)
        self.belief = self._believed()

    def withdraw(self, index: int, month: int) -> None:
        """End an instrument before its announced end, for all; to be called before the month's `announce`."""
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

    def guaranteed(self, price: Array, opens: NDArray[np.int64]) -> Array | None:
        """What floors and contracts are announced to add to a price (M,) over the coming years (n, L, M), EUR/kg.

        It is the mean for plants that open in months `opens` (n, L); None where nothing is announced. A floor pays
        only in the months in which it is in force. A contract that is on offer, and worth signing, when a plant opens
        is held for its whole term, takes the floor's place and pays back when its strike is lower than the price.
        """
        contracts = self.outlook.in_force("contract_strike")
        if not (self._floors or contracts):
            return None
        added = np.zeros((*opens.shape, len(price)))
        for share, floor in self._floors:
            added += share * np.maximum(floor - price, 0.0)
        if contracts:
            strike, term = self._contracts_on_offer(opens)
            covered = np.minimum(term, OUTLOOK) / OUTLOOK * (strike > LEAST_STRIKE * price)
            added += covered * (strike - price - added)
        return added

    def _contracts_on_offer(self, months: NDArray[np.int64]) -> tuple[Array, Array]:
        """Strike in EUR/kg and term in months (n, L, M) of the contracts announced to be on offer in months (n, L)."""
        strike, term = np.zeros((2, *months.shape, self.sizes["material"]))
        for instrument in self.instruments:
            if "contract_strike" in instrument.levers and instrument.status in FORESEEN:
                strengths = instrument.strengths(months)[..., None]
                np.maximum(strike, strengths * instrument.levers["contract_strike"], out=strike)
                np.maximum(term, (strengths > 0.0) * instrument.levers["contract_term"], out=term)
        return strike, term

    def next_year(self, lever: str, month: int) -> NDArray[np.float64] | None:
        """A lever as announced for a year from now; None where nothing is announced to change.

        Those who must build to get it weigh this against what it is today.
        """
        if not any(lever in i.levers and i.changes(month, month + 12) for i in self.instruments if i.intensity > 0.0):
            return None
        ahead = Levers(self.sizes)
        for index, instrument in enumerate(self.instruments):
            if lever in instrument.levers and instrument.status in FORESEEN:
                ahead.write(lever, index, instrument.levers[lever] * instrument.strength(month + 12))
        return ahead[lever]

    def _look_ahead(self, month: int) -> Levers:
        outlook, givers = Levers(self.sizes), []
        for index, instrument in enumerate(self.instruments):
            ahead = instrument.outlook(month)
            for lever, mean in ahead.items():
                outlook.write(lever, index, mean)
            if "price_floor" in ahead and instrument.intensity > 0.0:
                givers.append(instrument)
        self._floors = _floors_ahead(givers, month) if givers else []
        return outlook

    def _believed(self) -> Array:
        """Mean credibility by leaf (L,) of the governments above it that promise something, or else of all."""
        if not self.members:
            return np.full(self._above.shape[1], self._initial_belief)
        promises = tuple([government.promises for government in self.members])
        if promises not in self._weights:
            self._weights[promises] = self._weigh(promises)
        weights, total = self._weights[promises]
        credibility = np.array([government.belief for government in self.members])
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


def _floors_ahead(givers: list[Any], month: int) -> list[tuple[float, Array]]:
    """Heights (L, M) in EUR/kg that announced floors have together, and the share of the coming years of each."""
    months = np.arange(month, month + OUTLOOK)
    strengths, counts = np.unique([i.strengths(months) for i in givers], axis=1, return_counts=True)
    parts = [i.levers["price_floor"] for i in givers]
    return [
        (count / OUTLOOK, np.maximum.reduce([s * part for s, part in zip(column, parts, strict=True)]))
        for column, count in zip(strengths.T, counts.tolist(), strict=True)
        if column.any()
    ]
