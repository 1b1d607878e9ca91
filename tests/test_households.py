"""Households: decisions equal to a plain one-by-one reference, exact flows, and behaviour of the right sign."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.agents import household_setup as setup
from abm.agents.household_choice import (
    CIRCULAR,
    GIVE_UP,
    KEEP,
    LINEAR,
    REPAIR,
    SERVICE,
    USED,
    WAIT,
    Deciders,
    Tables,
    nested_logit,
    sum_by_segment,
)
from abm.agents.household_flows import BINNED, DRAWER, LEFT_DRAWER, RETURNED, SOLD_ON
from abm.agents.households import HISTORY, NEVER, Household, Households, Offers, _whole_items
from abm.population import PopulationModel
from abm.randomness import Streams

PRODUCTS, LEAVES, WIDTH = 4, 3, 2
MONTHS = 60
PLENTY = np.full((PRODUCTS, LEAVES), np.inf)
CONTENT_NEW = np.random.default_rng(1).random((PRODUCTS, LEAVES, HISTORY + 400, WIDTH)) + 0.1
CONTENT_USED = CONTENT_NEW * 0.5


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def everywhere(*values: float) -> np.ndarray:
    """A value for each product, the same in all five jurisdictions."""
    return np.repeat(array(*values)[:, None], 5, axis=1)


def make_config(**changes: float | np.ndarray) -> SimpleNamespace:
    """A small world: a union (0) of leaves 1, 2 and 4, one place abroad (3); cars, phones, washers, turbines."""
    per_household = np.outer(array(0.06, 1.9, 1.1, 0.0), array(0, 1, 1, 0, 0.8))
    households = array(0, 1.5e6, 6.8e6, 0, 19e6)
    parts = {
        "jurisdictions": SimpleNamespace(
            households=households,
            sample_share=array(0, 0.3, 0.3, 0, 0.4),
            income=array(0, 36e3, 34e3, 0, 30e3),
            income_spread=array(0, 0.5, 0.5, 0, 0.6),
        ),
        "products": SimpleNamespace(
            price=array(35e3, 550, 600, 1e6),
            lifetime=array(17, 6, 13, 20),
            lifetime_shape=array(3.5, 2, 2.2, 2.2),
            upgrade=array(9, 3.5, 18, 30),
            repairable=array(0.9, 0.4, 0.6, 0.5),
            repair_cost=array(0.12, 0.3, 0.3, 0.2),
            repair_life=array(0.35, 0.4, 0.35, 0.4),
            household_stock=per_household * households,
            past_growth=array(0.25, 0.0, 0.01, 0.05),
            stock_multiple=everywhere(12, 1.02, 1.05, 2),
            stock_midpoint=array(2034, 2020, 2020, 2030),
            stock_speed=array(0.35, 0.2, 0.1, 0.2),
            used_share=array(0.3, 0.15, 0.08, 0.0),
            circular_share=array(0.03, 0.05, 0.05, 0.01),
            service_share=array(0.05, 0.01, 0.02, 0.0),
            drawer=array(0.0, 0.45, 0.02, 0.0),
            returned=array(0.4, 0.2, 0.6, 0.9),
            sold_on=array(0.55, 0.25, 0.18, 0.05),
            drawer_time=array(1, 4, 2, 1),
        ),
        "households": SimpleNamespace(
            number=600,
            neighbours=8,
            rewiring=0.1,
            attitude_mean=0.5,
            attitude_spread=0.15,
            aware_share=0.5,
            awareness_by_peers=0.3,
            trust_mean=0.45,
            trust_spread=0.2,
            trust_by_experience=0.05,
            attitude_by_peers=0.05,
            price_weight=3.0,
            durability_weight=1.0,
            circularity_weight=1.0,
            peer_weight=1.0,
            trust_weight=1.0,
            nest_scale=0.6,
            repair_preference=0.5,
            wait_time=1.0,
            convenience_mean=0.5,
            convenience_spread=0.2,
            subjective_norm_weight=0.33,
            control_weight=0.39,
            attitude_weight=0.34,
            deposit_response=0.1,
        ),
        "time": SimpleNamespace(start=2026.0),
    }
    for name, value in changes.items():
        owner = next(part for part in parts.values() if name in vars(part))
        setattr(owner, name, value)
    return SimpleNamespace(**parts, leaves=np.array([1, 2, 4]))


def make_offers(config: SimpleNamespace) -> Offers:
    """Offers at the start: repair, used, linear, circular and as a service at fixed price ratios."""
    products = config.products
    one = np.ones(PRODUCTS)

    def spread(*columns: np.ndarray) -> np.ndarray:
        return np.repeat(np.stack(columns, axis=1)[:, None, :], LEAVES, axis=1)

    price = 1.21 * products.price
    return Offers(
        price=spread(0 * one, price * products.repair_cost, 0.55 * price, price, 1.1 * price, 1.15 * price),
        available=np.ones((PRODUCTS, LEAVES, 6), dtype=bool),
        life=spread(0 * one, products.repair_life, 0.6 * one, one, 1.3 * one, 1.3 * one),
        circularity=spread(0 * one, 0 * one, 0.5 * one, 0 * one, one, one),
    )


def make_households(number: int = 600, seed: int = 1, **changes: float | np.ndarray) -> tuple[Households, Offers]:
    config = make_config(**changes)
    offers = make_offers(config)
    return Households(None, config, Streams(seed), offers, number), offers


def no_refund(product: np.ndarray, leaf: np.ndarray, bought: np.ndarray) -> np.ndarray:
    return np.zeros(len(product))


def run(households: Households, offers: Offers, months: range, **stocks: np.ndarray) -> SimpleNamespace:
    """Run some months; returns what was expected, bought and discarded, stacked by month."""
    records = SimpleNamespace(expected=[], purchases=[], discarded=[])
    for month in months:
        choices = households.choose(month, offers)
        bought = households.complete(choices, stocks.get("new", PLENTY), stocks.get("used", PLENTY))
        gone = households.use(bought, stocks.get("refund", no_refund), CONTENT_NEW, CONTENT_USED)
        records.expected.append(choices.expected)
        records.purchases.append(bought)
        records.discarded.append(gone)
    return records


def total(records: list, name: str) -> np.ndarray:
    return sum(getattr(record, name) for record in records)


# --- A plain reference, one household at a time -----------------------------------------------------


class Plain:
    """The decisions of one month in plain Python, from a snapshot of the columns, with the same keyed draws."""

    def __init__(self, households: Households) -> None:
        self.source = households
        self.terms = households.behaviour
        self.groups = len(households.products)
        names = [name for name in households.columns if name not in ("slot", "active")]
        self.columns = {name: getattr(households, name).tolist() for name in names}
        self.units = households.units.reshape(self.groups, LEAVES)

    def draw(self, name: str, household: int, group: int, month: int) -> float:
        return float(self.source.streams.uniform(name, household * self.groups + group, month))

    def learn(self, household: int, group: int, month: int, attitude: list[float]) -> None:
        column = self.columns
        neighbours = column["neighbours"][household]
        owners = [other for other in neighbours if column["circular_items"][other] > 0]
        if not owners:
            return
        share = len(owners) / len(neighbours)
        hears = self.draw("awareness", household, group, month) < self.terms.awareness_by_peers * share
        column["aware"][household] = column["aware"][household] or hears
        example = sum(column["attitude"][other] for other in owners) / len(owners)
        own = column["attitude"][household]
        attitude[household] = own + self.terms.attitude_by_peers * (example - own)

    def chances(self, household: int, group: int, month: int, offers: Offers) -> list[float]:
        """Nested logit over what this household has and knows."""
        column, terms = self.columns, self.terms
        product, leaf = self.source.products[group], column["leaf"][household]
        failed = column["fails"][household][group] <= month
        leaving = column["until"][household][group] <= month
        share = column["peers"][household] / len(column["neighbours"][household])
        utility = {}
        for alternative in range(6):
            offer = (product, leaf, alternative)
            known = column["aware"][household] or alternative in (KEEP, REPAIR, USED, LINEAR)
            if not offers.available[offer] or not known or (leaving and alternative >= USED):
                continue
            if alternative == KEEP and failed:
                continue
            if alternative == REPAIR and not (failed and self.repairable(household, group)):
                continue
            value = self.source.taste[alternative, group * LEAVES + leaf]
            monthly_income = column["income"][household] / 12.0
            value -= terms.price_weight * math.log(1.0 + offers.price[offer] / monthly_income)
            value += terms.durability_weight * offers.life[offer]
            value += terms.circularity_weight * offers.circularity[offer] * column["attitude"][household]
            value += terms.peer_weight * share if alternative in (CIRCULAR, SERVICE) else 0.0
            value += terms.trust_weight * column["trust"][household] if alternative == USED else 0.0
            utility[alternative] = value
        nests = [[KEEP, REPAIR], [USED], [LINEAR], [CIRCULAR, SERVICE]]
        scale = {alternative: terms.nest_scale if alternative >= CIRCULAR else 1.0 for alternative in range(6)}
        weight = {}
        for nest in nests:
            inside = {a: math.exp(utility[a] / scale[a]) for a in nest if a in utility}
            for alternative, part in inside.items():
                attraction = sum(inside.values()) ** scale[alternative]
                weight[alternative] = attraction * part / sum(inside.values())
        return [weight.get(a, 0.0) / sum(weight.values()) if weight else 0.0 for a in range(6)]

    def repairable(self, household: int, group: int) -> bool:
        product = self.source.products[group]
        fails = self.columns["fails"][household][group]
        return self.draw("repairable", household, group, fails) < self.repairable_share[product]

    def choose(self, month: int, offers: Offers, repairable_share: np.ndarray) -> dict[tuple[int, int], tuple]:
        """Chances and choice of everybody for whom something falls due, by (group, household)."""
        self.repairable_share = repairable_share
        due = [
            (group, household)
            for group in range(self.groups)
            for household in range(len(self.source))
            if self.columns["due"][household][group] == month
        ]
        attitude = list(self.columns["attitude"])
        for group, household in due:
            self.learn(household, group, month, attitude)
        self.columns["attitude"] = attitude
        result = {}
        for group, household in due:
            chance = self.chances(household, group, month, offers)
            leaving = self.columns["until"][household][group] <= month
            outcome = GIVE_UP if leaving else WAIT
            mark, reached = self.draw("offer", household, group, month) * sum(chance), 0.0
            for alternative in range(6):
                reached += chance[alternative]
                if mark <= reached and chance[alternative] > 0.0:
                    outcome = alternative
                    break
            result[group, household] = (chance, outcome)
        return result

    def serve(self, outcomes: dict[tuple[int, int], int], month: int, new: np.ndarray, used: np.ndarray) -> None:
        """Turn away, by lot, those whom the stock does not reach."""
        for stock, pool in ((new, (LINEAR, CIRCULAR, SERVICE)), (used, (USED,))):
            left = stock.copy()
            buyers = [pair for pair, outcome in outcomes.items() if outcome in pool]
            for group, household in sorted(buyers, key=lambda pair: self.draw("queue", pair[1], pair[0], month)):
                place = (self.source.products[group], self.columns["leaf"][household])
                unit = self.units[group, place[1]]
                if left[place] >= unit:
                    left[place] -= unit
                else:
                    outcomes[group, household] = WAIT

    def schedule(self, household: int, group: int, taken: int, month: int, age: int, offers: Offers) -> tuple[int, int]:
        """Months in which a new or repaired item fails, and in which a newer one is wished for."""
        product, leaf = self.source.products[group], self.columns["leaf"][household]
        products = make_config().products
        shape = products.lifetime_shape[product]
        mean_to_scale = 12.0 / math.gamma(1.0 + 1.0 / shape)
        life = mean_to_scale * products.lifetime[product] * offers.life[product, leaf, taken]
        life *= (-math.log(self.draw("life", household, group, month))) ** (1.0 / shape)
        upgrade = mean_to_scale * products.upgrade[product]
        hazard = (age / upgrade) ** shape - math.log(self.draw("upgrade", household, group, month))
        wish = upgrade * hazard ** (1.0 / shape) - age
        return month + max(1, round(life)), month + max(1, round(wish))

    def verdict(self, group: int, leaf: int, item: dict[str, int], month: int, offers: Offers) -> float:
        """Change of trust when a used item is replaced."""
        product = self.source.products[group]
        promised = 12.0 * make_config().products.lifetime[product] * offers.life[product, leaf, USED]
        good = item["fails"] > month or month - item["bought"] >= promised
        return self.terms.trust_by_experience if good else -self.terms.trust_by_experience

    def fate(self, household: int, group: int, kind: int, month: int, gain: float, out_of_drawer: bool) -> int:
        column, terms = self.columns, self.terms
        leaf = column["leaf"][household]
        share = list(self.source._fate_share[:, group * LEAVES + leaf])
        attitude = (column["attitude"][household] - terms.attitude_mean) / terms.attitude_spread
        ease = (column["convenience"][household] - terms.convenience_mean) / terms.convenience_spread
        peers = column["peers"][household] / len(column["neighbours"][household])
        norm = (peers - self.source._norm_at_start) / 0.5
        intention = terms.attitude_weight * attitude + terms.subjective_norm_weight * norm
        share[RETURNED] *= math.exp(intention + terms.control_weight * ease + 100 * terms.deposit_response * gain)
        share[SOLD_ON] *= math.exp(intention)
        if out_of_drawer:
            share[DRAWER] = share[SOLD_ON] = 0.0
        if kind == SERVICE:
            return RETURNED
        key = 2 * (household * self.groups + group) + out_of_drawer
        mark = float(self.source.streams.uniform("fate", key, month)) * sum(share)
        for fate in range(4):
            mark -= share[fate]
            if mark <= 0.0 and share[fate] > 0.0:
                return fate
        return BINNED


@pytest.mark.parametrize("seed", range(3))
def test_decisions_equal_the_plain_reference(seed: int):
    multiple = everywhere(12, 1.02, 0.5, 2)  # washers go out of use, so that some give up
    households, offers = make_households(
        200,
        seed,
        stock_multiple=multiple,
        stock_speed=array(0.35, 0.2, 2.0, 0.2),
        stock_midpoint=array(2034, 2020, 2026, 2030),
    )
    repairable_share = make_config().products.repairable
    unit = households.units.reshape(3, LEAVES)
    new, used = np.zeros((PRODUCTS, LEAVES)), np.zeros((PRODUCTS, LEAVES))
    new[:3], used[:3] = 1.5 * unit, 0.7 * unit
    used[:, 1] = np.inf
    outcomes = []

    def refund(product: np.ndarray, leaf: np.ndarray, bought: np.ndarray) -> np.ndarray:
        return np.where(bought < -5, 30.0 + 10.0 * leaf, 0.0)

    for month in range(30):
        plain = Plain(households)
        decided = plain.choose(month, offers, repairable_share)
        choices = households.choose(month, offers)
        pairs = list(zip(choices.segment // LEAVES, choices.household, strict=True))
        assert pairs == list(decided)
        chance = np.array([chance for chance, _ in decided.values()]).reshape(-1, 6).T
        assert choices.chance == pytest.approx(chance, abs=2e-5)
        assert choices.chosen.tolist() == [outcome for _, outcome in decided.values()]
        assert households.attitude == pytest.approx(np.array(plain.columns["attitude"]), abs=1e-5)
        assert households.aware.tolist() == plain.columns["aware"]
        check_expected(choices.expected, decided, plain)

        outcome = {pair: outcome for pair, (_, outcome) in decided.items()}
        plain.serve(outcome, month, new, used)
        purchases = households.complete(choices, new, used)
        check_purchases(purchases, outcome, plain)
        check_items(households, outcome, plain, offers, month)
        outcomes += outcome.values()

        after_trade = Plain(households)
        discarded = households.use(purchases, refund, CONTENT_NEW, CONTENT_USED)
        check_fates(discarded, purchases, after_trade, refund, offers, month)
    assert set(outcomes) >= {KEEP, REPAIR, USED, LINEAR, CIRCULAR, WAIT, GIVE_UP}


def check_expected(expected: np.ndarray, decided: dict, plain: Plain) -> None:
    sums = np.zeros((PRODUCTS, LEAVES, 6))
    for (group, household), (chance, _) in decided.items():
        leaf = plain.columns["leaf"][household]
        sums[plain.source.products[group], leaf] += plain.units[group, leaf] * np.array(chance)
    assert expected == pytest.approx(sums, rel=1e-4, abs=1.0)


def check_purchases(purchases, outcome: dict, plain: Plain) -> None:
    sums = np.zeros((PRODUCTS, LEAVES, 8, 5))
    for (group, household), taken in outcome.items():
        leaf = plain.columns["leaf"][household]
        cell = (plain.source.products[group], leaf, taken, plain.columns["quintile"][household])
        sums[cell] += plain.units[group, leaf]
    assert np.array_equal(purchases.outcomes, sums)


def check_items(households: Households, outcome: dict, plain: Plain, offers: Offers, month: int) -> None:
    """Compare every item column, and what the trade did to trust and to the neighbours."""
    circular = [0] * len(households)
    trust = list(plain.columns["trust"])
    for household in range(len(households)):
        leaf = plain.columns["leaf"][household]
        for group in range(plain.groups):
            before = {name: plain.columns[name][household][group] for name in ("kind", "bought", "fails", "due")}
            now = {name: int(getattr(households, name)[household, group]) for name in before}
            taken = outcome.get((group, household))
            if taken is None:
                assert now == before
            elif taken == KEEP:
                wait = -12.0 * plain.terms.wait_time * math.log(plain.draw("wait", household, group, month))
                assert now == {**before, "due": min(before["fails"], month + max(1, round(wait)))}
            elif taken == REPAIR:
                fails, wish = plain.schedule(household, group, taken, month, month - before["bought"], offers)
                assert now == {**before, "fails": fails, "due": min(fails, wish)}
            elif taken == WAIT:
                assert now == {**before, "due": month + 1}
            elif taken == GIVE_UP:
                if before["kind"] == USED:
                    trust[household] += plain.verdict(group, leaf, before, month, offers)
                assert (now["kind"], now["fails"], now["due"]) == (0, NEVER, NEVER)
            else:
                fails, wish = plain.schedule(household, group, taken, month, 0, offers)
                assert now == {"kind": taken, "bought": month, "fails": fails, "due": min(fails, wish)}
                if before["kind"] == USED:
                    trust[household] += plain.verdict(group, leaf, before, month, offers)
            circular[household] += now["kind"] in (CIRCULAR, SERVICE)
    assert households.trust == pytest.approx(np.clip(trust, 0.0, 1.0), abs=1e-6)
    assert households.circular_items.tolist() == circular
    peers = [sum(circular[other] > 0 for other in row) for row in households.neighbours]
    assert households.peers.tolist() == peers


def check_fates(discarded, purchases, plain: Plain, refund, offers: Offers, month: int) -> None:
    """Follow each item out of use and out of drawers by hand."""
    units, content = np.zeros((5, PRODUCTS, LEAVES)), np.zeros((5, PRODUCTS, LEAVES, WIDTH))

    def gain(product: int, leaf: int, bought: int) -> float:
        return (
            float(refund(np.array([product]), np.array([leaf]), np.array([bought]))[0])
            / offers.price[product, leaf, LINEAR]
        )

    def goes(flow: int, group: int, household: int, kind: int, bought: int) -> None:
        product, leaf = plain.source.products[group], plain.columns["leaf"][household]
        unit = plain.units[group, leaf]
        table = CONTENT_USED if kind == USED else CONTENT_NEW
        units[flow, product, leaf] += unit
        content[flow, product, leaf] += unit * table[product, leaf, bought + HISTORY]

    def leaves_drawer(group: int, household: int) -> None:
        kind = plain.columns["drawer_kind"][household][group]
        bought = plain.columns["drawer_bought"][household][group]
        product, leaf = plain.source.products[group], plain.columns["leaf"][household]
        fate = plain.fate(household, group, kind, month, gain(product, leaf, bought), out_of_drawer=True)
        goes(fate, group, household, kind, bought)
        goes(LEFT_DRAWER, group, household, kind, bought)
        plain.columns["drawer_kind"][household][group] = 0

    for household in range(len(plain.source)):
        for group in range(plain.groups):
            if plain.columns["drawer_due"][household][group] == month:
                leaves_drawer(group, household)
    gone = purchases.replaced
    for household, segment, kind, bought in zip(gone.household, gone.segment, gone.kind, gone.bought, strict=True):
        group = int(segment) // LEAVES
        product, leaf = plain.source.products[group], plain.columns["leaf"][household]
        fate = plain.fate(household, group, kind, month, gain(product, leaf, bought), out_of_drawer=False)
        goes(fate, group, household, kind, bought)
        if fate == DRAWER:
            if plain.columns["drawer_kind"][household][group]:
                leaves_drawer(group, household)
            plain.columns["drawer_kind"][household][group] = kind
    assert np.array_equal(discarded.units, units)
    assert discarded.content == pytest.approx(content, rel=1e-12)
    assert plain.source.drawer_kind.tolist() == plain.columns["drawer_kind"]


# --- Exact flows ------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    number=st.integers(10, 120),
    seed=st.integers(0, 10**6),
    plenty=st.floats(0.0, 3.0),
    aware=st.sampled_from([0.0, 0.3, 1.0]),
    spread=st.sampled_from([0.0, 0.3]),
    scale=st.sampled_from([0.05, 0.6, 1.0]),
    price_weight=st.sampled_from([0.0, 3.0, 50.0]),
    wait=st.sampled_from([0.1, 10.0]),
    multiple=st.sampled_from([0.1, 1.0, 1000.0]),
    shape=st.sampled_from([0.5, 15.0]),
    drawer=st.sampled_from([0.0, 1.0]),
    growth=st.sampled_from([-0.2, 0.0, 1.0]),
    life=st.sampled_from([0.5, 60.0]),
    repairable=st.sampled_from([0.0, 1.0]),
)
def test_nothing_is_lost_and_no_more_is_sold_than_there_is(
    number, seed, plenty, aware, spread, scale, price_weight, wait, multiple, shape, drawer, growth, life, repairable
):
    households, offers = make_households(
        number,
        seed,
        aware_share=aware,
        attitude_spread=spread,
        convenience_spread=spread,
        income_spread=array(0, spread, spread, 0, spread),
        nest_scale=scale,
        price_weight=price_weight,
        wait_time=wait,
        stock_multiple=everywhere(*[multiple] * 4),
        lifetime_shape=np.full(4, shape),
        drawer=np.full(4, drawer),
        past_growth=np.full(4, growth),
        lifetime=np.full(4, life),
        repairable=np.full(4, repairable),
    )
    generator = np.random.default_rng(seed)
    scale_of_stock = np.zeros((PRODUCTS, LEAVES))
    scale_of_stock[households.products] = households.units.reshape(3, LEAVES)
    in_use, hoarded = households.in_use.sum(axis=2), households.hoarded
    content = contents(households)
    for month in range(18):
        new = plenty * generator.random((PRODUCTS, LEAVES)) * scale_of_stock * number / 20
        used = plenty * generator.random((PRODUCTS, LEAVES)) * scale_of_stock * number / 20
        choices = households.choose(month, offers)
        purchases = households.complete(choices, new, used)
        gone = households.use(purchases, no_refund, CONTENT_NEW, CONTENT_USED)
        assert (purchases.units_new.sum(axis=2) <= new).all()
        assert (purchases.units_used <= used).all()
        assert np.array_equal(purchases.outcomes.sum(axis=(2, 3)), deciders(households, choices))
        assert choices.expected.sum() <= purchases.outcomes.sum() * (1 + 1e-6)

        in_use = in_use + purchases.units[:, :, USED:].sum(axis=2) - gone.units[:4].sum(axis=0) + gone.left_drawer
        hoarded = hoarded + gone.hoarded - gone.left_drawer
        assert np.array_equal(in_use, households.in_use.sum(axis=2))
        assert np.array_equal(hoarded, households.hoarded)
        content += np.einsum("pla,plw->plw", purchases.units_new, CONTENT_NEW[:, :, HISTORY + month])
        content += purchases.units_used[:, :, None] * CONTENT_USED[:, :, HISTORY + month]
        content -= gone.returned_content + gone.sold_on_content + gone.binned_content
    assert contents(households) == pytest.approx(content, rel=1e-9)
    assert np.array_equal(recounted(households), households.in_use)
    assert np.array_equal(households.cohorts(400).sum(axis=(0, 3)), in_use)
    assert np.array_equal(households.cohorts(400, hoarded=True).sum(axis=(0, 3)), hoarded)
    assert ((households.trust >= 0) & (households.trust <= 1)).all()
    assert ((households.attitude >= 0) & (households.attitude <= 1)).all()
    if aware == 0.0 and not (households.circular_items > 0).any():
        assert not households.aware.any()


def contents(households: Households) -> np.ndarray:
    """Content (P, L, W) of all that is in use or in drawers."""
    both = households.cohorts(400) + households.cohorts(400, hoarded=True)
    return np.einsum("plt,pltw->plw", both[0], CONTENT_NEW) + np.einsum("plt,pltw->plw", both[1], CONTENT_USED)


def deciders(households: Households, choices) -> np.ndarray:
    result = np.zeros((PRODUCTS, LEAVES))
    result[households.products] = (choices.counts * households.units).reshape(-1, LEAVES)
    return result


def recounted(households: Households) -> np.ndarray:
    """Items in use (P, L, 6) counted from the columns."""
    result = np.zeros((PRODUCTS, LEAVES, 6))
    units = households.units.reshape(-1, LEAVES)
    for group, product in enumerate(households.products):
        for leaf in range(LEAVES):
            kinds = households.kind[households.leaf == leaf, group]
            result[product, leaf] = np.bincount(kinds, minlength=6) * units[group, leaf]
    result[:, :, KEEP] = 0.0
    return result


def test_an_item_due_is_decided_once_and_the_rest_left_alone():
    households, offers = make_households(300)
    for month in range(24):
        before = households.due.copy()
        choices = households.choose(month, offers)
        households.use(households.complete(choices, PLENTY, PLENTY), no_refund, CONTENT_NEW, CONTENT_USED)
        decided = before == month
        assert len(choices.flat) == decided.sum()
        assert (households.due[decided] > month).all()
        assert np.array_equal(households.due[~decided], before[~decided])
        assert (households.due > month).all()


def test_what_is_handed_in_is_described_one_by_one():
    households, offers = make_households(600)
    for gone in run(households, offers, range(12)).discarded:
        units = np.zeros((PRODUCTS, LEAVES))
        np.add.at(units, (gone.returned_product, gone.returned_leaf), gone.returned_weight)
        assert np.array_equal(units, gone.returned)
        assert (gone.returned_bought < 12).all()
        assert set(gone.returned_kind) <= {USED, LINEAR, CIRCULAR, SERVICE}


def test_spending_is_units_times_price():
    households, offers = make_households(600)
    for purchases in run(households, offers, range(3)).purchases:
        assert purchases.spending == pytest.approx(purchases.units * offers.price)
        assert purchases.spending_by_leaf.sum() == pytest.approx(purchases.spending.sum())
        assert purchases.spending_by_quintile.sum() == pytest.approx(purchases.spending.sum())
        assert np.array_equal(purchases.repairs, purchases.units[:, :, REPAIR])


# --- The start --------------------------------------------------------------------------------------


def test_the_sample_represents_the_households():
    households, _ = make_households(1000)
    config = make_config()
    assert len(households) == 1000
    for leaf, jurisdiction in enumerate(config.leaves):
        here = households.leaf == leaf
        assert here.sum() == pytest.approx(1000 * config.jurisdictions.sample_share[jurisdiction], abs=1)
        assert households.weight[here].sum() == pytest.approx(config.jurisdictions.households[jurisdiction], rel=1e-6)
        assert np.median(households.income[here]) == pytest.approx(config.jurisdictions.income[jurisdiction], rel=0.01)
        assert np.bincount(households.quintile[here]) == pytest.approx(here.sum() / 5, abs=1)
        assert households.aware[here].mean() == pytest.approx(0.5, abs=0.01)
    assert households.attitude.mean() == pytest.approx(0.5, abs=0.01)
    assert households.attitude.std() == pytest.approx(0.15, abs=0.01)


def test_the_stock_at_the_start_is_that_of_the_data():
    households, _ = make_households(4000)
    stock = make_config().products.household_stock[:, [1, 2, 4]]
    one_item = np.zeros((PRODUCTS, LEAVES))
    one_item[households.products] = households.units.reshape(3, LEAVES)
    assert (np.abs(households.in_use.sum(axis=2) - stock) <= one_item * 1.001).all()
    assert np.array_equal(recounted(households), households.in_use)
    assert households.in_use[3].sum() == 0.0


def test_sizes_of_leaves():
    share = array(0.5, 0.5, 0.0)
    assert setup.sample_sizes(array(10, 10, 10), share, 10).tolist() == [5, 4, 1]
    assert setup.sample_sizes(array(10, 0, 10), share, 10).tolist() == [9, 0, 1]
    assert setup.sample_sizes(array(1, 1, 1), array(0, 0, 0), 12).tolist() == [4, 4, 4]
    with pytest.raises(ValueError, match="2 households cannot represent 3"):
        setup.sample_sizes(array(1, 1, 1), share, 2)


@pytest.mark.parametrize("nest_scale", [0.3, 1.0])
def test_choices_at_the_start_reproduce_the_shares_in_the_data(nest_scale: float):
    households, offers = make_households(300, nest_scale=nest_scale)
    config = make_config()
    counts = np.tile(np.bincount(households.leaf), 3)
    everybody = np.tile(np.arange(300), 3)
    who = households._deciders(everybody, np.ones(900, dtype=bool), np.zeros(900, dtype=bool))
    tables = Tables(offers, households.products, households._median_income, households.taste, households.behaviour)
    chance = nested_logit(tables.utilities(counts, who), tables.open_to(counts, who), nest_scale)
    share = (sum_by_segment(chance, counts) / counts).reshape(6, 3, LEAVES)
    used, circular, service = (
        getattr(config.products, name)[:3, None] for name in ("used_share", "circular_share", "service_share")
    )
    assert share[USED] == pytest.approx(np.tile(used, LEAVES), rel=1e-3)
    assert share[CIRCULAR] == pytest.approx(np.tile((1 - used) * circular, LEAVES), rel=1e-3)
    assert share[SERVICE] == pytest.approx(np.tile((1 - used) * service, LEAVES), rel=1e-3)
    who.failed[:] = False
    chance = nested_logit(tables.utilities(counts, who), tables.open_to(counts, who), nest_scale)
    assert (sum_by_segment(chance, counts) / counts)[KEEP] == pytest.approx(0.5, abs=1e-3)


def test_shares_that_the_aware_cannot_reach_are_met_as_far_as_they_can():
    households, offers = make_households(
        6000, aware_share=0.1, awareness_by_peers=0.0, circular_share=array(0.3, 0.3, 0.3, 0.3)
    )
    bought = sum(run(households, offers, range(6)).expected)[1, :, USED:].sum(axis=0)
    assert 0.05 < bought[CIRCULAR - USED :].sum() / bought.sum() < 0.15
    assert np.isfinite(households.taste).all()


def test_purchases_are_steady_from_the_first_month_and_the_stock_stays():
    """In a saturated market the first two years look like the next six."""
    households, offers = make_households(
        12_000,
        stock_multiple=everywhere(1, 1, 1, 1),
        past_growth=np.zeros(4),
        awareness_by_peers=0.0,
        attitude_by_peers=0.0,
        trust_by_experience=0.0,
        peer_weight=0.0,
    )
    stock, hoarded = households.in_use.sum(axis=(1, 2)), households.hoarded.sum(axis=1)
    records = run(households, offers, range(96))
    bought = np.array([purchases.units[1:3, :, USED:].sum(axis=(1, 2)) for purchases in records.purchases])
    early, late = bought[:24].mean(axis=0), bought[24:].mean(axis=0)
    assert early == pytest.approx(late, rel=0.06)
    assert households.in_use.sum(axis=(1, 2)) == pytest.approx(stock)
    assert households.hoarded[1].sum() == pytest.approx(hoarded[1], rel=0.08)


def test_systematic_sampling_spreads_decisions_evenly():
    """Decisions in the first year vary less from month to month than if they fell due independently."""
    households, offers = make_households(6000)
    decisions = []
    for month in range(12):
        choices = households.choose(month, offers)
        decisions.append(choices.counts.reshape(3, LEAVES).sum(axis=1)[1])
        households.complete(choices, PLENTY, PLENTY)
    assert np.var(decisions, ddof=1) < 0.7 * np.mean(decisions)


def test_small_samples_agree_with_large_ones():
    bought = []
    for number in (5000, 40_000):
        households, offers = make_households(number)
        bought.append(total(run(households, offers, range(60)).purchases, "units")[1:3, :, USED:].sum(axis=(1, 2)))
    assert bought[0] == pytest.approx(bought[1], rel=0.04)


def test_a_growing_stock_follows_its_path():
    households, offers = make_households(12_000, awareness_by_peers=0.0, attitude_by_peers=0.0)
    start = households.in_use[0].sum()
    run(households, offers, range(120))
    reached = households.in_use[0].sum() / start
    months = setup.months_until_stock(reached, 12.0, 2034.0, 0.35, 2026.0)
    assert months == pytest.approx(120, abs=9)


def test_counts_of_circular_neighbours_stay_right_when_households_change_several_items_at_once():
    households, offers = make_households(
        3000, circular_share=np.full(4, 0.5), lifetime=np.full(4, 1.0), aware_share=1.0, attitude_by_peers=0.0
    )
    run(households, offers, range(24))
    owns = (households.kind >= CIRCULAR).sum(axis=1)
    assert np.array_equal(households.circular_items, owns)
    assert np.array_equal(households.peers, (owns > 0)[households.neighbours].sum(axis=1))


def test_only_whole_items_are_sold():
    unit = np.array([0.25, 0.25, 0.1, 7.0, 7.0])
    available = np.array([0.75, np.nextafter(0.75, 0.0), np.nextafter(3 * 0.1, 0.0), np.inf, 0.0])
    whole = _whole_items(available, unit)
    assert whole.tolist() == [3.0, 2.0, 2.0, np.inf, 0.0]
    assert (whole * unit <= available).all()


def test_intentions_are_neutral_at_the_start():
    households, _ = make_households(3000)
    intention, control = households._intention(np.arange(3000))
    assert intention.mean() == pytest.approx(0.0, abs=0.01)
    assert control.mean() == pytest.approx(0.0, abs=0.01)


def test_a_shrinking_stock_is_not_replaced():
    households, offers = make_households(
        3000,
        stock_multiple=everywhere(1, 0.4, 1, 1),
        stock_midpoint=array(2026, 2026, 2026, 2026),
        stock_speed=np.full(4, 0.5),
    )
    start = households.in_use[1].sum()
    records = run(households, offers, range(300))
    assert total(records.purchases, "outcomes")[1, :, GIVE_UP].sum() > 0.0
    assert households.in_use[1].sum() / start == pytest.approx(0.4, abs=0.05)


def test_stock_paths_of_known_answer():
    months = setup.months_until_stock(array(0.5, 1.0, 5.5, 9.99, 10.0, 12.0), 10.0, 2030.0, 20.0, 2020.0)
    assert months[1] == 0.0
    assert months[2] == pytest.approx(120.0)
    assert 120.0 < months[3] < 130.0
    assert np.isinf(months[4:]).all()
    falling = setup.months_until_stock(array(1.0, 0.75, 0.5, 0.2), 0.5, 2030.0, 20.0, 2020.0)
    assert falling[1] == pytest.approx(120.0)
    assert np.isinf(falling[2:]).all()
    assert np.isinf(setup.months_until_stock(array(1.0, 2.0), 1.0, 2030.0, 1.0, 2020.0)).all()


@pytest.mark.parametrize("count", [2, 3, 10, 500])
def test_the_network_is_symmetric_and_regular(count: int):
    near = setup.small_world(np.random.default_rng(1), count, 6, 0.2)
    assert near.shape == (count, 6)
    assert (near != np.arange(count)[:, None]).all()
    links = np.zeros((count, count), dtype=int)
    np.add.at(links, (np.repeat(np.arange(count), 6), near.reshape(-1)), 1)
    assert np.array_equal(links, links.T)


def test_the_network_is_a_small_world():
    generator = np.random.default_rng(2)

    def clustering(rewiring: float) -> float:
        near = setup.small_world(generator, 2000, 10, rewiring)
        links = np.zeros((2000, 2000), dtype=np.float32)
        links[np.arange(2000)[:, None], near] = 1.0
        triangles = ((links @ links) * links).sum()
        return float(triangles / (links.sum(axis=1) * (links.sum(axis=1) - 1)).sum())

    assert clustering(0.0) == pytest.approx(2 / 3, abs=0.001)
    assert 0.35 < clustering(0.1) < 0.65
    assert clustering(1.0) < 0.05


def test_neighbours_live_in_the_same_leaf():
    households, _ = make_households(200)
    assert (households.leaf[households.neighbours] == households.leaf[:, None]).all()


# --- Behaviour --------------------------------------------------------------------------------------


def expected_share(households: Households, offers: Offers, alternative: int) -> float:
    expected = households.choose(0, offers).expected[:, :, USED:].sum(axis=(0, 1))
    return float(expected[alternative - USED] / expected.sum())


def test_the_unaware_buy_nothing_circular():
    households, offers = make_households(600, aware_share=0.0, awareness_by_peers=0.0)
    records = run(households, offers, range(24))
    units = total(records.purchases, "units").sum(axis=(0, 1))
    assert units[LINEAR] > 0.0
    assert units[USED] > 0.0
    assert units[CIRCULAR] == units[SERVICE] == 0.0


@pytest.mark.parametrize("alternative", [USED, LINEAR, CIRCULAR, SERVICE])
def test_a_dearer_offer_is_chosen_less(alternative: int):
    base = expected_share(*make_households(600), alternative)
    households, offers = make_households(600)
    offers.price[:, :, alternative] *= 1.2
    assert expected_share(households, offers, alternative) < base


def test_the_poor_buy_less_of_what_becomes_dear():
    households, offers = make_households(6000)
    offers.price[1, :, USED:] *= 4.0
    bought = total(run(households, offers, range(24)).purchases, "outcomes")[1, :, USED:6].sum(axis=(0, 1))
    assert bought[0] < 0.9 * bought[4]


def test_what_is_not_offered_is_not_bought():
    households, offers = make_households(600)
    offers.available[:, :, CIRCULAR:] = False
    units = total(run(households, offers, range(12)).purchases, "units").sum(axis=(0, 1))
    assert units[CIRCULAR] == units[SERVICE] == 0.0
    offers.available[:, :, :] = False
    offers.available[:, :, KEEP] = True
    purchases = run(households, offers, range(12, 13)).purchases[0]
    assert purchases.units[:, :, USED:].sum() == 0.0
    assert purchases.unserved.sum() > 0.0


def test_those_turned_away_come_back_next_month():
    households, offers = make_households(600)
    none = np.zeros((PRODUCTS, LEAVES))
    choices = households.choose(0, offers)
    purchases = households.complete(choices, none, none)
    households.use(purchases, no_refund, CONTENT_NEW, CONTENT_USED)
    wanted = (choices.chosen >= USED).sum()
    assert purchases.unserved.sum() > 0.0
    assert purchases.units[:, :, USED:].sum() == 0.0
    assert (households.due == 1).sum() >= wanted


def test_a_cheaper_repair_is_chosen_more_and_delays_purchases():
    dear, offers = make_households(3000)
    offers.price[:, :, REPAIR] *= 3.0
    many = total(run(dear, offers, range(24)).purchases, "units")
    cheap, offers = make_households(3000)
    offers.price[:, :, REPAIR] *= 0.2
    few = total(run(cheap, offers, range(24)).purchases, "units")
    assert few[:, :, REPAIR].sum() > 1.1 * many[:, :, REPAIR].sum()
    assert few[:, :, USED:].sum() < many[:, :, USED:].sum()


def test_a_refund_brings_items_back():
    base, offers = make_households(3000)
    without = total(run(base, offers, range(24)).discarded, "units").sum(axis=2)
    paid, offers = make_households(3000)

    def refund(product: np.ndarray, leaf: np.ndarray, bought: np.ndarray) -> np.ndarray:
        return 0.1 * offers.price[product, leaf, LINEAR]

    with_refund = total(run(paid, offers, range(24), refund=refund).discarded, "units").sum(axis=2)
    assert with_refund[RETURNED, 1] > 1.3 * without[RETURNED, 1]
    assert with_refund[DRAWER, 1] < without[DRAWER, 1]
    assert with_refund[BINNED, 1] < without[BINNED, 1]


def test_fates_at_the_start_are_those_of_the_data():
    households, offers = make_households(
        12_000, attitude_spread=0.0, convenience_spread=0.0, subjective_norm_weight=0.0, service_share=np.zeros(4)
    )
    gone = run(households, offers, range(24)).discarded
    phones = total(gone, "units")[:, 1].sum(axis=1)
    products = make_config().products
    out_of_use = phones[:4].sum() - phones[LEFT_DRAWER]
    assert phones[DRAWER] / out_of_use == pytest.approx(products.drawer[1], abs=0.04)
    assert phones[SOLD_ON] / out_of_use == pytest.approx(products.sold_on[1], abs=0.04)


@pytest.mark.parametrize("trait", ["attitude", "convenience"])
def test_attitude_and_convenience_bring_items_back(trait: str):
    base, offers = make_households(3000)
    before = total(run(base, offers, range(24)).discarded, "units")[:, 1].sum(axis=1)
    keen, offers = make_households(3000)
    getattr(keen, trait)[:] += np.float32(0.3)
    after = total(run(keen, offers, range(24)).discarded, "units")[:, 1].sum(axis=1)
    assert after[RETURNED] > 1.05 * before[RETURNED]
    assert after[BINNED] < 0.85 * before[BINNED]
    assert after[DRAWER] < 0.95 * before[DRAWER]


def test_what_was_a_service_goes_back():
    households, offers = make_households(600)
    households.kind[households.kind > 0] = SERVICE
    households._count_items()
    gone = run(households, offers, range(1)).discarded[0]
    assert gone.returned.sum() > 0.0
    assert gone.sold_on.sum() == 0.0
    assert gone.hoarded.sum() == 0.0
    assert gone.binned.sum() <= gone.left_drawer.sum()


def test_awareness_spreads_where_neighbours_own_circular():
    households, offers = make_households(1200, aware_share=0.3)
    before = households.aware.mean()
    run(households, offers, range(60))
    assert households.aware.mean() > before + 0.05
    alone, offers = make_households(1200, aware_share=0.3, awareness_by_peers=0.0)
    before = alone.aware.mean()
    run(alone, offers, range(60))
    assert alone.aware.mean() == before


def test_neighbours_raise_the_share_of_circular():
    without = expected_share(*make_households(600), CIRCULAR)
    households, offers = make_households(600)
    households.peers[:] = households.degree
    assert expected_share(households, offers, CIRCULAR) > 1.2 * without


def test_trust_grows_and_falls_with_used_items():
    households, offers = make_households(600)
    households.kind[:, 1] = np.where(households.kind[:, 1] > 0, USED, 0)
    households._count_items()
    replaced = households.fails[:, 1] <= 0
    trust = households.trust.copy()
    run(households, offers, range(1))
    changed = households.trust != trust
    assert changed.any()
    assert (households.trust[changed & ~replaced] > trust[changed & ~replaced]).all()


def test_expected_purchases_are_what_happens_on_average():
    surprise, variance = np.zeros(6), np.zeros(6)
    for seed in range(20):
        households, offers = make_households(600, seed)
        for month in range(3):
            choices = households.choose(month, offers)
            purchases = households.complete(choices, PLENTY, PLENTY)
            surprise += (purchases.units - choices.expected).sum(axis=(0, 1))
            variance += choices.chance * (1 - choices.chance) @ households.units[choices.segment] ** 2
    assert (np.abs(surprise) < 4.0 * np.sqrt(variance)).all()


def test_a_price_that_is_no_price_is_named():
    households, offers = make_households(60)
    offers.price[0, 0, LINEAR] = -1.0
    with pytest.raises(ValueError, match="month 0: the price of an offer"):
        households.choose(0, offers)


def test_a_leaf_without_income_is_named():
    with pytest.raises(ValueError, match="leaves without income"):
        make_households(60, income=array(0, 36e3, 0, 0, 30e3))


def test_a_leaf_without_households_is_left_empty():
    nobody = array(0, 1.5e6, 0, 0, 19e6)
    stock = np.outer(array(0.06, 1.9, 1.1, 0.0), nobody)
    households, offers = make_households(100, households=nobody, household_stock=stock, income=array(0, 3e4, 0, 0, 3e4))
    records = run(households, offers, range(12))
    assert not (households.leaf == 1).any()
    assert total(records.purchases, "outcomes")[:, 1].sum() == 0.0


def test_households_may_own_nothing_at_all():
    households, offers = make_households(50, household_stock=np.zeros((PRODUCTS, 5)))
    records = run(households, offers, range(2))
    assert total(records.purchases, "outcomes").shape == (PRODUCTS, LEAVES, 8, 5)
    assert total(records.discarded, "content").sum() == households.in_use.sum() == 0.0


def test_tiny_samples_work():
    households, offers = make_households(10)
    run(households, offers, range(60))
    assert np.array_equal(recounted(households), households.in_use)


# --- Seeds, agents and kernels ----------------------------------------------------------------------


def state(households: Households) -> list[np.ndarray]:
    return [getattr(households, name).copy() for name in households.columns]


def test_the_same_seed_gives_the_same_history():
    first, second, other = (make_households(300, seed) for seed in (4, 4, 5))
    for households, offers in (first, second, other):
        run(households, offers, range(24))
    assert all(np.array_equal(a, b) for a, b in zip(state(first[0]), state(second[0]), strict=True))
    assert not np.array_equal(first[0].due, other[0].due)


def test_households_are_mesa_agents_that_do_not_disturb_the_run():
    plain, offers = make_households(200, 3)
    model = PopulationModel(rng=1)
    config = make_config()
    watched = Households(model, config, Streams(3), offers, 200)
    run(plain, offers, range(6))
    run(watched, offers, range(3))
    agents = model.agents_by_type[Household]
    assert len(agents) == 200
    assert agents.agg("attitude", np.mean) == pytest.approx(watched.attitude.mean())
    assert len(agents.select(lambda agent: agent.aware)) == watched.aware.sum()
    run(watched, offers, range(3, 6))
    assert all(np.array_equal(a, b) for a, b in zip(state(plain), state(watched), strict=True))
    agents.set("attitude", 1.0)
    assert (watched.attitude == 1.0).all()
    one = watched.handle(7)
    assert one.kind.tolist() == watched.kind[7].tolist()
    with pytest.raises(ValueError, match="read-only"):
        one.kind[0] = 0
    with pytest.raises(AttributeError, match='only through "set-up"'):
        one.weight = 2.0
    with pytest.raises(TypeError, match="cannot be removed"):
        one.remove()
    with pytest.raises(TypeError, match="sample of households is fixed"):
        watched.append()


def test_nested_logit_of_known_answers():
    utility = np.log(np.array([[1.0], [9.0], [1.0], [2.0], [3.0], [3.0]], dtype=np.float32))
    available = np.array([[True], [False], [True], [True], [True], [True]])
    assert nested_logit(utility, available, 1.0)[:, 0] == pytest.approx(np.array([1, 0, 1, 2, 3, 3]) / 10, abs=1e-6)
    # With scale s, two equal offers of weight w count as w 2^s.
    nest = 3.0 * 2.0**0.5
    chance = nested_logit(utility, available, 0.5)[:, 0]
    assert chance == pytest.approx(np.array([1, 0, 1, 2, nest / 2, nest / 2]) / (4 + nest), abs=1e-6)
    assert nested_logit(utility, np.zeros((6, 1), dtype=bool), 0.5).sum() == 0.0
    only = np.zeros((6, 1), dtype=bool)
    only[SERVICE] = True
    assert nested_logit(utility - 1e4, only, 0.05)[:, 0].tolist() == [0, 0, 0, 0, 0, 1]


def test_choice_sets():
    config = make_config()
    offers = make_offers(config)
    tables = Tables(offers, np.array([0]), np.full(LEAVES, 3e3), np.zeros((6, LEAVES)), config.households)
    none = np.zeros(3, dtype=np.float32)
    who = Deciders(
        none + 1,
        none,
        none,
        none,
        aware=np.array([True, False, True]),
        failed=np.array([False, True, True]),
        repairable=np.array([True, True, False]),
        leaving=np.array([False, False, True]),
    )
    open_to = tables.open_to(np.array([1, 1, 1]), who).T
    assert np.flatnonzero(open_to[0]).tolist() == [KEEP, USED, LINEAR, CIRCULAR, SERVICE]
    assert np.flatnonzero(open_to[1]).tolist() == [REPAIR, USED, LINEAR]
    assert np.flatnonzero(open_to[2]).tolist() == []
