"""Shocks: when they strike, how hard, what they write, and what is refused."""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abm import shocks
from abm.conditions import CONDITIONS, Circumstances, Conditions
from abm.events import EventLog
from abm.parameters import ConfigError, Quantity
from abm.randomness import Streams
from abm.rules import axis_sizes
from abm.shocks.shock import Episode, Shock


class Entries(SimpleNamespace):
    """A table of config."""

    def __len__(self) -> int:
        return len(self.ids)

    def index(self, identifier: str) -> int:
        if identifier not in self.ids:
            raise ConfigError(f"unknown entry of {self.name} '{identifier}'", key=identifier)
        return self.ids.index(identifier)


@pytest.fixture(scope="module")
def config() -> Any:
    """Jurisdictions world, home (domestic, with one leaf), giant and other; blocs sleeper, giant and twin."""
    return SimpleNamespace(
        jurisdictions=Entries(
            name="jurisdictions",
            ids=("world", "home", "leaf", "giant", "other"),
            domestic=np.array([False, True, True, False, False]),
        ),
        ancestors=[[0], [1, 0], [2, 1, 0], [3, 0], [4, 0]],
        leaves=np.array([2]),
        governments=np.array([1]),
        blocs=Entries(name="blocs", ids=("sleeper", "giant", "twin")),
        active_blocs=np.array([1, 2]),
        materials=Entries(name="materials", ids=("a", "b", "c")),
        components=Entries(name="components", ids=("magnet", "cell")),
        products=Entries(name="products", ids=("car",)),
        streams=Entries(name="streams", ids=("scrap",)),
    )


@dataclass
class Use:
    use: str
    severity: float = 0.5
    start: int | None = 0
    hazard: float | None = None
    duration: int | None = 12
    ramp: int = 0
    recovery: int = 0
    materials: tuple[str, ...] | None = None
    products: tuple[str, ...] | None = None
    components: tuple[str, ...] | None = None
    jurisdiction: str | None = None
    bloc: str | None = None
    parameters: dict[str, float] = field(default_factory=dict)


def stochastic(use: str, **changes: Any) -> Use:
    return Use(use, start=None, **({"hazard": 0.5} | changes))


def build(config: Any, *uses: Use, seed: int = 1) -> list[Shock]:
    return shocks.build(uses, config, Streams(seed))


def conditions_under(config: Any, *uses: Use, month: int = 0) -> Conditions:
    return Circumstances(axis_sizes(config), build(config, *uses)).this_month(month)


kinds = pytest.mark.parametrize("declared", shocks.registry().values(), ids=lambda declared: declared.name)


# --- Declarations ---------------------------------------------------------------------------------


def test_the_shocks_are_discovered() -> None:
    found = shocks.registry()
    assert set(found) >= {
        "export_restriction",
        "dumping_campaign",
        "demand_surge",
        "energy_spike",
        "facility_outage",
        "interest_rise",
        "recession",
        "technology_breakthrough",
        "transport_disruption",
    }
    assert all(name == declared.name for name, declared in found.items())


@kinds
def test_a_shock_documents_itself(declared: type[Shock]) -> None:
    assert set(declared.texts) == {"what", "how", "watch", "source"}
    assert set(declared.labels) == {"severity", *declared.parameters}
    for words in (declared.title, *declared.texts.values(), *declared.labels.values()):
        assert set(words) == {"en", "nl"}
        assert all(word.strip() == word and word for word in words.values())
    for quantity in (declared.severity, *declared.parameters.values()):
        assert isinstance(quantity, Quantity)
        assert quantity.low <= quantity.default <= quantity.high


# --- When and how hard ------------------------------------------------------------------------------


def test_severity_grows_holds_and_fades() -> None:
    episode = Episode(start=2, severity=0.8, duration=5, ramp=2, recovery=3)
    levels = [episode.level(month) for month in range(12)]
    assert levels == pytest.approx([0, 0, 0.4, 0.8, 0.8, 0.8, 0.8, 0.6, 0.4, 0.2, 0, 0])
    assert episode.over == 10


def test_without_ramp_and_recovery_it_is_on_or_off() -> None:
    episode = Episode(start=0, severity=0.3, duration=2, ramp=1, recovery=0)
    assert [episode.level(month) for month in range(-1, 4)] == [0.0, 0.3, 0.3, 0.0, 0.0]


def test_an_end_during_the_ramp_fades_from_where_it_was() -> None:
    episode = Episode(start=0, severity=1.0, duration=2, ramp=4, recovery=1)
    assert [episode.level(month) for month in range(4)] == [0.25, 0.5, 0.25, 0.0]


@given(
    st.integers(0, 50),
    st.floats(0, 1),
    st.integers(1, 60),
    st.integers(1, 30),
    st.integers(0, 30),
    st.integers(-5, 200),
)
def test_severity_stays_between_nothing_and_its_peak(
    start: int, severity: float, duration: int, ramp: int, recovery: int, month: int
) -> None:
    episode = Episode(start, severity, duration, ramp, recovery)
    assert 0.0 <= episode.level(month) <= severity
    assert (episode.level(month) > 0.0) <= (start <= month < episode.over)


def test_without_a_duration_it_lasts(config: Any) -> None:
    shock = build(config, Use("demand_surge", start=3, duration=None))[0]
    assert [shock.level(month) for month in (2, 3, 10_000)] == [0.0, 0.5, 0.5]


# --- At random ------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_course_and_another_seed_another(config: Any) -> None:
    one, same, other = (build(config, stochastic("demand_surge"), seed=seed)[0] for seed in (1, 1, 2))
    course = [one.level(month) for month in range(300)]
    assert course == [same.level(month) for month in range(300)]
    assert course != [other.level(month) for month in range(300)]
    assert any(course)


def test_a_longer_run_only_adds(config: Any) -> None:
    asked_late, asked_early = (build(config, stochastic("demand_surge"))[0] for _ in range(2))
    late = asked_late.episodes(3000)
    early = list(asked_early.episodes(10))
    assert late[: len(early)] == early
    assert asked_early.episodes(3000) == late


def test_shocks_of_one_kind_draw_apart_and_others_do_not_shift_them(config: Any) -> None:
    first, second = build(config, stochastic("demand_surge"), stochastic("demand_surge"))
    _, alone = build(config, stochastic("energy_spike"), stochastic("demand_surge"))
    assert first.episodes(600) == alone.episodes(600)
    assert first.episodes(600) != second.episodes(600)


def test_arrivals_severities_and_durations_follow_what_was_asked(config: Any) -> None:
    use = stochastic("demand_surge", severity=1.0, duration=6, hazard=0.6)
    episodes = [e for seed in range(40) for e in build(config, use, seed=seed)[0].episodes(1199)]
    years = 40 * 100
    lengths = np.array([episode.duration for episode in episodes])
    severities = np.array([episode.severity for episode in episodes])
    # An episode keeps out the next: the interval is the mean waiting time plus the mean length.
    assert len(episodes) / years == pytest.approx(1.0 / (1.0 / 0.6 + lengths.mean() / 12.0), rel=0.1)
    assert lengths.mean() == pytest.approx(6.0, rel=0.1)
    assert lengths.min() == 1
    assert (severities.min(), severities.mean(), severities.max()) == pytest.approx((0.5, 1.0, 1.5), rel=0.05)


def test_random_severity_stays_in_its_range_and_episodes_apart(config: Any) -> None:
    use = stochastic("export_restriction", severity=0.9, hazard=2.0, duration=10, ramp=3, recovery=5)
    episodes = build(config, use)[0].episodes(3000)
    assert max(episode.severity for episode in episodes) <= 1.0
    assert all(later.start >= earlier.over for earlier, later in pairwise(episodes))


def test_without_hazard_it_never_strikes(config: Any) -> None:
    assert build(config, stochastic("demand_surge", hazard=0.0))[0].episodes(1200) == []


# --- What they do -----------------------------------------------------------------------------------------


@kinds
def test_at_zero_severity_or_outside_its_time_a_shock_does_nothing(declared: type[Shock], config: Any) -> None:
    plain = Conditions(axis_sizes(config))
    later = Use(declared.name, declared.severity.default, start=5)
    for use, month in ((Use(declared.name, severity=0.0), 0), (later, 4)):
        conditions = conditions_under(config, use, month=month)
        assert all(conditions[name] is plain[name] for name in CONDITIONS)


def test_an_export_restriction_limits_the_bloc_the_stage_and_the_material(config: Any) -> None:
    use = Use("export_restriction", severity=0.6, bloc="giant", materials=("b",))
    share = conditions_under(config, use).export_share
    assert share.shape == (2, 2, 3)
    assert share[0, 1, 1] == pytest.approx(0.4)
    assert np.isinf(np.delete(share.ravel(), 4)).all()


def test_it_can_cover_concentrate_and_components_and_all_blocs(config: Any) -> None:
    use = Use("export_restriction", severity=1.0, components=("magnet",), parameters={"extraction": 1.0})
    conditions = conditions_under(config, use)
    assert not conditions.export_share.any()
    assert conditions.component_export_share.tolist() == [[0.0, math.inf], [0.0, math.inf]]


def test_a_restriction_of_components_alone_leaves_materials_free(config: Any) -> None:
    use = Use("export_restriction", components=("cell",), parameters={"refining": 0.0})
    conditions = conditions_under(config, use)
    assert np.isinf(conditions.export_share).all()
    assert conditions.component_export_share[0].tolist() == [math.inf, 0.5]


def test_of_two_restrictions_the_tighter_holds(config: Any) -> None:
    uses = [Use("export_restriction", severity=severity, bloc="giant") for severity in (0.3, 0.7)]
    assert conditions_under(config, *uses).export_share[0, 1] == pytest.approx([0.3] * 3)


def test_until_licences_are_granted_everything_is_withheld(config: Any) -> None:
    use = Use("export_restriction", severity=0.4, start=1, duration=5, recovery=1, parameters={"queue": 2.0})
    shares = [conditions_under(config, use, month=month).export_share[0, 1, 0] for month in range(8)]
    assert shares == pytest.approx([math.inf, 0.0, 0.0, 0.6, 0.6, 0.6, 0.8, math.inf])
    idle = Use("export_restriction", severity=0.0, parameters={"queue": 12.0})
    assert np.isinf(conditions_under(config, idle).export_share).all()


def test_essential_demand_comes_on_top_at_any_price(config: Any) -> None:
    use = Use("demand_surge", severity=0.5, materials=("a",), parameters={"essential": 0.6})
    conditions = conditions_under(config, use, use)
    assert conditions.demand == pytest.approx([1.2**2, 1.0, 1.0])
    assert conditions.essential_demand == pytest.approx([0.6, 0.0, 0.0])


def test_dumping_sets_a_price_under_rivals_cost(config: Any) -> None:
    use = Use("dumping_campaign", severity=0.2, ramp=2, materials=("a",), bloc="twin")
    for month, price in ((0, 0.9), (1, 0.8)):
        dumping = conditions_under(config, use, month=month).dumping
        assert dumping[1, 1].tolist() == [pytest.approx(price), 0.0, 0.0]
        assert not dumping[0].any()
        assert not dumping[1, 0].any()


def test_dumping_may_be_of_the_products_and_components_named_alone(config: Any) -> None:
    named = {"products": ("car",), "components": ("cell",), "parameters": {"refining": 0.0}}
    conditions = conditions_under(config, Use("dumping_campaign", severity=0.3, bloc="twin", **named))
    assert conditions.goods_price.tolist() == [[1.0], [pytest.approx(0.7)]]
    assert conditions.component_price.tolist() == [[1.0, 1.0], [1.0, pytest.approx(0.7)]]
    assert not conditions.struck("dumping")
    assert not conditions_under(config, Use("dumping_campaign", severity=0.3)).struck("goods_price")


def test_demand_rises_for_the_materials_named_and_surges_compound(config: Any) -> None:
    uses = [Use("demand_surge", severity=0.5, materials=("a", "c")), Use("demand_surge", severity=0.2)]
    assert conditions_under(config, *uses).demand == pytest.approx([1.8, 1.2, 1.8])


@pytest.mark.parametrize(
    ("changes", "price"),
    [
        ({}, [1, 2, 2, 1, 1]),
        ({"parameters": {"everywhere": 0.5}}, [1.5, 2, 2, 1.5, 1.5]),
        ({"jurisdiction": "leaf"}, [1, 1, 2, 1, 1]),
        ({"jurisdiction": "giant"}, [1, 1, 1, 2, 1]),
    ],
)
def test_energy_becomes_dearer_where_it_strikes(config: Any, changes: dict[str, Any], price: list[float]) -> None:
    assert conditions_under(config, Use("energy_spike", severity=1.0, **changes)).energy.tolist() == price


@pytest.mark.parametrize(
    ("changes", "struck"),
    [({}, [0, 1, 2, 3, 4]), ({"jurisdiction": "home"}, [1, 2]), ({"jurisdiction": "giant"}, [3])],
)
def test_an_outage_strikes_where_and_at_the_stage_it_is_told_to(
    config: Any, changes: dict[str, Any], struck: list[int]
) -> None:
    use = Use("facility_outage", severity=0.25, materials=("b",), **changes)
    capacity = conditions_under(config, use, use).capacity
    assert capacity[struck, 0, 1] == pytest.approx(0.75**2), "two outages leave what neither of them strikes"
    assert np.count_nonzero(capacity != 1.0) == len(struck)
    stage = Use("facility_outage", severity=1.0, parameters={"extraction": 0.0, "refining": 1.0})
    assert conditions_under(config, stage).capacity[0].tolist() == [[1.0] * 3, [0.0] * 3]


def test_a_recession_lowers_spending_investment_and_use_where_it_strikes(config: Any) -> None:
    use = Use("recession", severity=0.1, jurisdiction="home", parameters={"investment": 3.0, "materials_use": 2.0})
    conditions = conditions_under(config, use)
    for name, left in (("spending", 0.9), ("investment", 0.7), ("activity", 0.8)):
        assert conditions[name].tolist() == [1.0, pytest.approx(left), pytest.approx(left), 1.0, 1.0]
    assert conditions.postponed.tolist() == [0.0, pytest.approx(0.3), pytest.approx(0.3), 0.0, 0.0]
    assert conditions_under(config, use, use).spending[1] == pytest.approx(0.81)
    deep = Use("recession", severity=0.3, parameters={"investment": 6.0, "postponement": 20.0})
    assert conditions_under(config, deep).investment.min() == 0.05, "something is always bought"


def test_a_breakthrough_offers_the_larger_share_at_the_lower_cost(config: Any) -> None:
    uses = [
        Use("technology_breakthrough", severity=0.4, materials=("a",), parameters={"cost": 0.5, "use_share": 0.5}),
        Use("technology_breakthrough", severity=0.8, products=("car",), parameters={"cost": 0.9, "use_share": 0.1}),
    ]
    conditions = conditions_under(config, *uses)
    assert conditions.substitutable.tolist() == [[0.8, 0.8, 0.8]]
    assert conditions.substitutable_use == pytest.approx([0.2, 0.08, 0.08])
    assert conditions.substitute_cost.tolist() == [0.5, 0.9, 0.9]


def test_a_transport_disruption_delays_what_comes_by_sea_and_raises_freight(config: Any) -> None:
    plain = Conditions(axis_sizes(config))
    everything = conditions_under(config, Use("transport_disruption", severity=0.2, parameters={"freight": 10.0}))
    assert everything.freight.tolist() == [3.0, 1.0, 1.0, 3.0, 3.0]
    for form in ("materials", "components", "products"):
        assert everything[f"{form}_arriving"][1:3].min() == 1.0, "what is made at home comes by land"
        assert everything[f"{form}_arriving"][[0, 3, 4]].tolist() == [[0.8] * plain[f"{form}_arriving"].shape[1]] * 3
    use = Use("transport_disruption", severity=0.5, jurisdiction="giant", components=("cell",))
    twice = conditions_under(config, use, use)
    assert twice.components_arriving[3].tolist() == [1.0, 0.25]
    assert np.count_nonzero(twice.components_arriving != 1.0) == 1
    assert twice.materials_arriving is plain.materials_arriving
    assert twice.products_arriving is plain.products_arriving


def test_the_log_says_when_a_shock_starts_and_ends(config: Any) -> None:
    events = EventLog()
    shock = build(config, Use("export_restriction", start=2, duration=3, recovery=1, materials=("a",), bloc="giant"))
    world = Circumstances(axis_sizes(config), shock, events)
    for month in range(10):
        world.this_month(month)
    table = events.frame(2026.0)
    assert table["what"].tolist() == ["Export restriction (a, giant): started", "Export restriction (a, giant): ended"]
    assert table["month"].tolist() == ["2026-03", "2026-07"]
    assert table["amount"][0] == 0.5
    assert events.frame(2026.0, "nl")["what"][0] == "Exportbeperking (a, giant): begonnen"


# --- What is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (Use("demand_serge"), "nearest valid name: 'demand_surge'"),
        (Use("demand_surge", severity=6.0), "shocks[0].severity: 6.0 is out of range"),
        (Use("demand_surge", materials=("z",)), "shocks[0].materials.z: unknown entry of materials 'z'"),
        (Use("demand_surge", bloc="giant"), "shocks[0].bloc: demand_surge cannot be limited by bloc"),
        (Use("energy_spike", jurisdiction="mars"), "unknown entry of jurisdictions 'mars'"),
        (Use("export_restriction", bloc="sleeper"), "shocks[0].bloc: 'sleeper' is not active"),
        (Use("export_restriction", components=("wheel",)), "unknown entry of components 'wheel'"),
        (Use("export_restriction", parameters={"refining": 2.0}), "shocks[0].refining: 2.0 is out of range"),
        (Use("interest_rise", 0.01, parameters={"refining": 1.0}), "expected no parameters"),
        (Use("demand_surge", hazard=0.1), "neither scripted nor stochastic, or both"),
        (Use("demand_surge", start=None), "neither scripted nor stochastic, or both"),
        (stochastic("demand_surge", duration=None), "shocks[0].duration: missing"),
    ],
)
def test_what_makes_no_sense_is_refused(config: Any, use: Use, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        build(config, use)
    assert message in str(error.value)
