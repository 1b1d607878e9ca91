"""The household kernel in columns, against the same decisions by one plain Mesa agent per household.

    python benchmarks/household_kernel.py [households] [months]

prints, for both and in one process: CPU seconds, household-product-months per second, and purchases per household
and year (which must agree, or the two would not be doing the same work), then the ratio and the peak memory.
Both start from the same sample. The agents draw from Mesa's generator and read Python attributes; they learn,
choose by nested logit, schedule, tell their neighbours and discard as the columns do, without shortages.
"""

import math
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mesa
import numpy as np

from abm.agents.household_choice import CIRCULAR, KEEP, LINEAR, REPAIR, SERVICE, USED, WAIT
from abm.agents.household_flows import BINNED, DRAWER, RETURNED, SOLD_ON
from abm.agents.households import HISTORY, NEVER, Households, Offers
from abm.randomness import Streams
from abm.scenario import load_scenario

CONTENT_WIDTH = 10


@dataclass
class Measurement:
    """CPU time of one kernel, the household-product-months that it covered, and what was bought per household-year."""

    seconds: float
    covered: int
    purchases: float

    @property
    def speed(self) -> float:
        """Household-product-months per CPU second."""
        return self.covered / self.seconds


def offers_at_start(config: Any) -> Offers:
    """Offers (P, L, 6) at the prices of the config."""
    products = config.products
    price = np.asarray(products.price)
    tax = 1.0 + np.asarray(config.jurisdictions.value_added_tax)[config.leaves]
    circular = price * (1.0 + np.asarray(products.circular_premium))
    nothing, one = np.zeros(len(price)), np.ones(len(price))
    prices = [nothing, price * products.repair_cost, price * products.used_price, price, circular, 1.1 * circular]
    lives = [nothing, products.repair_life, 0.5 * one, one, products.circular_life, products.circular_life]
    circularity = [nothing, nothing, one, nothing, one, one]

    def spread(columns: list[Any]) -> np.ndarray:
        return np.repeat(np.stack(columns, axis=1)[:, None, :].astype(np.float64), len(tax), axis=1)

    return Offers(
        price=spread(prices) * tax[None, :, None],
        available=np.ones((len(price), len(tax), 6), dtype=bool),
        life=spread(lives),
        circularity=spread(circularity),
    )


def make_households(config: Any, number: int) -> Households:
    """The sample that both kernels start from."""
    return Households(None, config, Streams(1), offers_at_start(config), number)


# --- In columns -----------------------------------------------------------------------------------


def in_columns(config: Any, number: int, months: int) -> Measurement:
    """Run the kernel of the model."""
    households, offers = make_households(config, number), offers_at_start(config)
    plenty = np.full((len(config.products), len(config.leaves)), np.inf)
    content = np.ones((*plenty.shape, HISTORY + months, CONTENT_WIDTH))
    bought = 0
    start = time.process_time()
    for month in range(months):
        purchases = households.complete(households.choose(month, offers), plenty, plenty)
        households.use(purchases, lambda product, leaf, month_bought: np.zeros(len(product)), content, content)
        bought += int(
            (
                purchases.outcomes[:, :, USED:WAIT].sum(axis=(2, 3))[households.products]
                / households.units.reshape(len(households.products), -1)
            ).sum()
            + 0.5
        )
    seconds = time.process_time() - start
    return Measurement(seconds, number * len(households.products) * months, 12.0 * bought / number / months)


# --- One agent per household ------------------------------------------------------------------------


class PlainHousehold(mesa.Agent):
    """A household as an ordinary Mesa agent, with its items in lists by product group."""

    def __init__(self, model: "PlainModel", source: Households, row: int) -> None:
        super().__init__(model)
        self.leaf = int(source.leaf[row])
        self.monthly_income = float(source.income[row]) / 12.0
        for name in ("attitude", "trust", "convenience", "aware", "circular_items"):
            setattr(self, name, getattr(source, name)[row].item())
        for name in ("kind", "bought", "fails", "due", "drawer_kind", "drawer_bought", "drawer_due"):
            setattr(self, name, getattr(source, name)[row].tolist())
        self.neighbours: list[PlainHousehold] = []

    def step(self) -> None:
        """Decide on what falls due, and empty drawers that are due."""
        for group in range(self.model.groups):
            if self.due[group] == self.model.month:
                self.decide(group)
            if self.drawer_due[group] == self.model.month:
                self.empty_drawer(group)

    def decide(self, group: int) -> None:
        owners = [other for other in self.neighbours if other.circular_items > 0]
        if owners:
            self.learn(owners)
        failed = self.fails[group] <= self.model.month
        chances = self.chances(group, failed, len(owners) / len(self.neighbours))
        taken = self.random.choices(range(6), chances)[0]
        if taken == KEEP:
            wait = self.random.expovariate(1.0 / (12.0 * self.model.terms.wait_time))
            self.due[group] = min(self.fails[group], self.model.month + max(1, round(wait)))
        elif taken == REPAIR:
            self.schedule(group, taken, self.model.month - self.bought[group])
        else:
            self.replace(group, taken, failed)

    def learn(self, owners: list["PlainHousehold"]) -> None:
        terms = self.model.terms
        if not self.aware and self.random.random() < terms.awareness_by_peers * len(owners) / len(self.neighbours):
            self.aware = True
        example = sum(other.attitude for other in owners) / len(owners)
        self.attitude += terms.attitude_by_peers * (example - self.attitude)

    def chances(self, group: int, failed: bool, peers: float) -> list[float]:
        """Nested logit over the offers that it has and knows."""
        terms, segment = self.model.terms, group * self.model.leaves + self.leaf
        open_to = [LINEAR, USED, CIRCULAR, SERVICE] if self.aware else [LINEAR]
        if not failed:
            open_to.append(KEEP)
        elif self.random.random() < self.model.repairable[group]:
            open_to.append(REPAIR)
        attraction, nest = [0.0] * 6, 0.0
        for alternative in open_to:
            price, life, circularity, taste = self.model.offers[segment][alternative]
            utility = taste - terms.price_weight * math.log(1.0 + price / self.monthly_income)
            utility += terms.durability_weight * life + terms.circularity_weight * circularity * self.attitude
            if alternative == USED:
                utility += terms.trust_weight * self.trust
            if alternative in (CIRCULAR, SERVICE):
                utility = (utility + terms.peer_weight * peers) / terms.nest_scale
                nest += math.exp(utility)
            attraction[alternative] = math.exp(utility)
        for alternative in (CIRCULAR, SERVICE):
            if attraction[alternative]:
                attraction[alternative] *= nest ** (terms.nest_scale - 1.0)
        return attraction

    def replace(self, group: int, taken: int, failed: bool) -> None:
        self.model.purchases += 1
        old, old_bought = self.kind[group], self.bought[group]
        if old == USED:
            good = not failed or self.model.month - old_bought >= self.model.promised[group]
            change = self.model.terms.trust_by_experience * (1.0 if good else -1.0)
            self.trust = min(max(self.trust + change, 0.0), 1.0)
        self.circular_items += (taken >= CIRCULAR) - (old >= CIRCULAR)
        self.kind[group], self.bought[group] = taken, self.model.month
        self.schedule(group, taken, 0)
        if old:
            self.discard(group, old, old_bought)

    def schedule(self, group: int, taken: int, age: int) -> None:
        """Draw when the item fails, and when a newer one is wished for."""
        shape, scale, upgrade = self.model.lives[group]
        life = scale * self.model.offers[group * self.model.leaves + self.leaf][taken][1]
        self.fails[group] = self.later(life * self.random.expovariate(1.0) ** (1.0 / shape))
        hazard = (age / upgrade) ** shape + self.random.expovariate(1.0)
        self.due[group] = min(self.fails[group], self.later(upgrade * hazard ** (1.0 / shape) - age))

    def later(self, months: float) -> int:
        return self.model.month + min(max(1, round(months)), NEVER - 1 - self.model.month)

    def discard(self, group: int, kind: int, bought: int) -> None:
        share = list(self.model.fate_share[group])
        terms = self.model.terms
        peers = sum(other.circular_items > 0 for other in self.neighbours) / len(self.neighbours)
        intention = terms.attitude_weight * (self.attitude - terms.attitude_mean) / terms.attitude_spread
        intention += terms.subjective_norm_weight * (peers - self.model.norm_at_start) / 0.5
        control = terms.control_weight * (self.convenience - terms.convenience_mean) / terms.convenience_spread
        share[RETURNED] *= math.exp(intention + control)
        share[SOLD_ON] *= math.exp(intention)
        fate = RETURNED if kind == SERVICE else self.random.choices(range(4), share)[0]
        if fate == DRAWER:
            if self.drawer_kind[group]:
                self.empty_drawer(group)
            self.drawer_kind[group], self.drawer_bought[group] = kind, bought
            self.drawer_due[group] = self.later(self.random.expovariate(1.0 / self.model.drawer_time[group]))
        else:
            self.model.count(fate, group, self.leaf, bought)

    def empty_drawer(self, group: int) -> None:
        share = self.model.fate_share[group]
        back = self.random.random() * (share[RETURNED] + share[BINNED]) < share[RETURNED]
        self.model.count(RETURNED if back else BINNED, group, self.leaf, self.drawer_bought[group])
        self.drawer_kind[group], self.drawer_due[group] = 0, NEVER


class PlainModel(mesa.Model):
    """Households as ordinary agents, activated in random order each month."""

    def __init__(self, config: Any, number: int, rng: int = 1) -> None:
        super().__init__(rng=rng)
        source, offers, products = make_households(config, number), offers_at_start(config), config.products
        self.month, self.purchases = -1, 0
        self.terms, self.groups, self.leaves = source.behaviour, len(source.products), len(config.leaves)
        self.offers = [
            [
                (
                    float(offers.price[product, leaf, a]),
                    float(offers.life[product, leaf, a]),
                    float(offers.circularity[product, leaf, a]),
                    float(source.taste[a, group * self.leaves + leaf]),
                )
                for a in range(6)
            ]
            for group, product in enumerate(source.products)
            for leaf in range(self.leaves)
        ]
        self.repairable = [float(products.repairable[product]) for product in source.products]
        self.promised = [12.0 * float(products.lifetime[p] * offers.life[p, 0, USED]) for p in source.products]
        self.drawer_time = [12.0 * float(products.drawer_time[product]) for product in source.products]
        self.fate_share = [source._fate_share[:, group * self.leaves].tolist() for group in range(self.groups)]
        self.norm_at_start = source._norm_at_start
        self.lives = []
        for product in source.products:
            shape = float(products.lifetime_shape[product])
            to_scale = 12.0 / math.gamma(1.0 + 1.0 / shape)
            self.lives.append(
                (shape, to_scale * float(products.lifetime[product]), to_scale * float(products.upgrade[product]))
            )
        self.discarded = np.zeros((4, self.groups, self.leaves, CONTENT_WIDTH))
        households = [PlainHousehold(self, source, row) for row in range(number)]
        for household, near in zip(households, source.neighbours.tolist(), strict=True):
            household.neighbours = [households[row] for row in near]

    def count(self, fate: int, group: int, leaf: int, bought: int) -> None:
        """Add one discarded item's content to where it goes."""
        self.discarded[fate, group, leaf] += 1.0

    def step(self) -> None:
        """One month."""
        self.month += 1
        self.agents.shuffle_do("step")


def plain_mesa(config: Any, number: int, months: int) -> Measurement:
    """Run the same decisions with one agent per household."""
    model = PlainModel(config, number)
    start = time.process_time()
    for _ in range(months):
        model.step()
    seconds = time.process_time() - start
    return Measurement(seconds, number * model.groups * months, 12.0 * model.purchases / number / months)


def report(name: str, kernel: Callable[[Any, int, int], Measurement], config: Any, number: int, months: int) -> float:
    """Measure a kernel, print one line about it, and return its speed."""
    measured = kernel(config, number, months)
    print(
        f"{name:<22} {number:>9,} households × {months:>3} months  {measured.seconds:8.2f} s CPU  "
        f"{measured.speed:10.3g} household-product-months/s  {measured.purchases:.2f} purchases per household-year"
    )
    return measured.speed


def main() -> None:
    """Measure both kernels and print the ratio."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    months = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    config = load_scenario().config
    plain = report("plain Mesa agents", plain_mesa, config, min(number, 5000), min(months, 60))
    columns = report("columns", in_columns, config, number, months)
    print(f"ratio {columns / plain:.0f}; peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
