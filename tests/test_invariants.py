"""Whatever the scenario: the run completes, the books close every month, and every number is a number.

Scenarios are drawn from what is declared: instruments and shocks with their ranges and scopes, and parameters with
their plausible ranges, endpoints included.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from abm import policies, shocks
from abm.books import TOLERANCE, Books
from abm.indicators import registry
from abm.model import CircularTransition
from abm.parameters import ConfigError, Quantity, config_folder, load_config
from abm.scenario import load_scenario
from abm.uses import ACTIONS

CONFIG = load_config(config_folder())
LONGEST, MOST = 120, 300  # months and households
# Sizes are drawn by themselves; a calendar other than that of the data means another config.
FIXED = ("time.", "money.", "households.number")
RANGES = {
    path: known.range
    for path, known in CONFIG.parameters()
    if known.kind == "quantity" and known.range and known.range[0] < known.range[1] and not path.startswith(FIXED)
}
TABLES = sorted({path.partition(".")[0] for path in RANGES})
IDLE_BLOCS = [
    CONFIG.jurisdictions.ids[row] for row in CONFIG.blocs.jurisdiction if not CONFIG.jurisdictions.active[row]
]

Strategy = st.SearchStrategy[Any]


# --- Strategies -----------------------------------------------------------------------------------


def inside(low: float, high: float) -> Strategy:
    """A number of a range, its ends as likely as all between."""
    return st.one_of(st.sampled_from([low, high]), st.floats(low, high, allow_subnormal=False))


def measured(quantity: Quantity) -> Strategy:
    """A value of a declared quantity; the default too."""
    usual = [] if quantity.default is None else [st.just(quantity.default)]
    return st.one_of(*usual, inside(quantity.low, quantity.high))


def scope(table: str) -> Strategy:
    """All entries of a table, or some."""
    return st.none() | st.lists(st.sampled_from(getattr(CONFIG, table).ids), min_size=1, unique=True)


def given_or_not(strategy: Strategy) -> Strategy:
    return st.none() | strategy


@st.composite
def several(draw: Any, uses: Strategy, most: int) -> list[dict[str, Any]]:
    """Up to so many uses, none of them twice; hypothesis favours what comes first, so two come before none."""
    drawn = [draw(uses) for _ in range(draw(st.sampled_from([2, *range(3, most + 1), 1, 0])))]
    return [use for number, use in enumerate(drawn) if use not in drawn[:number]]


@st.composite
def instruments(draw: Any, months: int) -> dict[str, Any]:
    """One use of an instrument by a government in whose power it is."""
    declared = policies.registry()[draw(st.sampled_from(sorted(policies.registry())))]
    table = CONFIG.jurisdictions
    able = [table.ids[row] for row in CONFIG.governments if str(table.level[row]) in declared.level]
    start = draw(st.integers(0, months - 1))
    use = {
        "use": declared.name,
        "jurisdiction": draw(st.sampled_from(able)),
        "start": start,
        "end": draw(given_or_not(st.integers(start, months + 12))),
        "ramp": draw(st.integers(0, 36)),
        "announced": draw(st.just(start) | st.integers(-36, start)),
        "intensity": draw(measured(declared.intensity)),
        "cap": draw(given_or_not(st.just(0.0) | inside(1e3, 1e9))) if declared.spends else None,
    }
    use |= {name: draw(scope(name)) for name in declared.scopes}
    use |= {name: draw(measured(quantity)) for name, quantity in declared.parameters.items()}
    use |= draw(fates(start, min(use["end"] or months, months)))
    if str(table.level[table.index(use["jurisdiction"])]) != "union" and "border" in use:
        use["border"] = 0.0  # trade is the union's competence
    return use


@st.composite
def fates(draw: Any, start: int, end: int) -> dict[str, Any]:
    """What becomes of an instrument: it is withdrawn, reversed by chance, or changed by rule; mostly nothing."""
    fate: dict[str, Any] = {}
    if draw(st.integers(0, 3)) == 3:
        fate = {"reversal": draw(inside(0.0, 1.0)), "pause": draw(st.integers(1, 24))}
        fate |= {"retroactive": draw(st.sampled_from([0.0, 1.0]))}
        fate |= {"withdrawn": draw(given_or_not(st.integers(start, max(start, end))))}
        fate |= {"rules": draw(st.lists(reactions(), max_size=2))}
    return {name: value for name, value in fate.items() if value is not None}


@st.composite
def reactions(draw: Any) -> dict[str, Any]:
    """A rule on an indicator that every model has."""
    side = draw(st.sampled_from(["above", "below"]))
    return {
        "indicator": draw(st.sampled_from(["belief", "recycler_failures", "public_cost", "recycler_margin"])),
        "action": draw(st.sampled_from(ACTIONS)),
        side: draw(inside(-1.0, 1.0)),
        "step": draw(inside(0.0, 2.0)),
        "most": draw(inside(0.0, 10.0)),
        "every": draw(st.integers(1, 12)),
        "over": draw(st.integers(1, 24)),
    }


@st.composite
def strikes(draw: Any, months: int) -> dict[str, Any]:
    """One shock, scripted or stochastic."""
    declared = shocks.registry()[draw(st.sampled_from(sorted(shocks.registry())))]
    use: dict[str, Any] = {"use": declared.name, "severity": draw(measured(declared.severity))}
    if draw(st.booleans()):
        use["start"] = draw(st.integers(0, months - 1))
        use["duration"] = draw(given_or_not(st.integers(1, months)))
    else:
        use["hazard"] = draw(inside(0.0, 2.0))
        use["duration"] = draw(st.integers(1, 48))
    use |= {"ramp": draw(st.integers(0, 24)), "recovery": draw(st.integers(0, 24))}
    use |= {name: draw(measured(quantity)) for name, quantity in declared.parameters.items()}
    return use | {name: draw(scopes_of_shocks()[name]) for name in declared.scopes}


def scopes_of_shocks() -> dict[str, Strategy]:
    """How a shock may be limited, by field of its use."""
    active = [CONFIG.blocs.ids[row] for row in CONFIG.active_blocs]
    return {
        "materials": scope("materials"),
        "products": scope("products"),
        "components": scope("components"),
        "jurisdiction": given_or_not(st.sampled_from(CONFIG.jurisdictions.ids)),
        "bloc": given_or_not(st.sampled_from(active)),
    }


@st.composite
def overrides(draw: Any) -> dict[str, Any]:
    """Other values for parameters: a few, a whole table at one end of its ranges, or many at random.

    Drawn as a short recipe for `spelled_out`: the thousand values themselves would bury a failing example.
    """
    paths = draw(st.lists(st.sampled_from(sorted(RANGES)), max_size=8, unique=True))
    tables = draw(st.lists(st.sampled_from(TABLES), max_size=2, unique=True))
    return {
        "few": {path: draw(inside(*RANGES[path])) for path in paths},
        "tables": {table: draw(st.sampled_from([0, 1])) for table in tables},
        "scattered": draw(given_or_not(st.integers(0, 2**32 - 1))),
        "active": draw(st.lists(st.sampled_from(IDLE_BLOCS), unique=True)) if IDLE_BLOCS else [],
    }


def spelled_out(recipe: dict[str, Any]) -> dict[str, Any]:
    """The value of each parameter that a recipe changes."""
    chosen: dict[str, Any] = {} if recipe["scattered"] is None else scattered(recipe["scattered"])
    chosen |= recipe["few"]
    for table, end in recipe["tables"].items():
        chosen |= {path: ends[end] for path, ends in RANGES.items() if path.startswith(f"{table}.")}
    return chosen | {f"jurisdictions.{identifier}.active": True for identifier in recipe["active"]}


def scattered(seed: int) -> dict[str, float]:
    """A random share of all parameters, uniform in their ranges."""
    generator = np.random.default_rng(seed)
    share = generator.random()
    return {path: generator.uniform(*ends) for path, ends in RANGES.items() if generator.random() < share}


@st.composite
def scenarios(draw: Any) -> dict[str, Any]:
    """Keywords of a scenario, and a seed."""
    months = draw(st.integers(LONGEST // 2, LONGEST))
    return {
        "months": months,
        "households": draw(st.integers(20, MOST)),
        "mix": draw(several(instruments(months), 6)),
        "shocks": draw(several(strikes(months), 4)),
        "overrides": draw(overrides()),
        "seed": draw(st.integers(0, 2**63 - 1)),
    }


# --- What must hold -------------------------------------------------------------------------------


class Watch:
    """Checks a model after each month, with sums of its own."""

    def __init__(self, model: CircularTransition) -> None:
        self.mass = model.books.stock.sum(axis=0)
        self.busiest = np.zeros_like(model.books.stock)
        self.undefined = {name for name, it in registry().items() if "undefined" in it.meaning["en"].lower()}
        self.labels = [column["indicator"] for column in model.recorder.columns]

    def __call__(self, model: CircularTransition) -> None:
        self._money(model.books)
        self._mass(model.books)
        self._prices(model)
        self._columns(model)
        self._indicators(model)

    def _money(self, books: Books) -> None:
        assert books.worst_residual <= TOLERANCE
        gross = books.turnover.sum() + np.abs(books.cash).sum() + np.abs(books.debt).sum()
        assert abs(books.cash.sum()) <= TOLERANCE * gross, "the cash of all accounts must add up to zero"
        assert (books.debt >= -TOLERANCE * gross).all(), "nobody owes less than nothing"

    def _mass(self, books: Books) -> None:
        assert np.allclose(books.stock.sum(axis=0), self.mass, rtol=TOLERANCE, atol=0.0)
        busiest = np.zeros_like(books.stock)
        busiest[: len(self.busiest)] = self.busiest
        self.busiest = np.maximum(busiest, books.inflow + books.outflow + np.abs(books.stock))
        short = np.argwhere(books.stock < -TOLERANCE * (self.busiest + 1.0))
        assert not len(short), f"negative stock: {[(books.place_names[p], books.materials[m]) for p, m in short]}"

    def _prices(self, model: CircularTransition) -> None:
        active = model.firms.active
        for name, price in {
            "materials": model.materials.price,
            "products": model.product_trade.price,
            "imports": model.product_trade.import_price,
            "components": model.materials_trade.component_price,
            "firms": model.firms.price[active & (model.firms.kind <= 2)],
        }.items():
            assert np.isfinite(price).all(), f"price of {name}"
            assert (price > 0.0).all(), f"price of {name}"
        assert np.isfinite(model.scrap.price).all()  # may be a fee

    def _columns(self, model: CircularTransition) -> None:
        for population in (model.households, model.firms, model.recyclers, model.producers):
            for name, column in population.columns.items():
                if np.issubdtype(column.dtype, np.floating):
                    assert np.isfinite(getattr(population, name)).all(), f"{type(population).__name__}.{name}"

    def _indicators(self, model: CircularTransition) -> None:
        bad = np.flatnonzero(~np.isfinite(model.recorder.values[model.month]))
        amiss = {self.labels[column] for column in bad} - self.undefined
        assert not amiss, f"no number, and the meaning does not say when: {sorted(amiss)}"
        assert not np.isinf(model.recorder.values[model.month]).any()


def guard(books: Books) -> None:
    """From now on verbs refuse to pay or move less than nothing, or what is no number."""

    def checked(verb: Callable[..., None]) -> Callable[..., None]:
        def guarded(kind: str, source: Any, target: Any, amount: Any) -> None:
            assert np.all(np.asarray(amount) >= 0.0), f"{kind}: an amount is not ≥ 0"
            verb(kind, source, target, amount)

        return guarded

    books.pay, books.move = checked(books.pay), checked(books.move)  # type: ignore[method-assign]


def check_scenario(drawn: dict[str, Any], tell: Callable[[str], object] = note) -> float:
    """Run a scenario with everything watched; returns the worst residual of its books."""
    drawn = {**drawn, "overrides": spelled_out(drawn["overrides"])}
    seed = drawn.pop("seed")
    model = CircularTransition.from_scenario(load_scenario(**drawn), rng=seed)
    watch = Watch(model)
    guard(model.books)
    try:
        while model.running:
            model.step()
            watch(model)
    except BaseException:
        tell(f"month {model.month}")
        raise
    assert model.month == drawn["months"] - 1
    return model.books.worst_residual


def tallied(drawn: dict[str, Any]) -> None:
    """What `--hypothesis-show-statistics` counts."""
    for use in [*drawn["mix"], *drawn["shocks"]]:
        event(use["use"])
    count = len(spelled_out(drawn["overrides"]))
    event(f"overrides: {'none' if not count else 'few' if count < 10 else 'many'}")


LEISURELY = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


@settings(max_examples=50, **LEISURELY)
@given(drawn=scenarios())
def test_any_scenario_runs_and_balances(drawn: dict[str, Any]) -> None:
    tallied(drawn)
    check_scenario(drawn)


@pytest.mark.slow
@settings(max_examples=200, **LEISURELY)
@given(drawn=scenarios())
def test_two_hundred_scenarios_run_and_balance(drawn: dict[str, Any]) -> None:
    tallied(drawn)
    check_scenario(drawn)


def test_when_the_ore_is_used_up_mines_stop_and_the_price_rises() -> None:
    """What is left of one material lasts a year; the books go on closing, without a gram below zero."""
    model, usual = (CircularTransition(mix=[], shocks="calm", households=40, months=36, rng=1) for _ in range(2))
    watch, row = Watch(model), 0
    rest = model.books.stock[model.places.ground].copy()
    rest[1:] = 0.0
    yearly = 1000.0 * model.config.materials.world_use[row]
    rest[row] -= yearly
    model.books.move("landfill", model.places.ground, model.places.landfill, rest)
    while model.running:
        model.step()
        usual.step()
        watch(model)
    assert model.books.stock[model.places.ground, row] < 1e-6 * yearly
    assert model.materials_trade.mined[:, row].sum() < 1e-6 * usual.materials_trade.mined[:, row].sum()
    assert model.materials.price[1, 0, row] > 2.0 * usual.materials.price[1, 0, row]


@pytest.mark.parametrize(
    ("path", "value", "whole"),
    [
        ("streams.battery.energy_share", 1.0, "energy_share and labour_share"),
        ("components.magnet.labour_share", 1.0, "energy_share and labour_share"),
        ("products.laptop.circular_share", 1.0, "circular_share and service_share"),
        ("materials.cobalt.essential_share", 1.0, "essential_share and marginal_share"),
    ],
)
def test_shares_of_one_whole_cannot_exceed_it(path: str, value: float, whole: str) -> None:
    """Otherwise the rest would be less than nothing, and money or goods would flow backwards."""
    with pytest.raises(ConfigError, match=rf"{whole} add up to 1\.\d+; expected at most 1 together"):
        load_scenario(overrides={path: value})
