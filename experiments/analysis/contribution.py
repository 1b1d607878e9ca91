"""Contribution of each player to the value of a coalition: Shapley values and interactions, with intervals over seeds.

A player is what a mix has beyond a base; a coalition is a set of players, written as a whole number whose bit i is set
if player i is in it, and its value on a seed is an outcome of the run with these players. The Shapley value (Shapley
1953, in Contributions to the Theory of Games II: 307-317) is a player's mean addition to those who came before it, over
all orders in which players can come; it shares out the whole effect. Exact values need all 2^n coalitions. Beyond some
eight players they are estimated from sampled orders (Castro, Gómez and Tejada 2009, Computers & Operations Research 36:
1726-1730), each together with its reverse (Lomeli, Rowland, Gretton and Ghahramani 2019, AISTATS). The Shapley
interaction index (Grabisch and Roubens 1999, International Journal of Game Theory 28: 547-565) is the mean amount by
which two players together add more than the sum of each, over those who may already be there.

Everything here is a function of values: nothing is run, read or drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.parameters import ConfigError
from experiments.compare import LEVEL, interval, verdict
from experiments.findings.judging import p_value

Array = NDArray[np.float64]
Orders = NDArray[np.int64]

MOST_EXACT = 8
"""Players up to which all coalitions are run."""
FALSE_DISCOVERIES = 0.05
"""Share of named interactions that may be false (Benjamini and Hochberg 1995, JRSS B 57: 289-300)."""
ROUNDING = 1e-11
"""What is smaller than this share of the values it was taken from is rounding, and counts as zero."""
NEAR_ZERO = 0.1
"""No shares of a total effect that is not told from zero, or below this share of what players move either way."""
SYNERGY, CONFLICT, MORE, LESS = "synergy", "conflict", "more than the sum", "less than the sum"


# --- Games ----------------------------------------------------------------------------------------


def shapley_values(values: Array) -> Array:
    """Shapley values (n, …) of a game with the values (2^n, …) of its coalitions."""
    count = _players(values)
    weights = [factorial(size) * factorial(count - 1 - size) / factorial(count) for size in range(count)]
    found = np.empty((count, *values.shape[1:]))
    for player in range(count):
        others = _without(count, 1 << player)
        found[player] = np.tensordot(_by_size(weights, others), values[others | 1 << player] - values[others], 1)
    return _without_rounding(found, values)


def interaction_indices(values: Array) -> Array:
    """Shapley interaction index of each pair, in the order of `pairs` (n (n − 1) / 2, …)."""
    count = _players(values)
    weights = [factorial(size) * factorial(count - 2 - size) / factorial(count - 1) for size in range(count - 1)]
    found = np.empty((len(pairs(count)), *values.shape[1:]))
    for number, (one, other) in enumerate(pairs(count)):
        others = _without(count, 1 << one | 1 << other)
        found[number] = np.tensordot(_by_size(weights, others), surplus(values, one, other, others), 1)
    return _without_rounding(found, values)


def surplus(values: Array, one: int, other: int, there: Any) -> Array:
    """What two players together add to coalitions beyond the sum of what each adds to them."""
    both, first, second = there | 1 << one | 1 << other, there | 1 << one, there | 1 << other
    return np.asarray((values[both] - values[first]) - (values[second] - values[there]))


def pairs(count: int) -> list[tuple[int, int]]:
    """All pairs of so many players."""
    return list(combinations(range(count), 2))


def _players(values: Array) -> int:
    count = len(values).bit_length() - 1
    if len(values) != 1 << count:
        raise ValueError(f"{len(values)} values are not those of all coalitions of some players")
    return count


def _without(count: int, players: int) -> Orders:
    """All coalitions of so many players in which these are not."""
    coalitions = np.arange(1 << count)
    return coalitions[coalitions & players == 0]


def _by_size(weights: Sequence[float], coalitions: Orders) -> Array:
    return np.array([weights[int(coalition).bit_count()] for coalition in coalitions])


def _without_rounding(found: Array, values: Array) -> Array:
    scale = np.max(np.abs(values), axis=0) if len(values) else 0.0
    return np.where(np.abs(found) <= ROUNDING * scale, 0.0, found)


# --- Orders ---------------------------------------------------------------------------------------


def sampled_orders(count: int, number: int, *key: int) -> Orders:
    """Random orders of players (number, n), each followed by its reverse; the first are the same for any number."""
    random = np.random.default_rng(key)
    found: list[NDArray[np.int64]] = []
    while len(found) < number:
        order = random.permutation(count)
        found += [order, order[::-1]]
    return np.array(found[:number], dtype=np.int64).reshape(number, count)


def prefixes(order: Iterable[int]) -> list[int]:
    """The n + 1 coalitions that come about when players join in this order, from the empty one on."""
    coalition, found = 0, [0]
    for player in order:
        coalition |= 1 << int(player)
        found.append(coalition)
    return found


def additions(values: Mapping[int, float], order: Sequence[int] | Orders) -> Array:
    """What each player (n,) adds when they join in this order, from the values of the coalitions on the way."""
    found = np.empty(len(order))
    steps = prefixes(order)
    for player, before, after in zip(order, steps, steps[1:], strict=False):
        found[player] = values[after] - values[before]
    return found


@dataclass(frozen=True)
class Plan:
    """Which coalitions are valued on which seed.

    Attributes
    ----------
    players
        Their names; bit i of a coalition is the i-th.
    seeds
        Of runs. All coalitions of a seed share its random numbers.
    orders
        Sampled orders on each seed, or 0 for all coalitions. Every seed draws its own, so that the spread over seeds
        holds that of sampling too; the same seed always draws the same ones, so that more of them add to those made.
    """

    players: tuple[str, ...]
    seeds: tuple[int, ...]
    orders: int = 0

    @property
    def full(self) -> int:
        """The coalition of all players."""
        return (1 << len(self.players)) - 1

    def orders_on(self, seed: int) -> Orders:
        """Sampled orders of a seed (orders, n)."""
        return sampled_orders(len(self.players), self.orders, seed)

    def coalitions(self, seed: int) -> list[int]:
        """The coalitions that are valued on a seed, the empty and the full one first."""
        if not self.orders:
            return [0, self.full, *range(1, self.full)][: self.full + 1]
        met = (coalition for order in self.orders_on(seed) for coalition in prefixes(order))
        return list(dict.fromkeys([0, self.full, *met]))

    def __len__(self) -> int:
        return sum(len(self.coalitions(seed)) for seed in self.seeds)


# --- Estimates ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Estimates:
    """What is known of one outcome, seed by seed.

    Attributes
    ----------
    players
        Names (n,).
    seeds
        Those that count (S,), with `base` and `mix`, the values (S,) without and with all players.
    contributions
        Shapley values (n, S), exact or estimated.
    sampling
        Variance (n, S) of each of these that comes from sampling orders; 0 if exact, NaN if unknown.
    games
        Values of all coalitions (2^n, S), None if orders were sampled.
    left_out
        Why a seed does not count.
    """

    players: tuple[str, ...]
    seeds: tuple[int, ...]
    base: Array
    mix: Array
    contributions: Array
    sampling: Array
    games: Array | None
    left_out: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Contributions share out the total effect, whatever happens. Raises ArithmeticError."""
        scale = np.abs(self.base) + np.abs(self.mix) + np.abs(self.contributions).sum(axis=0)
        if (np.abs(self.contributions.sum(axis=0) - self.total) > 1e-9 * scale).any():
            raise ArithmeticError("contributions do not sum to the total effect")

    @property
    def total(self) -> Array:
        """Effect (S,) of all players together."""
        return np.asarray(self.mix - self.base)

    @cached_property
    def interactions(self) -> Array | None:
        """Shapley interaction index (pairs, S), None if orders were sampled."""
        return None if self.games is None else interaction_indices(self.games)

    @property
    def sampling_share(self) -> float:
        """Share of the spread over seeds that comes from sampling orders: what more orders would take away."""
        if len(self.seeds) < 2:
            return float("nan")
        spread = float(np.var(self.contributions, axis=1, ddof=1).sum())
        return min(float(self.sampling.mean(axis=1).sum()) / spread, 1.0) if spread else 0.0

    def table(self, direction: int = 0) -> pd.DataFrame:
        """One row per player, the largest first.

        Columns: player, contribution, low, high (t-interval at 95 % over seeds), p, q (p corrected for the false
        discovery rate over the players), share of the total effect (NaN where that is near zero), alone (its effect on
        the base), removed (what the mix loses without it; both NaN if orders were sampled), verdict.
        """
        whole = self._whole()
        rows = [self._row(number, whole, direction) for number in range(len(self.players))]
        table = pd.DataFrame(rows, columns=[*_COLUMNS])
        table["q"] = corrected(table["p"])
        return table.sort_values("contribution", key=lambda column: -column.abs(), kind="stable", ignore_index=True)

    def _whole(self) -> float:
        """The mean total effect; NaN where shares of it would mislead."""
        mean, low, high = interval_of(self.total)
        moved = float(np.abs(self.contributions.mean(axis=1)).sum()) if self.seeds else 0.0
        return mean if (low > 0.0 or high < 0.0) and abs(mean) >= NEAR_ZERO * moved else float("nan")

    def _row(self, player: int, total: float, direction: int) -> dict[str, Any]:
        found = self.contributions[player]
        mean, low, high = interval_of(found)
        alone = removed = float("nan")
        if self.games is not None and len(self.seeds):
            full = len(self.games) - 1
            alone = float(np.mean(self.games[1 << player] - self.games[0]))
            removed = float(np.mean(self.games[full] - self.games[full ^ 1 << player]))
        return {
            "player": self.players[player], "contribution": mean, "low": low, "high": high, "p": p_value(found),
            "share": mean / total, "alone": alone, "removed": removed, "verdict": verdict(direction, low, high),
        }  # fmt: skip

    def pair_table(self) -> pd.DataFrame:
        """One row per pair of players.

        Columns: first, second, interaction (Shapley interaction index), low, high, p; the same surplus where only
        these two are (alone, alone_low, alone_high) and where all others are too (in_mix, in_mix_low, in_mix_high).
        Empty if orders were sampled. What the pairs are is for `name_interactions`.
        """
        rows = []
        for (one, other), found in zip(pairs(len(self.players)), self._pair_values(), strict=False):
            rows.append({
                "first": self.players[one], "second": self.players[other], "p": p_value(found[0]),
                **_spread(("interaction", "low", "high"), found[0]),
                **_spread(("alone", "alone_low", "alone_high"), found[1]),
                **_spread(("in_mix", "in_mix_low", "in_mix_high"), found[2]),
            })  # fmt: skip
        return pd.DataFrame(rows, columns=[*_PAIR_COLUMNS])

    def _pair_values(self) -> Iterator[Array]:
        """Index, surplus alone, and surplus in the mix (3, S) of each pair."""
        if self.games is None or self.interactions is None:
            return
        full = len(self.games) - 1
        for (one, other), index in zip(pairs(len(self.players)), self.interactions, strict=True):
            rest = full & ~(1 << one | 1 << other)
            ends = np.array([surplus(self.games, one, other, there) for there in (0, rest)])
            yield np.array([index, *_without_rounding(ends, self.games)])


_COLUMNS = ("player", "contribution", "low", "high", "p", "q", "share", "alone", "removed", "verdict")
_PAIR_COLUMNS = (
    "first", "second", "interaction", "low", "high", "p", "alone", "alone_low", "alone_high",
    "in_mix", "in_mix_low", "in_mix_high",
)  # fmt: skip


def _spread(names: tuple[str, str, str], values: Array) -> dict[str, float]:
    return dict(zip(names, interval_of(values), strict=True))


def interval_of(values: Array) -> tuple[float, float, float]:
    """Mean and ends of the t-interval at 95 % of values (S,); all NaN for none, NaN ends for one."""
    return interval(values, LEVEL) if len(values) else (float("nan"), float("nan"), float("nan"))


def estimate(plan: Plan, values: Mapping[tuple[int, int], float], partial: bool = False) -> Estimates:
    """What values of coalitions by (seed, coalition) say so far of the contribution of each player.

    A seed counts when the values of all its coalitions are known and finite; the others are named with the reason.
    With `partial`, for watching while runs arrive, a seed of sampled orders counts as soon as one order and its reverse
    are known: the estimate stays unbiased as long as it does not depend on the values which runs are finished.
    """
    found: dict[int, tuple[dict[int, float], Orders]] = {}
    left_out: dict[int, str] = {}
    for seed in plan.seeds:
        asked = plan.coalitions(seed)
        known = {c: value for c in asked if math.isfinite(value := float(values.get((seed, c), math.nan)))}
        missing = [coalition for coalition in asked if coalition not in known]
        orders = _known_orders(plan, seed, known) if partial or not missing else np.zeros((0, 0), dtype=np.int64)
        if missing and not len(orders):
            undefined = sum((seed, coalition) in values for coalition in missing)
            left_out[seed] = _reason(len(missing) - undefined, undefined)
        else:
            found[seed] = known, orders
    return _together(plan, found, left_out)


def _known_orders(plan: Plan, seed: int, known: Mapping[int, float]) -> Orders:
    """Orders of a seed that are known together with their reverses."""
    orders = plan.orders_on(seed)
    whole = [all(coalition in known for coalition in prefixes(order)) for order in orders]
    return orders[[here and whole[place ^ 1] if place ^ 1 < len(whole) else here for place, here in enumerate(whole)]]


def _reason(absent: int, undefined: int) -> str:
    parts = [f"{_runs(absent)} failed or missing"] if absent else []
    parts += [f"outcome undefined in {_runs(undefined)}"] if undefined else []
    return ", ".join(parts)


def _runs(number: int) -> str:
    return f"{number} run{'' if number == 1 else 's'}"


def _together(plan: Plan, found: Mapping[int, tuple[dict[int, float], Orders]], left_out: dict[int, str]) -> Estimates:
    count, seeds = len(plan.players), tuple(found)
    base, mix = (np.array([known[end] for known, _ in found.values()]) for end in (0, plan.full))
    games = None
    if plan.orders:
        estimated = [_from_orders(known, orders) for known, orders in found.values()]
        contributions = np.array([mean for mean, _ in estimated]).reshape(-1, count).T
        sampling = np.array([variance for _, variance in estimated]).reshape(-1, count).T
    else:
        games = np.array([[known[c] for c in range(plan.full + 1)] for known, _ in found.values()])
        games = games.reshape(-1, plan.full + 1).T
        contributions = shapley_values(games)
        sampling = np.zeros_like(contributions)
    return Estimates(plan.players, seeds, base, mix, contributions, sampling, games, left_out)


def _from_orders(values: Mapping[int, float], orders: Orders) -> tuple[Array, Array]:
    """Mean addition of each player (n,) over orders that come with their reverses, and its variance."""
    each = np.array([additions(values, order) for order in orders])
    both = each.reshape(len(orders) // 2, 2, -1).mean(axis=1)
    variance = np.var(both, axis=0, ddof=1) / len(both) if len(both) > 1 else np.full(both.shape[1], np.nan)
    mean = both.mean(axis=0)
    return np.where(np.abs(mean) <= ROUNDING * max(map(abs, values.values())), 0.0, mean), variance


# --- Many comparisons -----------------------------------------------------------------------------


def corrected(p_values: Iterable[float]) -> Array:
    """P-values corrected for the false discovery rate (Benjamini and Hochberg 1995); NaN is not counted."""
    from scipy.stats import false_discovery_control

    found = np.array(list(p_values), dtype=np.float64)
    known = np.isfinite(found)
    if known.any():
        found[known] = false_discovery_control(found[known], method="bh")
    return found


def name_interactions(table: pd.DataFrame, directions: Mapping[str, int]) -> pd.DataFrame:
    """The pairs of several outcomes with q, over all of them, and what each is.

    A pair has a name if its interval excludes zero and so does q at `FALSE_DISCOVERIES`: synergy or conflict where one
    direction of the outcome is better, else more or less than the sum. `table` has a column `outcome`.
    """
    named = table.assign(q=corrected(table["p"]))
    named["kind"] = [_kind(row, directions[str(row["outcome"])]) for _, row in named.iterrows()]
    return named


def _kind(row: pd.Series[Any], direction: int) -> str:
    if not (row["low"] > 0.0 or row["high"] < 0.0) or not row["q"] <= FALSE_DISCOVERIES:
        return ""
    if direction == 0:
        return MORE if row["interaction"] > 0.0 else LESS
    return SYNERGY if row["interaction"] * direction > 0.0 else CONFLICT


def check_orders(number: int) -> int:
    """A number of sampled orders on each seed. Raises ConfigError."""
    if number < 2 or number % 2:
        raise ConfigError(f"{number} orders cannot come in pairs", key="--permutations", expected="an even number ≥ 2")
    return number
