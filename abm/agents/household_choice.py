"""How a household chooses: utilities, nested logit, and tastes calibrated on the shares at the start.

Pure functions of arrays. A *segment* is a product group in a leaf; deciders (D of them) stand sorted
by segment, alternatives (A) come first in every array so that each is contiguous. Utilities are float32.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Singles = NDArray[np.float32]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]

KEEP, REPAIR, USED, LINEAR, CIRCULAR, SERVICE = range(6)
ALTERNATIVES = 6
# What a decision can come to besides an alternative: try again next month, or do without from now on.
WAIT, GIVE_UP = 6, 7
OUTCOMES = 8

# Nobody has measured how often an owner who first considers a newer product keeps the old one. The taste for
# keeping is such that he is undecided at the prices of the start; `upgrade` and `wait_time` set the pace.
KEEP_AT_START = 0.5
# Shares below one in a thousand are calibrated as one in a thousand: zero would be a taste of minus infinity.
SMALLEST_SHARE = 1e-3
# No more than this part of those who can choose an offer may be asked to do so; of circular design and service,
# which not everybody knows, that is a part of the aware.
LARGEST_PART = 0.95

_NOT_OFFERED = np.float32(-1e9)
_LARGEST_STEP = 3.0
_TOLERANCE = 1e-5  # of the logarithm of a share; utilities are float32
_LARGEST_TASTE = 50.0


@dataclass
class Offers:
    """What a household can choose this month, by product, leaf and alternative (P, L, 6).

    Attributes
    ----------
    price
        EUR including tax: of the repair for REPAIR, present value of all fees for SERVICE, 0 for KEEP.
    available
        Whether it is on offer at all (a shop that happens to be empty still offers).
    life
        Expected life over the mean life of the product; of REPAIR that after the repair.
    circularity
        How circular the offer is, 0 to 1.
    """

    price: Reals
    available: Flags
    life: Reals
    circularity: Reals


@dataclass
class Deciders:
    """Traits and situation of those who decide, (D,) each, sorted by segment."""

    sensitivity: Singles
    attitude: Singles
    trust: Singles
    peers: Singles  # share of neighbours who own circular
    aware: Flags
    failed: Flags  # the item no longer works
    repairable: Flags
    leaving: Flags | None = None  # will do without once the item has failed


class Tables:
    """Offers of one month by alternative and segment (A, R), in the units of utility."""

    def __init__(self, offers: Offers, products: Rows, monthly_income: Reals, taste: Reals, behaviour: Any) -> None:
        self.behaviour, self._products, self._monthly_income = behaviour, products, monthly_income[:, None]
        self._available, self._life, self._circularity = offers.available, offers.life, offers.circularity
        self._last = not any(array.flags.writeable for array in (self._available, self._life, self._circularity))
        self.quote(offers)
        self.available = np.ascontiguousarray(self._arranged(offers.available))
        fixed = taste + behaviour.durability_weight * self._arranged(offers.life)
        self.fixed = fixed.astype(np.float32, order="C")
        circularity = behaviour.circularity_weight * self._arranged(offers.circularity)
        self.circularity = circularity.astype(np.float32, order="C")

    def _arranged(self, values: NDArray[Any]) -> NDArray[Any]:
        """Arrange values (P, L, A) by alternative and segment (A, R)."""
        return values.take(self._products, axis=0).reshape(-1, ALTERNATIVES).T

    def differ_in_price_only(self, offers: Offers) -> bool:
        """Return whether all else in these offers is what it was: the same arrays, which nobody can change."""
        return (
            self._last
            and offers.available is self._available
            and offers.life is self._life
            and offers.circularity is self._circularity
        )

    def quote(self, offers: Offers) -> None:
        """Enter the prices of the month."""
        price = self._arranged(offers.price / self._monthly_income)
        self.price = price.astype(np.float32, order="C")

    def utilities(self, counts: Rows, who: Deciders) -> Singles:
        """Return the utility (A, D) of each alternative to each decider; `counts` (R,) of them by segment.

        Price enters as log(1 + price / own monthly income): a part of monthly income for small sums, and for
        large ones, which are paid from savings or on credit, an own-price elasticity that does not exceed the weight.
        """
        utility = self.price.repeat(counts, axis=1)
        utility *= who.sensitivity
        utility += np.float32(1.0)
        np.log(utility, out=utility)
        utility *= np.float32(-self.behaviour.price_weight)
        utility += self.fixed.repeat(counts, axis=1)
        liking = self.circularity.repeat(counts, axis=1)
        liking *= who.attitude
        utility += liking
        utility[CIRCULAR:] += np.float32(self.behaviour.peer_weight) * who.peers
        utility[USED] += np.float32(self.behaviour.trust_weight) * who.trust
        return utility

    def price_of(self, alternative: int, counts: Rows, who: Deciders) -> Singles:
        """Return by how much the price of an alternative lowers its utility to each decider (D,)."""
        weight = np.float32(self.behaviour.price_weight)
        return weight * np.log1p(self.price[alternative].repeat(counts) * who.sensitivity)

    def open_to(self, counts: Rows, who: Deciders) -> Flags:
        """Return which alternatives (A, D) each decider has and knows."""
        available = self.available.repeat(counts, axis=1)
        available[KEEP] = ~who.failed
        available[REPAIR] &= who.failed & who.repairable
        available[CIRCULAR:] &= who.aware
        if who.leaving is not None:
            available[USED:] &= ~who.leaving
        return available


def nested_logit(utility: Singles, available: Flags, scale: float) -> Singles:
    """Return choice probabilities (A, D); all zero for a decider without any alternative.

    Nests: keep and repair (never open together), used, linear, and the two circular offers, whose dissimilarity
    is `scale`, so that a second circular variant does not by itself raise the share of circular
    (McFadden 1978, "Modelling the choice of residential location").
    """
    utility = np.where(available, utility, _NOT_OFFERED)
    nest_top = np.maximum(utility[CIRCULAR], utility[SERVICE])
    top = np.maximum.reduce(utility[:CIRCULAR])
    np.maximum(top, nest_top, out=top)
    within = utility[CIRCULAR:]
    within -= nest_top
    if scale != 1.0:
        within *= np.float32(1.0 / scale)
    utility[:CIRCULAR] -= top
    chance = np.exp(utility, out=utility)
    inclusive = chance[CIRCULAR] + chance[SERVICE]
    chance[CIRCULAR:] *= np.exp(nest_top - top) * inclusive ** np.float32(scale - 1.0)
    chance *= available
    total = _total(chance)
    np.maximum(total, np.float32(1e-30), out=total)
    chance /= total
    return chance


def draw(chance: Singles, uniform: Reals) -> NDArray[np.int8]:
    """Return the outcome (D,) of drawing an alternative by its probability (A, D); WAIT where there is none."""
    sums = chance[KEEP].copy()
    mark = uniform.astype(np.float32) * _total(chance)
    chosen: NDArray[np.int8] = (mark > sums).view(np.int8)
    for alternative in range(REPAIR, SERVICE):
        sums += chance[alternative]
        chosen += mark > sums
    chosen[mark == 0.0] = WAIT
    return chosen


def _total(chance: Singles) -> Singles:
    """Sum over alternatives in the order in which `draw` adds, so that rounding is the same."""
    total: Singles = chance[KEEP] + chance[REPAIR]
    for alternative in range(USED, ALTERNATIVES):
        total += chance[alternative]
    return total


def sum_by_segment(values: NDArray[Any], counts: Rows) -> Reals:
    """Sum the last axis (…, D) within segments of `counts` (R,) entries each; returns (…, R)."""
    starts = np.add.accumulate(counts) - counts
    if counts.all():
        return np.asarray(np.add.reduceat(values, starts, axis=-1, dtype=np.float64))
    sums = np.zeros((*values.shape[:-1], len(counts)))
    filled = counts.nonzero()[0]
    if len(filled):
        sums[..., filled] = np.add.reduceat(values, starts[filled], axis=-1, dtype=np.float64)
    return sums


# --- Tastes -------------------------------------------------------------------------------------


def calibrate(tables: Tables, counts: Rows, who: Deciders, targets: Reals) -> Reals:
    """Return the tastes (A, R) that make the choices of the deciders agree with the shares at the start.

    `targets` (4, R) are the shares of used, linear, circular and service in purchases. They are met by those who
    must buy (their item has failed beyond repair); the taste for keeping is such that KEEP_AT_START of those with
    a working item keep it. Unobserved tastes that reproduce observed shares follow Berry (1994), "Estimating
    discrete-choice models of product differentiation", solved by Newton's method. Linear has taste zero.
    """
    scale = tables.behaviour.nest_scale
    utility = tables.utilities(counts, who).astype(np.float64)
    known = np.broadcast_to(who.aware, (4, len(who.aware))).copy()
    known[: CIRCULAR - USED] = True
    wanted = _reachable(targets, sum_by_segment(who.aware, counts) / np.maximum(counts, 1))
    purchase = np.zeros((4, len(counts)))
    for _ in range(30):
        gap, slope = _misfit(utility[USED:] + np.repeat(purchase, counts, axis=1), known, scale, counts, wanted)
        step = np.clip(_newton(gap, slope), -_LARGEST_STEP, _LARGEST_STEP)
        purchase = np.clip(purchase + step, -_LARGEST_TASTE, _LARGEST_TASTE)
        if np.abs(gap).max(initial=0.0) < _TOLERANCE:
            break
    taste = np.zeros((ALTERNATIVES, len(counts)))
    taste[USED:] = purchase
    taste[REPAIR] = tables.behaviour.repair_preference
    inclusive = _inclusive_value(utility[USED:] + np.repeat(purchase, counts, axis=1), known, scale)
    taste[KEEP] = _taste_for_keeping(inclusive - utility[KEEP], counts)
    return taste


def _reachable(targets: Reals, aware: Reals) -> Reals:
    """Shares (4, R) that can be met when only the aware (R,) know circular offers; zero of those where nobody does."""
    wanted = np.maximum(targets, SMALLEST_SHARE)
    circular = wanted[CIRCULAR - USED :]
    circular *= np.minimum(1.0, LARGEST_PART * aware / circular.sum(axis=0))
    wanted[0] = np.minimum(wanted[0], LARGEST_PART * (1.0 - circular.sum(axis=0)))
    wanted[LINEAR - USED] = 0.0
    wanted[LINEAR - USED] = 1.0 - wanted.sum(axis=0)
    return wanted


def _misfit(utility: Reals, known: Flags, scale: float, counts: Rows, wanted: Reals) -> tuple[Reals, Reals]:
    """Return log wanted over actual shares (R, 3) of used, circular and service, and its slope (R, 3, 3) in taste."""
    chance, within = _purchase_chances(utility, known, scale)
    size = np.maximum(counts, 1)
    share = sum_by_segment(chance, counts)[[0, 2, 3]] / size
    met = (share > 0.0) & (wanted[[0, 2, 3]] > 0.0)
    safe = np.where(met, share, 1.0)
    gap = np.where(met, np.log(np.where(met, wanted[[0, 2, 3]], 1.0) / safe), 0.0)
    slope = np.zeros((len(counts), 3, 3))
    picked = chance[[0, 2, 3]]
    for one in range(3):
        for other in range(3):
            change = -picked[one] * picked[other]
            if one and other:
                change += picked[one] * (1.0 - 1.0 / scale) * within[other - 1]
            if one == other:
                change += picked[one] * (1.0 / scale if one else 1.0)
            slope[:, one, other] = sum_by_segment(change, counts) / size / safe[one]
    slope += np.eye(3) * np.where(met, 1e-9, 1.0).T[:, :, None]
    return gap.T, slope


def _newton(gap: Reals, slope: Reals) -> Reals:
    """Return the change of tastes (4, R) that would close the gap."""
    step = np.zeros((4, len(gap)))
    step[[0, 2, 3]] = np.linalg.solve(slope, gap[:, :, None])[:, :, 0].T
    return step


def _purchase_chances(utility: Reals, known: Flags, scale: float) -> tuple[Reals, Reals]:
    """Return probabilities (4, D) of used, linear, circular, service, and those within the circular nest (2, D)."""
    full = np.concatenate([np.zeros((2, utility.shape[1])), utility]).astype(np.float32)
    available = np.concatenate([np.zeros((2, utility.shape[1]), dtype=bool), known])
    chance = nested_logit(full, available, scale)[USED:].astype(np.float64)
    nest = chance[2] + chance[3]
    return chance, chance[2:] / np.where(nest > 0.0, nest, 1.0)


def _inclusive_value(utility: Reals, known: Flags, scale: float) -> Reals:
    """Return the log of the sum over offers (D,): the expected utility of buying."""
    masked = np.where(known, utility, -np.inf)
    nest = scale * np.logaddexp(masked[2] / scale, masked[3] / scale)
    return np.asarray(np.logaddexp.reduce([masked[0], masked[1], nest]))


def _taste_for_keeping(advantage: Reals, counts: Rows) -> Reals:
    """Return the taste (R,) with which KEEP_AT_START keep, given the advantage of buying over keeping (D,)."""
    size = np.maximum(counts, 1)
    low = np.full(len(counts), float(advantage.min(initial=0.0)) - _LARGEST_TASTE)
    high = np.full(len(counts), float(advantage.max(initial=0.0)) + _LARGEST_TASTE)
    for _ in range(40):
        middle = 0.5 * (low + high)
        keeps = 0.5 - 0.5 * np.tanh(0.5 * (advantage - np.repeat(middle, counts)))
        too_many = sum_by_segment(keeps, counts) / size > KEEP_AT_START
        low, high = np.where(too_many, low, middle), np.where(too_many, middle, high)
    taste: Reals = 0.5 * (low + high)
    return taste
