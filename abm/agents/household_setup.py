"""Households at the start: who lives where, who knows whom, who owns what and for how long still.

Traits, ownership and ages are sampled systematically (evenly spaced quantiles in random order), so that a few
thousand households give steady purchases; every random number comes from the set-up's own generator.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.agents.household_choice import CIRCULAR, KEEP_AT_START, LINEAR, SERVICE, USED
from abm.randomness import normal_quantile

Reals = NDArray[np.float64]
Rows = NDArray[np.int64]

NEVER = 32767
HISTORY = 600  # months before the start from which items may date
KINDS = (USED, LINEAR, CIRCULAR, SERVICE)

# Simulated lives of an item by product and kind, from which ages at the start are drawn: as many as the sample can
# tell apart, within bounds of time and memory.
FEWEST_LIVES, MOST_LIVES, HOUSEHOLDS_PER_LIFE = 512, 2048, 25
AGES_PER_SPELL = 4
GOLDEN_SECTION = (math.sqrt(5.0) - 1.0) / 2.0
LARGEST_EVENTS = 80
LONGEST_LIFE = 4 * HISTORY  # months after which an item is counted as gone in any case
# Weight of attitude and of income in who adopts early; the remaining variance is chance. Rogers (2003),
# "Diffusion of Innovations", finds both among the traits of early adopters; the size is assumed.
ADOPTION_WEIGHT = 0.3


def quantiles(generator: np.random.Generator, count: int) -> Reals:
    """Return `count` evenly spaced probabilities in random order."""
    return (generator.permutation(count) + 0.5) / max(count, 1)


def sample_sizes(households: Reals, share: Reals, number: int) -> Rows:
    """Return how many of `number` sampled households live in each leaf (L,), at least one where anybody lives.

    Largest remainders; raises ValueError when there are fewer households than inhabited leaves.
    """
    inhabited = households > 0.0
    if number < inhabited.sum() or not inhabited.any():
        raise ValueError(f"{number} households cannot represent {int(inhabited.sum())} inhabited leaves")
    share = np.where(inhabited, np.maximum(share, 1e-9), 0.0)
    ideal = share / share.sum() * number
    sizes = np.where(inhabited, np.maximum(np.floor(ideal), 1.0), 0.0).astype(np.int64)
    while sizes.sum() != number:
        excess = ideal - sizes
        if sizes.sum() < number:
            sizes[np.argmax(np.where(inhabited, excess, -np.inf))] += 1
        else:
            sizes[np.argmin(np.where(sizes > 1, excess, np.inf))] -= 1
    return sizes


def trait(generator: np.random.Generator, count: int, mean: float, spread: float) -> Reals:
    """Return a trait between 0 and 1 (count,), normal within those bounds."""
    return np.clip(mean + spread * normal_quantile(quantiles(generator, count)), 0.0, 1.0)


def small_world(generator: np.random.Generator, count: int, degree: int, rewiring: float) -> NDArray[np.int32]:
    """Return the neighbours (count, degree) of each of `count` nodes in a symmetric small world.

    A ring of neighbours as in Watts & Strogatz (1998), "Collective dynamics of small-world networks", where a share
    `rewiring` of links swaps its far ends (Maslov & Sneppen 2002), so that everybody keeps `degree` (even)
    neighbours. In very small worlds links repeat; a node alone has only itself.
    """
    nodes = np.arange(count, dtype=np.int32)
    neighbours = np.empty((count, degree), dtype=np.int32)
    for link in range(degree // 2):
        step = 1 + link % max(count - 1, 1)
        far = np.roll(nodes, -step)
        rewired = np.flatnonzero(generator.random(count) < rewiring)
        far[rewired] = far[generator.permutation(rewired)]
        _part_from_oneself(far)
        neighbours[:, 2 * link] = far
        neighbours[far, 2 * link + 1] = nodes
    return neighbours


def _part_from_oneself(far: NDArray[np.int32]) -> None:
    """Swap far ends of links that lead to their own origin, in place (a permutation without fixed points)."""
    count = len(far)
    for node in np.flatnonzero(far == np.arange(count)).tolist() if count > 1 else ():
        other = (node + 1) % count
        far[node], far[other] = far[other], far[node]


def months_until_stock(multiple: ArrayLike, saturation: float, midpoint: float, speed: float, start: float) -> Reals:
    """Return the months after the start at which the stock is `multiple` times that of the start, else infinity.

    The stock in use goes along a logistic curve from 1 at the start to `saturation`, of which half of the rise from
    nothing comes at year `midpoint`: 1 + (saturation − 1) (F(t) − F(start)) / (1 − F(start)).
    """
    multiple = np.asarray(multiple, dtype=np.float64)
    done = 1.0 / (1.0 + math.exp(min(max(-speed * (start - midpoint), -500.0), 500.0)))
    if abs(saturation - 1.0) < 1e-9:
        return np.full(multiple.shape, np.inf)
    progress = (multiple - 1.0) / (saturation - 1.0)
    reached = done + np.clip(progress, 0.0, 1.0) * (1.0 - done)
    inside = (progress < 1.0) & (reached < 1.0)
    safe = np.where(inside, reached, 0.5)
    months = 12.0 * (midpoint + np.log(safe / (1.0 - safe)) / speed - start)
    return np.where(inside, np.maximum(months, 0.0), np.inf)


# --- Lives of items -------------------------------------------------------------------------------


@dataclass
class Habits:
    """What governs the lives of items, one entry per product and kind (C,), in months.

    `keeps` is the chance to keep a working item when a newer one is considered, `repairs` that of repairing a failure.
    """

    life: Reals
    shape: Reals
    upgrade: Reals
    repaired_life: Reals
    repairs: Reals
    wait: float
    growth: Reals  # of past sales, per month


@dataclass
class Spells:
    """Situations in which items of one product and kind are found, ordered by months until the next decision."""

    age: Reals
    due: Reals
    fails: Reals
    cumulative: Reals  # weight of the situations up to each

    def pick(self, generator: np.random.Generator, count: int) -> Rows:
        """Return `count` situations, evenly spaced by months until the next decision, in random order."""
        marks = (np.arange(count) + generator.random()) / max(count, 1) * self.cumulative[-1]
        picked = np.searchsorted(self.cumulative, marks).clip(max=len(self.age) - 1)
        return generator.permutation(picked)


@dataclass
class Lives:
    """Simulated lives of items; `spells[c]`, mean weight in the stock (C,), and age at the end (C, lives)."""

    spells: list[Spells]
    weight: Reals
    ends: Reals


def weibull_scale(mean: Reals, shape: Reals) -> Reals:
    """Return the scale of a Weibull distribution with this mean and shape."""
    gamma = np.vectorize(math.gamma, otypes=[np.float64])
    return np.asarray(mean / gamma(1.0 + 1.0 / shape))


def simulate_lives(habits: Habits, households: int, generator: np.random.Generator) -> Lives:
    """Follow items from purchase to replacement by the rules of `Households`, without shortages.

    The situations along each life, weighted by how many of past sales would be in it, are the stock at the start.
    """
    number = min(max(households // HOUSEHOLDS_PER_LIFE, FEWEST_LIVES), MOST_LIVES)
    spells = _spells(habits, number, generator)
    starts, ends, fails = (np.stack(parts, axis=-1) for parts in zip(*spells, strict=True))  # (C, lives, events)
    growth = habits.growth[:, None, None]
    weight = _discounted_length(starts, ends, growth)
    lives = Lives([], weight.sum(axis=2).mean(axis=1), ends.max(axis=2))
    for combination in range(len(habits.life)):
        lives.spells.append(
            _situations(
                starts[combination],
                ends[combination],
                fails[combination],
                weight[combination],
                float(habits.growth[combination]),
            )
        )
    return lives


def _spells(habits: Habits, number: int, generator: np.random.Generator) -> list[tuple[Reals, Reals, Reals]]:
    """Return (start, end, failure) ages (C, lives) of successive spells between decisions; empty once replaced."""
    size = (len(habits.life), number)
    shape = habits.shape[:, None]
    scale = weibull_scale(habits.life, habits.shape)[:, None]
    upgrade = weibull_scale(habits.upgrade, habits.shape)[:, None]
    repaired = weibull_scale(habits.repaired_life, habits.shape)[:, None]

    def spread() -> Reals:
        return -np.log(generator.permuted(np.tile(quantiles(generator, number), (size[0], 1)), axis=1))

    now = np.zeros(size)
    fails, wish = scale * spread() ** (1.0 / shape), upgrade * spread() ** (1.0 / shape)
    alive = np.ones(size, dtype=bool)
    spells = []
    for _ in range(LARGEST_EVENTS):
        event = np.where(alive, np.minimum(np.minimum(fails, wish), LONGEST_LIFE), now)
        spells.append((now, event, fails))
        failure = fails <= wish
        goes_on = generator.random(size) < np.where(failure, habits.repairs[:, None], KEEP_AT_START)
        alive = alive & goes_on & (event < LONGEST_LIFE)
        if not alive.any():
            break
        wait = event + generator.exponential(habits.wait, size)
        residual = upgrade * ((event / upgrade) ** shape + generator.exponential(1.0, size)) ** (1.0 / shape)
        extra = repaired * generator.exponential(1.0, size) ** (1.0 / shape)
        wish = np.where(failure, residual, wait)
        fails = np.where(failure, event + extra, fails)
        now = event
    return spells


def _discounted_length(start: Reals, end: Reals, growth: Reals) -> Reals:
    """Return the integral of exp(−growth × age) from start to end."""
    safe = np.where(np.abs(growth) < 1e-9, 1e-9, growth)
    return np.exp(-safe * start) * -np.expm1(-safe * (end - start)) / safe


def _situations(starts: Reals, ends: Reals, fails: Reals, weight: Reals, growth: float) -> Spells:
    """Return situations within the spells (lives, events) of one combination.

    Each spell gives one from each part; from spell to spell, sorted by length, the place in the part steps by the
    golden section, so that months until the next decision are spread more evenly than by chance.
    """
    kept = np.flatnonzero(weight > 0.0)
    kept = kept[np.argsort((ends - starts).reshape(-1)[kept], kind="stable")]
    starts, ends, fails, weight = (values.reshape(-1)[kept] for values in (starts, ends, fails, weight))
    place = (np.arange(len(kept)) * GOLDEN_SECTION) % 1.0
    share = (np.arange(AGES_PER_SPELL) + place[:, None]) / AGES_PER_SPELL
    rate = growth if abs(growth) > 1e-9 else 1e-9
    passed = -np.log1p(share * np.expm1(-rate * (ends - starts)[:, None])) / rate
    age = (starts[:, None] + passed).reshape(-1)
    due = np.repeat(ends, AGES_PER_SPELL) - age
    order = np.argsort(due)
    remaining = np.repeat(fails, AGES_PER_SPELL) - age
    cumulative = np.cumsum(np.repeat(weight, AGES_PER_SPELL)[order])
    return Spells(age[order], due[order], remaining[order], cumulative)


# --- Who owns what --------------------------------------------------------------------------------


@dataclass
class Items:
    """Items of the households of one leaf, for one product (n,) each; months count from the start."""

    kind: NDArray[np.int8]
    bought: NDArray[np.int16]
    fails: NDArray[np.int16]
    due: NDArray[np.int16]
    until: NDArray[np.int16]
    drawer_kind: NDArray[np.int8]
    drawer_bought: NDArray[np.int16]
    drawer_due: NDArray[np.int16]

    @classmethod
    def none(cls, count: int) -> "Items":
        """Nothing owned, nothing hoarded, nothing due."""
        month, kind = np.full(count, NEVER, dtype=np.int16), np.zeros(count, dtype=np.int8)
        zero = np.zeros(count, dtype=np.int16)
        return cls(kind, zero, month, month.copy(), month.copy(), kind.copy(), zero.copy(), month.copy())


@dataclass
class Market:
    """One product in one leaf at the start."""

    owned: float  # share of households that own it
    saturation: float  # stock in the long run over that at the start
    midpoint: float
    speed: float
    kinds: Reals  # (4,) share of each of KINDS in the stock
    drawer: float
    drawer_time: float  # months
    growth: float  # of past sales, per month


def adoption_order(generator: np.random.Generator, attitude: Reals, income_rank: Reals) -> Rows:
    """Return households (n,) from the first to the last that would own a new kind of product."""
    chance = normal_quantile(quantiles(generator, len(attitude)))
    spread = attitude.std()
    liking = (attitude - attitude.mean()) / spread if spread > 0.0 else 0.0
    score = ADOPTION_WEIGHT * (liking + normal_quantile(income_rank))
    return np.argsort(-(score + math.sqrt(1.0 - 2.0 * ADOPTION_WEIGHT**2) * chance), kind="stable")


def endow(
    market: Market,
    order: Rows,
    aware: NDArray[np.bool_],
    spells: list[Spells],
    ends: Reals,
    wait: float,
    start: float,
    generator: np.random.Generator,
) -> Items:
    """Return the items of the households of one leaf; `spells` and `ends` are by KINDS."""
    count = len(order)
    items = Items.none(count)
    owners = order[: math.floor(count * market.owned + generator.random())]
    path = months_until_stock(
        (np.arange(count) + 0.5) / count / max(market.owned, 1e-12),
        market.saturation,
        market.midpoint,
        market.speed,
        start,
    )
    _give_items(items, owners, market, aware, spells, generator)
    _fill_drawers(items, owners, market, ends, generator)
    if market.owned > 0.0 and market.saturation > 1.0:
        _plan_first_purchases(items, order[len(owners) :], path[len(owners) :], wait, generator)
    elif market.saturation < 1.0:
        items.until[owners] = _month(path[: len(owners)])
    return items


def _give_items(
    items: Items,
    owners: Rows,
    market: Market,
    aware: NDArray[np.bool_],
    spells: list[Spells],
    generator: np.random.Generator,
) -> None:
    """Give each owner an item; circular ones and services go first to those who know of them."""
    queue = generator.permutation(owners)
    queue = queue[np.argsort(~aware[queue], kind="stable")]
    first = 0
    for kind in (CIRCULAR, SERVICE, USED, LINEAR):
        if kind == USED:
            queue[first:] = generator.permutation(queue[first:])
        number = KINDS.index(kind)
        wanted = math.floor(market.kinds[number] * len(owners) + generator.random())
        holders = queue[first:] if kind == LINEAR else queue[first : first + wanted]
        first += len(holders)
        picked = spells[number].pick(generator, len(holders))
        items.kind[holders] = kind
        items.bought[holders] = -np.clip(np.ceil(spells[number].age[picked]), 1, HISTORY).astype(np.int16)
        items.fails[holders] = _month(spells[number].fails[picked])
        items.due[holders] = _month(spells[number].due[picked])


def _plan_first_purchases(items: Items, others: Rows, path: Reals, wait: float, generator: np.random.Generator) -> None:
    """Let those without an item consider a first one so that purchases follow the stock path.

    As a part keeps waiting each time, the first consideration comes the mean wait before the purchase; those who
    would have begun before the start are found waiting.
    """
    delay = wait * KEEP_AT_START / (1.0 - KEEP_AT_START)
    waiting = path < delay
    due = path - delay
    due[waiting] = -wait * np.log(quantiles(generator, int(waiting.sum())))
    items.due[others] = _month(due)


def _fill_drawers(items: Items, owners: Rows, market: Market, ends: Reals, generator: np.random.Generator) -> None:
    """Hoard predecessors: the last one kept may still be there, or else the one before it."""
    pool = ends[KINDS.index(LINEAR)]
    left = -items.bought[owners].astype(np.float64)  # months since the predecessor was replaced
    empty = np.ones(len(owners), dtype=bool)
    first_buyer = np.ones(len(owners))
    for _ in range(2):
        life = generator.choice(pool, len(owners))
        first_buyer *= np.minimum(np.exp(-market.growth * life), 1.0)
        chance = market.drawer * np.exp(-left / market.drawer_time) * first_buyer
        hoards = empty & (quantiles(generator, len(owners)) < chance)
        rows = owners[hoards]
        items.drawer_kind[rows] = LINEAR
        items.drawer_bought[rows] = -np.clip(np.ceil(left + life)[hoards], 1, HISTORY).astype(np.int16)
        items.drawer_due[rows] = _month(-market.drawer_time * np.log(quantiles(generator, len(rows))))
        empty &= ~hoards
        left = left + life


def _month(months: Reals) -> NDArray[np.int16]:
    """Return the month index in which so many months have passed, NEVER if beyond all runs."""
    return np.where(months < NEVER - 1, np.floor(np.minimum(months, NEVER - 1)), NEVER).astype(np.int16)
