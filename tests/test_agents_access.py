"""Agents as Mesa knows them: handles that agree with columns, write through, leave, and let go of their model."""

import gc
import inspect
import weakref
from collections.abc import Callable
from typing import Any

import mesa
import numpy as np
import pytest

from abm.agents.firms import KINDS, Firm
from abm.agents.governments import Government
from abm.agents.households import Household
from abm.agents.primary_producers import PrimaryProducer
from abm.agents.recyclers import Recycler
from abm.agents.state_backed import StateBackedBloc
from abm.books import TOLERANCE
from abm.model import CircularTransition
from abm.population import Population, RowAgent

ORGANISATIONS = (Firm, Recycler, PrimaryProducer)
ROWS = (Household, *ORGANISATIONS)
ROUGH = {"shocks": "turbulent", "mix": "push_and_pull", "households": 60, "months": 48}

Build = Callable[..., CircularTransition]


def ids(kinds: Any) -> list[str]:
    return [kind.__name__ for kind in kinds]


@pytest.fixture(scope="module")
def model(make: Build) -> CircularTransition:
    """A model in its fourth month, to be read only."""
    model = make(months=6)
    for _ in range(4):
        model.step()
    return model


@pytest.fixture
def fresh(make: Build) -> CircularTransition:
    """The same, to be changed."""
    model = make(months=18)
    for _ in range(4):
        model.step()
    return model


def population(model: CircularTransition, kind: type[RowAgent]) -> Population:
    return model.populations[kind]


# --- Reading --------------------------------------------------------------------------------------


def test_all_six_kinds_are_agents_of_the_model(model: CircularTransition) -> None:
    assert set(model.agents_by_type) == {*ROWS, Government, StateBackedBloc}
    assert len(model.agents_by_type[Government]) == len(model.config.governments)
    assert len(model.agents_by_type[StateBackedBloc]) == len(model.config.active_blocs)
    counts = [len(model.agents_by_type[kind]) for kind in model.agents_by_type]
    assert len(model.agents) == sum(counts) > 0
    assert len(set(model.agents.get("unique_id"))) == len(model.agents)
    for kind, agents in model.agents_by_type.items():
        assert all(isinstance(agent, mesa.Agent) and type(agent) is kind and agent.model is model for agent in agents)


@pytest.mark.parametrize("kind", ROWS, ids=ids(ROWS))
def test_every_field_of_every_agent_is_its_row_of_the_column(model: CircularTransition, kind: type[RowAgent]) -> None:
    rows, agents = population(model, kind), model.agents_by_type[kind]
    members = np.flatnonzero(rows.active)
    assert [agent.row for agent in agents] == members.tolist()
    for name in rows.columns:
        column = getattr(rows, name)[members]
        read = agents.get(name)
        assert np.array_equal(np.array(read, dtype=column.dtype), column), name
        if column.ndim == 1:
            assert read == column.tolist(), name  # plain Python numbers


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Household, "attitude"),
        (Household, "income"),
        (Firm, "capacity"),
        (Recycler, "processed"),
        (PrimaryProducer, "capacity"),
    ],
)
def test_select_and_agg_agree_with_the_columns(model: CircularTransition, kind: type[RowAgent], name: str) -> None:
    rows, agents = population(model, kind), model.agents_by_type[kind]
    column = getattr(rows, name)[rows.active]
    middle = float(np.median(column))
    chosen = agents.select(lambda agent: getattr(agent, name) > middle)
    assert len(chosen) == np.count_nonzero(column > middle) > 0
    assert np.array_equal(chosen.get(name), column[column > middle])
    assert agents.agg(name, np.sum) == np.sum(column.tolist())
    assert agents.agg(name, [min, max]) == [column.min(), column.max()]
    assert len(model.agents.select(agent_type=kind)) == len(agents)
    first = agents.select(at_most=3)
    assert [agent.row for agent in first] == np.flatnonzero(rows.active)[:3].tolist()


def test_governments_and_blocs_are_read_like_others(model: CircularTransition) -> None:
    governments = model.agents_by_type[Government]
    table = model.config.jurisdictions
    assert set(governments.get("name")) == {table.ids[row] for row in model.config.governments}
    believed = governments.agg("credibility", max)
    assert believed == max(government.credibility for government in model.governments.members)
    (bloc,) = model.agents_by_type[StateBackedBloc]
    assert bloc is model.blocs[0]
    assert bloc.regime.shape == (len(model.config.materials),)


@pytest.mark.parametrize("kind", ORGANISATIONS, ids=ids(ORGANISATIONS))
def test_money_of_an_organisation_is_that_of_its_account(model: CircularTransition, kind: type[RowAgent]) -> None:
    agents, account = model.agents_by_type[kind], population(model, kind).account
    active = population(model, kind).active
    assert agents.get("cash") == model.books.cash[account][active].tolist()
    assert agents.agg("debt", sum) == pytest.approx(model.books.debt[account][active].sum())


# --- Writing --------------------------------------------------------------------------------------


def test_what_is_written_to_an_agent_stands_in_its_column(fresh: CircularTransition) -> None:
    household = list(fresh.agents_by_type[Household])[7]
    household.attitude = 0.25
    household.aware = True
    assert fresh.households.attitude[household.row] == np.float32(0.25)
    assert household.attitude == 0.25
    assert fresh.households.aware[household.row]
    household.fails = np.arange(len(household.fails))
    assert fresh.households.fails[household.row].tolist() == list(range(len(household.fails)))
    fresh.agents_by_type[Firm].set("markup", 0.3)
    assert (fresh.firms.markup[fresh.firms.active] == 0.3).all()
    firm = next(iter(fresh.agents_by_type[Firm]))
    firm.markup *= 2.0
    assert fresh.firms.markup[firm.row] == 0.6
    firm.thrift[0] = 0.1
    assert fresh.firms.thrift[firm.row, 0] == 0.1


def test_the_model_feels_what_is_written(fresh: CircularTransition, make: Build) -> None:
    """Households that are all made to distrust used goods buy fewer of them than those that trust."""
    sold = []
    for trust in (0.0, 1.0):
        model = make(months=12)
        total = 0.0
        while model.running:
            model.agents_by_type[Household].set("trust", trust)
            model.step()
            total += float(model.product_trade.used_wanted.sum())
        sold.append(total)
    assert sold[0] < 0.9 * sold[1]


KEPT = [
    (Household, "weight", 2.0, "set-up"),
    (Household, "kind", np.zeros(1), "complete"),
    (Household, "slot", 3, "append"),
    (Household, "active", False, "retire"),
    *[(kind, "slot", 3, "append") for kind in ORGANISATIONS],
    *[(kind, "account", 3, "account") for kind in ORGANISATIONS],
    *[(kind, "cash", 1e6, "pay") for kind in ORGANISATIONS],
    *[(kind, "debt", 0.0, "lend, repay or write_off") for kind in ORGANISATIONS],
    (Firm, "inputs", 3, "place"),
    (Firm, "inputs_held", np.zeros(1), "move"),
    (Firm, "finished_held", np.zeros(1), "move"),
    (Recycler, "feed_place", 3, "place"),
    (Recycler, "feed_held", np.zeros(1), "move"),
    (Recycler, "output_held", np.zeros(1), "move"),
]


@pytest.mark.parametrize(("kind", "name", "value", "verb"), KEPT, ids=[f"{k.__name__}.{n}" for k, n, *_ in KEPT])
def test_what_the_books_keep_is_read_only_and_says_which_verb(
    model: CircularTransition, kind: type[RowAgent], name: str, value: Any, verb: str
) -> None:
    agent = next(iter(model.agents_by_type[kind]))
    before = np.array(getattr(agent, name))
    with pytest.raises(AttributeError, match=f'{kind.__name__}.{name} is kept by the books.*"{verb}"'):
        setattr(agent, name, value)
    assert np.array_equal(getattr(agent, name), before)


@pytest.mark.parametrize(("kind", "name"), [(Household, "kind"), (Firm, "inputs_held"), (Recycler, "feed_held")])
def test_entries_of_what_the_books_keep_are_read_only_too(
    model: CircularTransition, kind: type[RowAgent], name: str
) -> None:
    entries = getattr(next(iter(model.agents_by_type[kind])), name)
    with pytest.raises(ValueError, match="read-only"):
        entries[0] = 1


# --- Coming and going -----------------------------------------------------------------------------


def test_handles_follow_entries_and_exits(make: Build) -> None:
    model = make(**{**ROUGH, "months": 72})
    known = {kind: model.agents_by_type[kind] for kind in ORGANISATIONS}
    first = {kind: list(agents) for kind, agents in known.items()}
    names = {*model.firms.names, *model.recyclers.names}
    while model.running:
        model.step()
        for kind, agents in known.items():
            assert len(agents) == np.count_nonzero(population(model, kind).active)
    left = [agent for agent in first[Firm] + first[Recycler] if agent not in model.agents]
    bankrupt = [event for event in log(model) if event.what == "bankrupt" and event.unit == "EUR lost by lenders"]
    assert len(left) == sum(event.who in names for event in bankrupt)  # newcomers may fail as well
    assert any(agent not in first[Recycler] + first[Firm] for agent in list(known[Recycler]) + list(known[Firm]))
    for agent in left:
        with pytest.raises(LookupError, match="has left the model"):
            _ = agent.capacity


def log(model: CircularTransition) -> list[Any]:
    return model.event_log.events


def places_of(model: CircularTransition, agent: RowAgent) -> list[int]:
    return [
        getattr(agent, name) for name in ("inputs", "finished", "feed_place", "output_place") if hasattr(agent, name)
    ]


def go_on(model: CircularTransition, months: int = 3) -> None:
    for _ in range(months):
        model.step()
    assert model.books.worst_residual <= TOLERANCE


VICTIMS = [
    *[(Firm, "kind", number) for number in range(len(KINDS))],
    *[(Recycler, "status", number) for number in range(2)],
    *[(PrimaryProducer, "stage", number) for number in range(2)],
]


@pytest.mark.parametrize(("kind", "name", "value"), VICTIMS)
def test_one_removed_by_hand_is_wound_up_through_the_books(
    fresh: CircularTransition, kind: type[RowAgent], name: str, value: int
) -> None:
    model, books = fresh, fresh.books
    rows = population(model, kind)
    chosen = model.agents_by_type[kind].select(lambda agent: getattr(agent, name) == value)
    if not len(chosen):  # a plant that stands still, when none does
        chosen = model.agents_by_type[kind].select(at_most=1)
        setattr(next(iter(chosen)), name, value)
    agent = list(chosen)[-1]
    row, account, places, count = agent.row, agent.account, places_of(model, agent), len(model.agents)
    held, mass = books.stock[places].sum(axis=0), books.stock.sum(axis=0)
    agent.remove()
    assert not rows.active[row]
    assert rows.died[row] == model.month
    assert (books.cash[account], books.debt[account]) == (0.0, 0.0)
    assert not books.stock[places].any()
    assert np.allclose(books.stock.sum(axis=0), mass, rtol=1e-12)
    assert kind is PrimaryProducer or held.any() or name == "kind"
    assert abs(books.net_financial_assets.sum()) <= TOLERANCE * np.abs(books.cash).sum()
    assert len(model.agents) == count - 1
    with pytest.raises(LookupError, match="has left the model"):
        _ = agent.capacity
    with pytest.raises(LookupError, match="has left the model"):
        agent.remove()
    assert [(event.kind, event.who, event.what) for event in log(model) if event.what == "closed"] == [
        ("exit", rows.names[row], "closed")
    ]
    go_on(model)
    assert (books.cash[account], books.debt[account]) == (0.0, 0.0)
    assert not books.stock[places].any()
    assert rows.capacity[row] == 0.0


def test_one_removed_within_a_month_is_wound_up_as_well(
    fresh: CircularTransition, monkeypatch: pytest.MonkeyPatch
) -> None:
    victims = [next(iter(fresh.agents_by_type[kind])) for kind in (Firm, Recycler, PrimaryProducer)]
    proper = fresh.settlement.run

    def with_raid(*arguments: Any) -> None:
        proper(*arguments)
        for victim in victims:
            victim.remove()

    with monkeypatch.context() as patch:
        patch.setattr(fresh.settlement, "run", with_raid)
        fresh.step()
    go_on(fresh)


@pytest.mark.parametrize("kind", ORGANISATIONS, ids=ids(ORGANISATIONS))
def test_the_world_goes_on_without_any_of_a_kind(fresh: CircularTransition, kind: type[RowAgent]) -> None:
    fresh.agents_by_type[kind].do("remove")
    assert len(fresh.agents_by_type[kind]) == 0
    go_on(fresh, 6)
    assert np.isfinite(fresh.materials.price).all()


def test_removal_by_hand_is_no_bankruptcy(fresh: CircularTransition) -> None:
    before = len(fresh.failures)
    next(iter(fresh.agents_by_type[Recycler])).remove()
    assert len(fresh.failures) == before


def test_a_household_cannot_be_removed(fresh: CircularTransition) -> None:
    household = next(iter(fresh.agents_by_type[Household]))
    with pytest.raises(TypeError, match="cannot be removed"):
        household.remove()
    assert fresh.households.active.all()


# --- Letting go -----------------------------------------------------------------------------------


def test_discarded_models_are_collected(make: Build) -> None:
    discarded = []
    for seed in range(3):
        model = make(rng=seed, households=40, months=2)
        model.step()
        assert len(model.agents) > 40
        discarded.append(weakref.ref(model))
    del model
    gc.collect()
    assert [reference() for reference in discarded] == [None] * 3


# --- Mesa's own tools -----------------------------------------------------------------------------


class Collecting(CircularTransition):
    """As a researcher would write it: the model with a collector of one's own."""

    def __init__(self, households: int = 40, months: int = 3, rng: int | None = 1) -> None:
        super().__init__(households=households, months=months, rng=rng, events=False)
        self.datacollector = mesa.DataCollector(
            model_reporters={"plants": lambda model: len(model.agents_by_type[Recycler]), "month": "month"},
            agenttype_reporters={Recycler: {"capacity": "capacity", "cash": "cash"}},
        )
        self.datacollector.collect(self)

    def step(self) -> None:
        super().step()
        self.datacollector.collect(self)


def test_a_data_collector_reads_model_and_agents() -> None:
    model = Collecting()
    while model.running:
        model.step()
    table = model.datacollector.get_model_vars_dataframe()
    assert table["month"].tolist() == [-1, 0, 1, 2]
    agents = model.datacollector.get_agenttype_vars_dataframe(Recycler)
    last = agents.loc[agents.index.get_level_values("Step").max()]
    assert last["capacity"].tolist() == model.recyclers.capacity[model.recyclers.active].tolist()
    assert last["cash"].tolist() == model.books.cash[model.recyclers.account][model.recyclers.active].tolist()


def test_a_data_collector_changes_nothing(make: Build, state: Any, differences: Any) -> None:
    collecting, plain = Collecting(), make(households=40, months=3, events=False)
    while plain.running:
        collecting.step()
        plain.step()
    assert differences(state(collecting), state(plain)) == []


def batch(model: type[mesa.Model], **parameters: Any) -> list[dict[str, Any]]:
    """Mesa's batch run to the end over two seeds, which 3.5 takes as an argument and 3.3 as one more parameter."""
    seeds = [3, 4]
    if "rng" in inspect.signature(mesa.batch_run).parameters:
        return mesa.batch_run(model, parameters, rng=seeds, max_steps=10, display_progress=False)
    return mesa.batch_run(model, parameters | {"rng": seeds}, max_steps=10, display_progress=False)


def test_mesas_batch_run_works_on_the_model_unchanged(make: Build, run_out: Any, series: Any) -> None:
    rows = batch(CircularTransition, households=40, months=3, mix=["business_as_usual", "push_and_pull"])
    assert sorted((row["mix"], row["rng"]) for row in rows) == [
        (mix, seed) for mix in ("business_as_usual", "push_and_pull") for seed in (3, 4)
    ]
    for row in rows:
        own = series(run_out(make(rng=row["rng"], mix=row["mix"], households=40, months=3)))
        assert own
        for name, values in own.items():
            np.testing.assert_equal(row[name], values[-1])


def test_mesas_batch_run_works_with_a_collector_of_ones_own() -> None:
    rows = batch(Collecting, households=40)
    assert len({row["RunId"] for row in rows}) == 2
    assert {row["month"] for row in rows} <= {1, 2}  # Mesa 3.3 counts the collection at the start
    assert all(row["plants"] > 0 for row in rows)


def test_mesas_batch_run_gives_every_month_when_asked() -> None:
    parameters = {"households": 40, "months": 3, "rng": 3}
    rows = mesa.batch_run(CircularTransition, parameters, max_steps=5, data_collection_period=1, display_progress=False)
    assert len(rows) == 3
