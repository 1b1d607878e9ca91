"""What households want, buy and discard in a month: the records that go from phase to phase."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from abm.agents.household_choice import ALTERNATIVES, LINEAR, REPAIR, USED, WAIT, Offers

Reals = NDArray[np.float64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int8]
Months = NDArray[np.int16]

QUINTILES = 5
# What becomes of an item that is no longer used.
DRAWER, RETURNED, SOLD_ON, BINNED = range(4)
FATES = 4
LEFT_DRAWER = 4
LEGAL_GUARANTEE = 24  # months of the seller's liability that adopted law gives: Directive (EU) 2019/771, Article 10
FLOWS = 5


@dataclass
class Items:
    """Some items with their owners, (n,) each."""

    household: Rows
    segment: Rows
    kind: Codes  # the alternative by which it was acquired
    bought: Months  # month index, negative before the start

    def where(self, picked: Rows) -> "Items":
        """Return the items at these positions."""
        return Items(self.household[picked], self.segment[picked], self.kind[picked], self.bought[picked])


@dataclass
class Protection:
    """What law does for owners, by segment (R,) and by month of sale of goods as new (T, R); None where nothing."""

    first_use: Rows  # (R,) months after which goods are sold on
    access: Reals | None  # (R,) share of failures beyond repair that can be repaired all the same
    vintage: Reals | None  # (T, R) the same of goods sold in a month
    liability: Reals | None  # (T, R) months beyond the legal guarantee for which producers pay for repairs
    assurance: Reals | None  # (R,) share closed of the gap to full trust in used goods

    def opened(self, segment: Rows, sold: Rows) -> Reals:
        """Return the share of failures beyond repair that can be repaired (n,), of goods sold in a month (n,)."""
        shut = np.ones(len(segment))
        if self.access is not None:
            shut -= self.access[segment]
        if self.vintage is not None:
            shut *= 1.0 - np.where(sold >= 0, self.vintage[np.maximum(sold, 0), segment], 0.0)
        return 1.0 - shut

    def covered(self, segment: Rows, sold: Rows, month: int) -> Flags:
        """Return whether producers answer for goods (n,) sold in a month (n,), beyond the legal guarantee."""
        if self.liability is None:
            return np.zeros(len(segment), dtype=bool)
        months = np.where(sold >= 0, self.liability[np.maximum(sold, 0), segment], 0.0)
        age = month - sold
        covered: Flags = (age > LEGAL_GUARANTEE) & (age <= LEGAL_GUARANTEE + months)
        return covered


@dataclass
class Choices:
    """What the deciders of a month want; `expected` (P, L, 6) is what they want on average, in real products."""

    month: int
    offers: Offers
    expected: Reals
    counts: Rows  # (R,) deciders by segment
    flat: Rows  # (D,) place in the item columns
    segment: Rows  # (D,)
    household: Rows  # (D,)
    key: Rows  # (D,) identity in random draws
    kind: Codes  # (D,) of the present item, 0 for none
    failed: Flags  # (D,)
    chance: NDArray[np.float32]  # (6, D)
    chosen: Codes  # (D,) alternative, or WAIT or GIVE_UP
    covered: Flags | None = None  # (D,) whether a repair is paid for under longer warranty


@dataclass
class Purchases:
    """What was bought, repaired and put off in a month, in real products."""

    month: int
    offers: Offers
    outcomes: Reals  # (P, L, 8, 5) by outcome (the six alternatives, WAIT, GIVE_UP) and income quintile
    replaced: Items
    covered: Reals | None = None  # (P, L) repairs that producers pay for under longer warranty

    @cached_property
    def by_outcome(self) -> Reals:
        """Products by outcome (P, L, 8)."""
        return np.asarray(np.add.reduce(self.outcomes, axis=3))

    @property
    def units(self) -> Reals:
        """Products by alternative (P, L, 6)."""
        return self.by_outcome[:, :, :ALTERNATIVES]

    @property
    def units_new(self) -> Reals:
        """New products bought (P, L, 3): linear, circular, as a service."""
        return self.units[:, :, LINEAR:]

    @property
    def units_used(self) -> Reals:
        """Used or refurbished products bought (P, L)."""
        return self.units[:, :, USED]

    @property
    def repairs(self) -> Reals:
        """Products repaired (P, L)."""
        return self.units[:, :, REPAIR]

    @property
    def unserved(self) -> Reals:
        """Products wanted that were not to be had (P, L); their buyers come back next month."""
        return self.by_outcome[:, :, WAIT]

    @property
    def spending(self) -> Reals:
        """EUR including tax by alternative (P, L, 6)."""
        return np.asarray(self.units * self.offers.price)

    @property
    def spending_by_leaf(self) -> Reals:
        """EUR including tax (L,)."""
        return np.asarray(self.spending.sum(axis=(0, 2)))

    @property
    def spending_by_quintile(self) -> Reals:
        """EUR including tax by income quintile of the leaf (5,)."""
        return np.asarray(np.einsum("plaq,pla->q", self.outcomes[:, :, :ALTERNATIVES], self.offers.price))


@dataclass
class Discarded:
    """Where items went in a month: real products (P, L) and what they contain (P, L, W).

    Out of use go `returned`, `sold_on`, `binned` and `hoarded`, less what `left_drawer`: those that leave a drawer
    are counted there and again as returned or binned. The arrays (n,) describe the items handed in one by one.
    """

    units: Reals  # (5, P, L)
    content: Reals  # (5, P, L, W)
    returned_product: Rows
    returned_leaf: Rows
    returned_bought: Months
    returned_kind: Codes
    returned_weight: Reals

    hoarded = property(lambda self: self.units[DRAWER])
    returned = property(lambda self: self.units[RETURNED])
    sold_on = property(lambda self: self.units[SOLD_ON])
    binned = property(lambda self: self.units[BINNED])
    left_drawer = property(lambda self: self.units[LEFT_DRAWER])
    hoarded_content = property(lambda self: self.content[DRAWER])
    returned_content = property(lambda self: self.content[RETURNED])
    sold_on_content = property(lambda self: self.content[SOLD_ON])
    binned_content = property(lambda self: self.content[BINNED])
    left_drawer_content = property(lambda self: self.content[LEFT_DRAWER])
