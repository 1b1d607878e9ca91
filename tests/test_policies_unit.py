"""Instruments and governments on a small tree of jurisdictions, with a ledger in place of the books."""

import math
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import mesa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abm import policies
from abm.agents.governments import Governments
from abm.books import MONEY_KINDS, Books
from abm.conditions import Conditions
from abm.events import EventLog
from abm.parameters import ConfigError, Quantity
from abm.policies.instrument import CAPPED, ENDED, IN_FORCE, PHASES, Instrument
from abm.rules import Activity, MarketView, Rules, axis_sizes

TREE = {  # identifier: parent, level, government, domestic
    "world": (None, "world", False, False),
    "union": ("world", "union", True, True),
    "country": ("union", "national", True, True),
    "north": ("country", "regional", True, True),
    "south": ("country", "regional", False, True),
    "rest": ("union", "national", False, True),
    "abroad": ("world", "abroad", False, False),
}
IDS = tuple(TREE)
ACCOUNTS = np.array([-1, 0, 1, 2, -1, -1, -1])
DEALERS, HOUSEHOLDS = np.array([3, 4, 5]), np.array([6, 7, 8])
RECYCLERS, MAKERS = np.array([9, 10, 11, 12]), np.array([13, 14, 15])
ABROAD, DOMESTIC = 16, 17
PRODUCERS = np.array([18, 19, 20])
CHANGES = 21


class Entries(SimpleNamespace):
    """A table of config."""

    def __len__(self) -> int:
        return len(self.ids)

    def index(self, identifier: str) -> int:
        if identifier not in self.ids:
            raise ConfigError(f"unknown entry of {self.name} '{identifier}'", key=identifier)
        return self.ids.index(identifier)


def table(name: str, ids: tuple[str, ...], **columns: Any) -> Entries:
    return Entries(name=name, ids=ids, titles=tuple({"en": entry, "nl": entry} for entry in ids), **columns)


def ancestors(row: int) -> list[int]:
    parent = TREE[IDS[row]][0]
    return [row] if parent is None else [row, *ancestors(IDS.index(parent))]


@pytest.fixture(scope="module")
def config() -> Any:
    """Leaves north, south and rest; materials a, b, c; products car, phone; streams big, small."""
    budgets = {"country": np.array([[2026.0, 100.0], [2028.0, 300.0]])}
    jurisdictions = table(
        "jurisdictions",
        IDS,
        level=np.array([TREE[entry][1] for entry in IDS]),
        government=np.array([TREE[entry][2] for entry in IDS]),
        domestic=np.array([TREE[entry][3] for entry in IDS]),
        state_backed=np.array([entry == "abroad" for entry in IDS]),
        origin_risk=np.array([0.0, 0.0, 0.3, 0.3, 0.3, 0.3, 0.6])[: len(IDS)],
        value_added_tax=np.array([0.0, 0.0, 0.2, 0.0, 0.0, 0.1])[: len(IDS)],
        budget=[budgets.get(entry, np.zeros((0, 2))) for entry in IDS],
    )
    return SimpleNamespace(
        jurisdictions=jurisdictions,
        ancestors=[ancestors(row) for row in range(len(IDS))],
        leaves=np.array([3, 4, 5]),
        governments=np.array([1, 2, 3]),
        active_blocs=np.array([], dtype=int),
        materials=table(
            "materials",
            ("a", "b", "c"),
            price=np.array([10.0, 20.0, 30.0]),
            long_run_cost=np.array([8.0, 16.0, 24.0]),
            refining_share=np.full(3, 0.5),
        ),
        products=table(
            "products",
            ("car", "phone"),
            price=np.array([1000.0, 100.0]),
            route=np.array([0, 1]),
            component_route=np.array([[0], [-1]]),
            part=np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 0.1]]),
            direct=np.zeros((2, 3)),
        ),
        components=table("components", ("part",)),
        streams=table("streams", ("big", "small"), recovery=np.array([[0.9, 0.5, 0.0], [0.0, 0.5, 0.9]])),
        recyclers=SimpleNamespace(permit_share=0.4),
        credit=SimpleNamespace(interest=0.02, spread=0.03),
        public=SimpleNamespace(
            credibility=0.5,
            credibility_gain=0.12,
            credibility_loss=0.25,
            prospective_loss=0.5,
            commitment_effect=0.5,
            support_response=2.0,
        ),
        opinion=SimpleNamespace(support=0.6),
        time=SimpleNamespace(start=2026.0),
    )


@dataclass
class Use:
    use: str
    jurisdiction: str = "union"
    intensity: float = 0.5
    start: int = 0
    end: int | None = None
    ramp: int = 0
    announced: int | None = None
    materials: tuple[str, ...] | None = None
    products: tuple[str, ...] | None = None
    cap: float | None = None
    withdrawn: int | None = None
    reversal: float = 0.0
    pause: int = 24
    retroactive: float = 0.0
    rules: tuple[Any, ...] = ()
    parameters: dict[str, float] = field(default_factory=dict)


class Ledger:
    """Pays like the books, and remembers the balance of each account."""

    def __init__(self) -> None:
        self.balance = np.zeros(CHANGES)
        self.payments = 0

    def pay(self, kind: str, payer: Any, payee: Any, amount: Any) -> None:
        assert kind in MONEY_KINDS
        assert np.all(np.asarray(amount) >= 0.0)
        size = np.broadcast(payer, payee, amount).shape
        for account, sign in ((payer, -1.0), (payee, 1.0)):
            np.add.at(self.balance, np.broadcast_to(account, size), sign * np.broadcast_to(amount, size))
        self.payments += 1


def busy_month(config: Any, month: int = 0) -> Activity:
    """A month in which there is something to settle for every instrument."""
    activity = Activity.empty(month, axis_sizes(config), recyclers=4, makers=3, producers=3)
    activity.recycler_account, activity.recycler_leaf = RECYCLERS, np.array([0, 1, 2, 2])
    activity.recycler_stream = np.array([0, 1, 0, 1])
    activity.recovered[:] = np.arange(12.0).reshape(4, 3) + 1.0
    activity.sold[:] = 2.0 * activity.recovered
    activity.price_received[:] = activity.reference_price[:] = [9.0, 15.0, 40.0]
    activity.capacity_spending[:] = [100.0, 200.0, 300.0, 400.0]
    activity.certificate_earned[:] = activity.recovered
    activity.maker_account, activity.maker_leaf = MAKERS, np.array([0, 1, 2])
    activity.maker_product[:] = [-1, 0, 1]
    activity.maker_component[:] = [0, -1, -1]
    activity.recycler_energy[:], activity.maker_energy[:] = [10.0, 20.0, 30.0, 40.0], [100.0, 200.0, 300.0]
    activity.producer_account, activity.producer_leaf = PRODUCERS, np.array([0, 2, -1])
    activity.producer_stage, activity.producer_main = np.array([1, 1, 1]), np.array([0, 2, 0])
    activity.producer_spending[:] = [500.0, 600.0, 700.0]
    activity.producer_energy[:] = [1000.0, 2000.0, 4000.0]
    activity.primary_bought[:] = [[10.0, 0.0, 5.0], [20.0, 8.0, 0.0], [30.0, 4.0, 1.0]]
    activity.secondary_bought[:] = [[30.0, 0.0, 5.0], [0.0, 8.0, 0.0], [10.0, 4.0, 1.0]]
    activity.imported_component_content[:] = 1.0
    activity.dealer_account, activity.household_account = DEALERS, HOUSEHOLDS
    activity.abroad_account[:], activity.domestic_account[:] = ABROAD, DOMESTIC
    activity.collector_account, activity.households = DEALERS, np.array([60.0, 40.0, 900.0])
    activity.offer_value[:] = np.arange(36.0).reshape(2, 3, 6)
    activity.scrap_landfilled[:] = [[1.0, 2.0, 3.0], [0.0, 5.0, 0.0]]
    activity.technicians = np.array([12.0, 24.0, 120.0])
    activity.price_outside[:] = [10.0, 20.0, 30.0]
    activity.refined_import_share[:, 6] = [[0.4, 0.5, 0.6], [0.1, 0.0, 0.2]]
    activity.component_import_value[:, 6] = [[30.0, 60.0, 90.0], [0.0, 30.0, 60.0]]
    activity.product_import_value[:, 6] = [[[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]], [[0.0, 1.0, 0.0], [0.0, 0.0, 5.0]]]
    activity.units_sold[:] = [[3.0, 4.0, 5.0], [30.0, 40.0, 50.0]]
    activity.units_sold_to_households[:] = activity.units_sold - 1.0
    activity.imported_primary_content[:] = 2.0
    activity.public_premium[:] = [[7.0, 8.0, 9.0], [1.0, 2.0, 3.0]]
    activity.certificate_obligation[:] = [[10.0, 1.0, 100.0], [20.0, 1.0, 0.0], [30.0, 1.0, 100.0]]
    activity.certificate_price[:] = [2.0, 1.0, 5.0]
    activity.government_account = ACCOUNTS
    return activity


def government_of(config: Any, *uses: Use, events: EventLog | None = None) -> Governments:
    return Governments(mesa.Model(), config, policies.build(uses, config), ACCOUNTS, events)


def run_month(governments: Governments, activity: Activity, books: Any = None) -> Rules:
    rules = governments.announce(Conditions(governments.sizes), activity.month)
    governments.settle(activity, Ledger() if books is None else books, activity.month)
    return rules


def settled(config: Any, *uses: Use, activity: Activity | None = None) -> tuple[Governments, np.ndarray]:
    """Governments and the change of every account in one month."""
    books = Ledger()
    governments = government_of(config, *uses)
    run_month(governments, busy_month(config) if activity is None else activity, books)
    assert books.balance.sum() == pytest.approx(0.0, abs=1e-9)
    return governments, books.balance


# --- Declarations -------------------------------------------------------------------------------

NAMES = {
    "circular_procurement",
    "contract_for_difference",
    "deposit_refund",
    "import_duty",
    "price_floor",
    "primary_levy",
    "recovery_subsidy",
    "recycled_content_mandate",
    "recycling_investment_support",
    "strategic_stockpile",
}
instruments = pytest.mark.parametrize("declared", policies.registry().values(), ids=lambda declared: declared.name)


def test_the_instruments_are_discovered() -> None:
    assert set(policies.registry()) >= NAMES
    assert all(name == declared.name for name, declared in policies.registry().items())


@instruments
def test_an_instrument_documents_itself(declared: type[Instrument]) -> None:
    assert declared.phase in PHASES
    assert set(declared.level) <= {"union", "national", "regional"}
    assert set(declared.texts) == {"what", "how", "watch", "source"}
    assert set(declared.labels) == {"intensity", *declared.parameters}
    for words in (declared.title, *declared.texts.values(), *declared.labels.values()):
        assert set(words) == {"en", "nl"}
        assert all(word.strip() == word and word for word in words.values())


@instruments
def test_quantities_have_a_unit_a_range_and_a_default_inside(declared: type[Instrument]) -> None:
    for quantity in (declared.intensity, *declared.parameters.values()):
        assert isinstance(quantity, Quantity)
        assert quantity.unit
        assert quantity.low <= quantity.default <= quantity.high


LEVELS = {"union": "union", "national": "country", "regional": "north"}  # a jurisdiction of each level


def place(declared: type[Instrument]) -> str:
    """The first jurisdiction in whose power an instrument is."""
    return next(jurisdiction for level, jurisdiction in LEVELS.items() if level in declared.level)


@instruments
def test_an_instrument_can_be_used_at_the_levels_it_declares_and_no_other(
    declared: type[Instrument], config: Any
) -> None:
    for level, jurisdiction in LEVELS.items():
        use = Use(declared.name, jurisdiction, declared.intensity.default)
        if level in declared.level:
            assert declared(use, config).intensity > 0.0
        else:
            with pytest.raises(ConfigError, match=f"not in the power of a government of level '{level}'"):
                declared(use, config)


# --- Schedule, scope and outlook ------------------------------------------------------------------


def test_strength_ramps_up_and_lasts_through_the_last_month(config: Any) -> None:
    instrument = policies.build([Use("recovery_subsidy", start=3, end=8, ramp=4)], config)[0]
    strengths = [instrument.strength(month) for month in range(11)]
    assert strengths == [0.0, 0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 0.0, 0.0]
    assert instrument.strengths(np.arange(11)).tolist() == strengths


def test_levers_follow_the_schedule(config: Any) -> None:
    governments = government_of(config, Use("recovery_subsidy", intensity=8.0, start=1, end=2, ramp=2))
    levers = [run_month(governments, busy_month(config, month)).recovery_subsidy[0, 0] for month in range(4)]
    assert levers == [0.0, 4.0, 8.0, 0.0]


def test_scope_is_the_leaves_below_and_the_entries_named(config: Any) -> None:
    governments = government_of(config, Use("recovery_subsidy", "country", 2.0, materials=("b",)))
    rules = run_month(governments, busy_month(config))
    assert rules.recovery_subsidy.tolist() == [[0.0, 2.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("scope", "streams"),
    [
        ({}, [1, 1]),
        ({"materials": ("a",)}, [1, 0]),
        ({"products": ("phone",)}, [0, 1]),
        ({"materials": ("a",), "products": ("phone",)}, [0, 0]),
    ],
)
def test_investment_support_is_for_the_streams_in_scope(config: Any, scope: dict[str, Any], streams: list[int]) -> None:
    rules = run_month(government_of(config, Use("recycling_investment_support", **scope)), busy_month(config))
    assert rules.recycling_investment_support[0].tolist() == [0.5 * stream for stream in streams]


def test_the_outlook_is_the_mean_of_what_has_been_announced(config: Any) -> None:
    use = Use("recovery_subsidy", intensity=6.0, start=36, end=95, announced=24)
    governments = government_of(config, use)
    outlook = [
        run_month(governments, busy_month(config, month)).outlook["recovery_subsidy"][0, 0] for month in range(37)
    ]
    assert outlook[23] == 0.0
    assert outlook[24] == pytest.approx(6.0 * 60 / 120)
    assert outlook[36] == pytest.approx(6.0 * 60 / 120)


def test_what_does_not_ramp_counts_by_months_in_force(config: Any) -> None:
    use = Use("contract_for_difference", intensity=1.0, start=0, ramp=120, end=59, parameters={"term": 100.0})
    outlook = policies.build([use], config)[0].outlook(0)
    assert outlook["contract_term"][0, 0] == pytest.approx(50.0)
    assert outlook["contract_strike"][0, 0] == pytest.approx(8.0 * sum(range(1, 61)) / 120 / 120)


def test_the_outlook_composes_like_the_levers(config: Any) -> None:
    governments = government_of(
        config,
        Use("price_floor", "union", 1.0),
        Use("price_floor", "country", 2.0),
        Use("recovery_subsidy", "union", 1.0),
        Use("recovery_subsidy", "country", 2.0),
    )
    outlook = run_month(governments, busy_month(config)).outlook
    assert outlook["price_floor"][:, 0].tolist() == [16.0, 16.0, 8.0]
    assert outlook["recovery_subsidy"][:, 0].tolist() == [3.0, 3.0, 1.0]


def guaranteed(config: Any, *uses: Use, opens: int = 24) -> np.ndarray:
    """What floors and contracts add to a price of 10 EUR/kg for a plant that opens so many months ahead (L,)."""
    governments = government_of(config, *uses)
    run_month(governments, busy_month(config))
    price = np.array([10.0, 1e9, 1e9])
    return np.asarray(governments.guaranteed(price, np.full((1, 3), opens))[0, :, 0])


def test_a_floor_is_worth_its_gap_for_as_long_as_it_is_in_force(config: Any) -> None:
    assert guaranteed(config, Use("price_floor", intensity=2.0, end=59)) == pytest.approx(0.5 * 6.0)
    assert guaranteed(config, Use("price_floor", intensity=1.0)) == pytest.approx(0.0)
    ramped = Use("price_floor", intensity=2.0, ramp=4)
    assert guaranteed(config, ramped) == pytest.approx((2.0 + 117 * 6.0) / 120)  # 4, 8, 12, 16, 16...


def test_floors_in_turn_are_worth_both_and_at_once_the_higher(config: Any) -> None:
    first, then = Use("price_floor", intensity=2.0, end=59), Use("price_floor", intensity=1.5, start=60, announced=0)
    assert guaranteed(config, first, then) == pytest.approx(0.5 * 6.0 + 0.5 * 2.0)
    at_once = Use("price_floor", "country", 2.0), Use("price_floor", "union", 1.5)
    assert guaranteed(config, *at_once) == pytest.approx([6.0, 6.0, 2.0])


def test_a_contract_is_worth_its_whole_term_to_who_opens_while_it_is_on_offer(config: Any) -> None:
    offer = Use("contract_for_difference", intensity=2.0, end=30, parameters={"term": 60.0})
    assert guaranteed(config, offer) == pytest.approx(0.5 * 6.0)
    assert guaranteed(config, offer, opens=31) == pytest.approx(0.0)
    with_floor = offer, Use("price_floor", intensity=1.5)
    assert guaranteed(config, *with_floor) == pytest.approx(0.5 * 6.0 + 0.5 * 2.0)


def test_a_contract_that_pays_back_counts_and_one_not_worth_signing_does_not(config: Any) -> None:
    assert guaranteed(config, Use("contract_for_difference", intensity=9.5 / 8.0)) == pytest.approx(-0.5)
    assert guaranteed(config, Use("contract_for_difference", intensity=1.0)) == pytest.approx(0.0)
    nothing = government_of(config, Use("recovery_subsidy"))
    run_month(nothing, busy_month(config))
    assert nothing.guaranteed(np.ones(3), np.zeros((1, 3), dtype=np.int64)) is None


# --- Nothing at zero intensity ----------------------------------------------------------------------


@instruments
def test_zero_intensity_writes_nothing_and_pays_nothing(declared: type[Instrument], config: Any) -> None:
    books, governments = Ledger(), government_of(config, Use(declared.name, place(declared), 0.0, start=2, announced=1))
    activity = busy_month(config)
    for month in range(14):
        activity.month = month
        rules = run_month(governments, activity, books)
        assert rules.contributions == {}
        assert rules.outlook.contributions == {}
        assert not rules.refund(np.array([0]), np.array([0]), np.array([month])).any()
    assert books.payments == 0
    assert not governments.paid.any()
    assert {government.credibility for government in governments.members} == {0.5}


@instruments
def test_zero_intensity_beside_others_changes_nothing_for_them(declared: type[Instrument], config: Any) -> None:
    others = [
        Use("recovery_subsidy", "country", 3.0, start=6, ramp=7, announced=0),
        Use("price_floor", "union", 1.2, cap=50.0),
    ]
    idle = Use(declared.name, place(declared), 0.0, start=5)
    with_idle, without = government_of(config, idle, *others), government_of(config, *others)
    for month in range(20):
        books, plain = Ledger(), Ledger()
        rules = run_month(with_idle, busy_month(config, month), books)
        expected = run_month(without, busy_month(config, month), plain)
        assert (books.balance == plain.balance).all()
        assert (rules.belief == expected.belief).all()
        for lever in ("recovery_subsidy", "price_floor"):
            assert (rules[lever] == expected[lever]).all()
            assert (rules.outlook[lever] == expected.outlook[lever]).all()
            assert (rules.binding(lever) == expected.binding(lever)).all()


# --- What each pays -----------------------------------------------------------------------------------


def test_recovery_subsidy_pays_per_kilogram_recovered(config: Any) -> None:
    governments, change = settled(config, Use("recovery_subsidy", "country", 2.0, materials=("a", "c")))
    assert change[RECYCLERS].tolist() == [2.0 * (1 + 3), 2.0 * (4 + 6), 0.0, 0.0]
    assert change[1] == -28.0
    assert governments.paid.tolist() == [28.0]
    assert governments.public_cost.tolist() == [0.0, 28.0, 0.0]


def test_each_government_pays_its_own_part_of_what_adds_up(config: Any) -> None:
    uses = [Use("recovery_subsidy", "country", 2.0), Use("recovery_subsidy", "union", 1.0)]
    governments, change = settled(config, *uses)
    assert governments.labels == ["recovery_subsidy@union", "recovery_subsidy@country"]
    assert change[0] == -78.0
    assert change[1] == -2.0 * 21
    assert change[RECYCLERS].tolist() == [18.0, 45.0, 24.0, 33.0]


def test_investment_support_pays_a_share_and_never_more_than_the_whole(config: Any) -> None:
    uses = [Use("recycling_investment_support", place, 0.8) for place in ("country", "union")]
    governments, change = settled(config, *uses)
    assert change[RECYCLERS] == pytest.approx([100.0, 200.0, 0.8 * 300, 0.8 * 400])
    assert change[:2] == pytest.approx([-800.0, -60.0])
    assert governments.received.tolist() == [0.0, 0.0]


def test_investment_support_for_refineries_at_home_adds_up_to_at_most_the_whole(config: Any) -> None:
    uses = [
        Use("refining_investment_support", "country", 0.8, materials=("a",)),
        Use("refining_investment_support", "union", 0.7),
        Use("extraction_investment_support", "union", 1.0),  # for mines only
    ]
    governments, change = settled(config, *uses)
    assert change[PRODUCERS] == pytest.approx([500.0, 0.7 * 600.0, 0.0])
    assert governments.paid == pytest.approx([0.0, 0.7 * 1100.0, 0.3 * 500.0])


def test_energy_relief_pays_a_share_of_the_bills_of_those_in_scope_and_never_more_than_the_bill(config: Any) -> None:
    uses = [
        Use("energy_relief", "union", 0.2, materials=("a",), parameters={"recyclers": 0.5, "components": 1.0}),
        Use("energy_relief", "country", 0.9, parameters={"recyclers": 0.0}),
    ]
    governments, change = settled(config, *uses)
    assert change[PRODUCERS] == pytest.approx([1000.0, 0.0, 0.0])  # the third lies abroad
    assert change[RECYCLERS] == pytest.approx([1.0, 0.0, 3.0, 0.0])
    assert change[MAKERS] == pytest.approx([20.0, 0.0, 0.0])
    assert governments.paid == pytest.approx([200.0 + 4.0 + 20.0, 800.0])


def test_the_government_with_the_highest_share_pays_the_premium(config: Any) -> None:
    uses = [
        Use("circular_procurement", "union", 0.3),
        Use("circular_procurement", "country", 0.6, products=("car",)),
        Use("circular_procurement", "north", 0.6),
    ]
    _, change = settled(config, *uses)
    assert change[DEALERS].tolist() == [8.0, 10.0, 12.0]
    assert change[:3].tolist() == [-(12.0 + 2.0), -(7.0 + 8.0), -1.0]


def test_procurement_accepts_its_premium_from_the_first_month(config: Any) -> None:
    use = Use("circular_procurement", ramp=10, parameters={"premium": 0.2})
    rules = run_month(government_of(config, use), busy_month(config))
    assert rules.procurement_share[0, 0] == pytest.approx(0.05)
    assert rules.procurement_premium[0, 0] == 0.2


def test_a_floor_tops_up_and_asks_nothing_back(config: Any) -> None:
    governments, change = settled(config, Use("price_floor", "union", 1.25))
    floors, sold = np.array([10.0, 20.0, 30.0]), busy_month(config).sold
    gap = np.array([1.0, 5.0, 0.0])
    assert (floors - [9.0, 15.0, 40.0]).clip(0.0).tolist() == gap.tolist()
    assert change[RECYCLERS] == pytest.approx(sold @ gap)
    assert governments.received[0] == 0.0


def test_a_floor_refers_to_the_metal_and_is_paid_on_the_share_of_its_price_that_is_received(config: Any) -> None:
    activity = busy_month(config)
    activity.price_received[:2] *= 0.6  # who sells an intermediate
    activity.price_received[2] *= 1.1  # who sells to home makers at a premium
    _, change = settled(config, Use("price_floor", "union", 1.25), activity=activity)
    gap = np.array([1.0, 5.0, 0.0])
    assert change[RECYCLERS] == pytest.approx((activity.sold @ gap) * [0.6, 0.6, 1.0, 1.0])


def test_of_two_floors_only_the_higher_pays(config: Any) -> None:
    _, change = settled(config, Use("price_floor", "union", 1.25), Use("price_floor", "country", 1.5))
    sold = busy_month(config).sold
    assert change[1] == pytest.approx(-(sold[:2] @ [3.0, 9.0, 0.0]).sum())
    assert change[0] == pytest.approx(-(sold[2:] @ [1.0, 5.0, 0.0]).sum())


def test_a_duty_is_owed_on_the_value_of_what_comes_from_abroad(config: Any) -> None:
    """On refined material by what each maker bought, on components by what it imported, on products by leaf."""
    everything = {"refined": 1.0, "components": 0.5, "goods": 1.0}
    governments, change = settled(config, Use("import_duty", "union", 0.2, parameters=everything))
    bought = busy_month(config).primary_bought * [10.0, 20.0, 30.0] * [0.4, 0.5, 0.6]
    assert change[MAKERS] == pytest.approx(-0.2 * (bought.sum(axis=1) + 0.5 * 180.0 / 3))
    assert change[DEALERS] == pytest.approx(-0.2 * np.array([11.0, 22.0, 33.0]))
    assert change[0] == pytest.approx(governments.received[0]) == pytest.approx(-change[1:].sum())


def test_a_duty_on_dumped_goods_adds_to_the_tariff_and_falls_on_them_alone(config: Any) -> None:
    tariff = Use("import_duty", "union", 0.1, materials=("c",), parameters={"components": 0.0})
    dumped = {"components": 0.0, "goods": 1.0, "dumped": 1.0, "state_backed": 1.0, "inquiry": 3.0}
    against = Use("import_duty", "union", 0.5, materials=("c",), products=("phone",), parameters=dumped)
    governments, change = settled(config, tariff, against)
    value = busy_month(config).primary_bought[:, 2] * 30.0
    assert change[MAKERS] == pytest.approx(-value * (0.1 * 0.6 + 0.5 * 0.2))
    assert change[DEALERS] == pytest.approx([0.0, 0.0, -2.5])
    assert governments.received == pytest.approx([(value * 0.06).sum(), (value * 0.1).sum() + 2.5])


def test_of_two_equal_floors_the_higher_government_pays(config: Any) -> None:
    _, change = settled(config, Use("price_floor", "country", 1.25), Use("price_floor", "union", 1.25))
    assert change[1] == 0.0
    assert change[0] < 0.0


def test_sales_under_contract_get_no_floor(config: Any) -> None:
    activity = busy_month(config)
    activity.contract_instrument[:] = 7
    _, change = settled(config, Use("price_floor", intensity=5.0), activity=activity)
    assert not change.any()


def signed_month(config: Any, month: int = 0) -> Activity:
    """The first two recyclers have signed with instrument 0, at 12, 12 and 12 EUR/kg."""
    activity = busy_month(config, month)
    activity.contract_instrument[:2] = 0
    activity.contract_strike[:2] = 12.0
    return activity


def test_a_contract_settles_the_difference_both_ways(config: Any) -> None:
    governments, change = settled(config, Use("contract_for_difference"), activity=signed_month(config))
    sold = busy_month(config).sold[:2]
    assert change[RECYCLERS[:2]] == pytest.approx(sold @ [3.0, -3.0, -28.0])
    assert governments.paid[0] == pytest.approx(sold[:, 0].sum() * 3.0)
    assert governments.received[0] == pytest.approx((sold @ [0.0, 3.0, 28.0]).sum())


def test_a_contract_refers_to_the_metal_both_ways(config: Any) -> None:
    activity = signed_month(config)
    activity.price_received[:] *= 0.6
    governments, change = settled(config, Use("contract_for_difference"), activity=activity)
    assert change[RECYCLERS[:2]] == pytest.approx(0.6 * (activity.sold[:2] @ [3.0, -3.0, -28.0]))
    assert governments.received[0] == pytest.approx(0.6 * (activity.sold[:2] @ [0.0, 3.0, 28.0]).sum())


def test_contracts_are_honoured_after_the_instrument_has_ended(config: Any) -> None:
    governments = government_of(config, Use("contract_for_difference", end=3))
    books = Ledger()
    rules = [run_month(governments, signed_month(config, month), books) for month in (0, 4)][1]
    assert governments.instruments[0].status == ENDED
    assert not rules.contract_strike.any()
    assert governments.paid[0] == pytest.approx(3.0 * busy_month(config).sold[:2, 0].sum())


def test_contracts_are_paid_within_the_annual_budget(config: Any) -> None:
    governments = government_of(config, Use("contract_for_difference", end=3, cap=20.0))
    paid = []
    for month in range(13):
        run_month(governments, signed_month(config, month))
        paid.append(governments.paid[0])
    assert paid == [20.0, *[0.0] * 11, 20.0]


def test_dealers_cover_their_obligation_by_certificates_and_buy_out(config: Any) -> None:
    activity = busy_month(config)
    use = Use("recycled_content_mandate", "union", 0.2, materials=("a", "c"), parameters={"buyout": 2.0})
    governments, change = settled(config, use, activity=activity)
    earned = activity.certificate_earned.sum(axis=0)  # 22 of a and 30 of c; 60 and 200 are obliged
    paid_for_certificates = earned * [2.0, 0.0, 5.0]
    assert change[RECYCLERS].sum() == pytest.approx(paid_for_certificates.sum())
    assert change[RECYCLERS[0]] == pytest.approx(1.0 * 2.0 + 3.0 * 5.0)
    assert governments.received[0] == pytest.approx((60.0 - 22.0) * 20.0 + (200.0 - 30.0) * 60.0)
    assert change[DEALERS[1]] == pytest.approx(-20.0 * (22.0 * 2.0 + 38.0 * 20.0) / 60.0)


def test_an_obligation_fully_covered_costs_no_buy_out(config: Any) -> None:
    activity = busy_month(config)
    activity.certificate_obligation[:] = [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [2.0, 0.0, 0.0]]
    governments, change = settled(config, Use("recycled_content_mandate"), activity=activity)
    assert governments.received[0] == 0.0
    assert change[DEALERS].tolist() == [-2.0, 0.0, -4.0]
    assert change[RECYCLERS] == pytest.approx(6.0 * np.array([1.0, 4.0, 7.0, 10.0]) / 22.0)


def test_recyclate_from_abroad_takes_its_part_of_the_market_for_certificates(config: Any) -> None:
    activity = busy_month(config)
    activity.certificate_imported[:] = [76.0, 0.0, 10.0]
    use = Use("recycled_content_mandate", "union", 0.2, materials=("a", "c"), parameters={"buyout": 2.0})
    governments, change = settled(config, use, activity=activity)
    # 98 kg of a on offer for 60 kg at EUR 2; 40 kg of c for 200 kg at EUR 5.
    assert change[RECYCLERS].sum() == pytest.approx(60.0 * 2.0 * 22.0 / 98.0 + 30.0 * 5.0)
    assert change[ABROAD] == pytest.approx(60.0 * 2.0 * 76.0 / 98.0 + 10.0 * 5.0)
    assert governments.received[0] == pytest.approx((200.0 - 40.0) * 60.0)


def test_certificates_stay_in_the_market_of_the_government_whose_buy_out_is_highest(config: Any) -> None:
    uses = [
        Use("recycled_content_mandate", "union", 0.2, parameters={"buyout": 1.0}),
        Use("recycled_content_mandate", "country", 0.2, parameters={"buyout": 3.0}),
    ]
    governments, change = settled(config, *uses)
    # Below the country 30 kg of a are obliged and 5 earned; in the rest of the union 30 and 17.
    assert governments.received[1] == pytest.approx(25.0 * 30.0 + 0.0 + (100.0 - 9.0) * 90.0)
    assert governments.received[0] == pytest.approx(13.0 * 10.0 + 0.0 + (100.0 - 21.0) * 30.0)
    assert change[RECYCLERS[:2]].sum() == pytest.approx(5.0 * 2.0 + 2.0 * 1.0 + 9.0 * 5.0)


def test_the_levy_is_collected_from_makers(config: Any) -> None:
    governments, change = settled(config, Use("primary_levy", "country", 0.1))
    assert change[MAKERS] == pytest.approx([-(10.0 + 15.0), -(20.0 + 16.0), 0.0])
    assert governments.received[0] == pytest.approx(61.0)
    assert governments.public_cost.sum() == pytest.approx(-61.0)


def test_revenue_paid_back_leaves_makers_together_with_nothing(config: Any) -> None:
    governments, change = settled(config, Use("primary_levy", "union", 0.1, parameters={"recycle": 1.0}))
    assert change[MAKERS].sum() == pytest.approx(0.0, abs=1e-9)
    assert change[0] == pytest.approx(0.0, abs=1e-9)
    assert change[MAKERS[0]] == pytest.approx(60.0 * 40.0 / 100.0 - 10.0 + (6.0 * 3.0) * 10.0 / 12.0 - 15.0)
    assert governments.paid[0] == pytest.approx(governments.received[0])


def test_revenue_goes_back_only_where_the_levy_is_paid(config: Any) -> None:
    _, change = settled(config, Use("primary_levy", "country", 0.1, parameters={"recycle": 1.0}))
    assert change[MAKERS[:2]].sum() == pytest.approx(0.0, abs=1e-9)
    assert change[MAKERS[2]] == 0.0


def test_at_the_border_importers_pay_too(config: Any) -> None:
    _, change = settled(config, Use("primary_levy", "union", 0.1, parameters={"border": 1.0}))
    assert change[DEALERS] == pytest.approx([-4.0 * 6.0] * 3)
    assert change[MAKERS[0]] == pytest.approx(-25.0 - 6.0)


def test_households_get_back_a_share_of_what_they_owe_for_the_offers_in_scope(config: Any) -> None:
    value = busy_month(config).offer_value  # (P, L, 6), the second of an offer being repair
    _, change = settled(config, Use("repair_voucher", "country", 0.5, products=("phone",)))
    assert change[HOUSEHOLDS] == pytest.approx([0.5 * value[1, 0, 1], 0.5 * value[1, 1, 1], 0.0])
    _, change = settled(config, Use("purchase_subsidy", "union", 0.1, parameters={"used": 0.5, "service": 0.0}))
    assert change[HOUSEHOLDS] == pytest.approx((0.05 * value[..., 2] + 0.1 * value[..., 4]).sum(axis=0))


def test_a_lower_rate_gives_back_the_tax_in_the_price_and_no_more_than_that(config: Any) -> None:
    bought = busy_month(config).offer_value[:, :2, [2, 4, 5]].sum(axis=(0, 2))
    for points, share in ((0.12, 0.12 / 1.2), (0.25, 0.2 / 1.2)):  # the country's rate is 20 %
        use = Use("reduced_value_added_tax", "country", points, parameters={"repair": 0.0})
        _, change = settled(config, use)
        assert change[HOUSEHOLDS] == pytest.approx([share * bought[0], share * bought[1], 0.0])


def test_support_of_offers_by_two_governments_never_exceeds_the_bill(config: Any) -> None:
    uses = [Use("repair_voucher", "country", 0.7), Use("repair_voucher", "north", 0.7)]
    governments, change = settled(config, *uses)
    bills = busy_month(config).offer_value[..., 1].sum(axis=0)
    assert change[HOUSEHOLDS] == pytest.approx([bills[0], 0.7 * bills[1], 0.0])
    assert governments.paid == pytest.approx([0.7 * (bills[0] + bills[1]), 0.3 * bills[0]])


@pytest.mark.parametrize("name", ["awareness_campaign", "collection_infrastructure"])
def test_programmes_cost_a_sum_per_household_that_ramps_up(config: Any, name: str) -> None:
    governments = government_of(config, Use(name, "country", 0.3, ramp=2, parameters={"cost": 12.0}))
    paid = []
    for month in range(3):
        books = Ledger()
        run_month(governments, busy_month(config, month), books)
        paid.append(books.balance[DOMESTIC])
    assert paid == pytest.approx([50.0, 100.0, 100.0])  # 100 households below the country, EUR 1 a month


def test_training_is_paid_by_the_technician(config: Any) -> None:
    governments, change = settled(config, Use("technical_training", "country", 0.1, parameters={"cost": 1000.0}))
    assert change[DOMESTIC] == pytest.approx(0.1 * 36.0 / 12.0 * 1000.0)
    assert governments.paid.sum() == pytest.approx(300.0)


def test_collectors_pay_the_tax_on_what_they_have_landfilled(config: Any) -> None:
    uses = [Use("landfill_tax", "union", 2.0, materials=("a",)), Use("landfill_tax", "country", 1.0)]
    governments, change = settled(config, *uses)
    assert change[DEALERS] == pytest.approx([-3.0 * 1.0, -(3.0 * 2.0 + 1.0 * 5.0), -2.0 * 3.0])
    assert governments.received == pytest.approx([2.0 * 6.0, 1.0 * (3.0 + 5.0)])


def test_deposits_come_back_when_the_product_does(config: Any) -> None:
    governments = government_of(config, Use("deposit_refund", "country", 0.1, start=2, end=4, ramp=2))
    first = busy_month(config, 2)
    books = Ledger()
    run_month(governments, first, books)
    assert books.balance[HOUSEHOLDS] == pytest.approx([-(2.0 * 50 + 29.0 * 5), -(3.0 * 50 + 39.0 * 5), 0.0])
    for month in (3, 4, 5):
        governments.announce(Conditions(governments.sizes), month)
    later, books = busy_month(config, 9), Ledger()
    later.returned_product, later.returned_leaf = np.array([0, 0, 1, 0, 0]), np.array([0, 0, 1, 0, 2])
    later.returned_bought, later.returned_weight = np.array([1, 2, 3, 5, 3]), np.full(5, 10.0)
    rules = run_month(governments, later, books)
    assert books.balance[HOUSEHOLDS] == pytest.approx([10.0 * 50.0, 10.0 * 10.0, 0.0])
    promised = rules.refund(later.returned_product, later.returned_leaf, later.returned_bought)
    assert promised.tolist() == [0.0, 50.0, 10.0, 0.0, 0.0]
    assert not rules.deposit.any()


# --- Caps -------------------------------------------------------------------------------------------------


def test_at_the_cap_claims_are_paid_pro_rata_and_then_nothing_until_january(config: Any) -> None:
    events = EventLog()
    governments = government_of(config, Use("recovery_subsidy", "union", 1.0, cap=100.0), events=events)
    paid, levers, balances = [], [], []
    for month in range(13):
        books = Ledger()
        levers.append(run_month(governments, busy_month(config, month), books).recovery_subsidy[0, 0])
        paid.append(governments.paid[0])
        balances.append(books.balance[RECYCLERS])
    assert paid == [78.0, pytest.approx(22.0), *[0.0] * 10, 78.0]
    assert levers == [1.0, 1.0, *[0.0] * 10, 1.0]
    assert balances[1] == pytest.approx(balances[0] * 22.0 / 78.0)
    news = [(event.month, event.what, event.why) for event in events.events]
    assert news == [
        (0, "recovery_subsidy_started", ""),
        (1, "recovery_subsidy_capped", "budget_spent"),
        (12, "recovery_subsidy_resumed", ""),
    ]


def test_a_cap_met_exactly_closes_the_year_too(config: Any) -> None:
    governments = government_of(config, Use("recovery_subsidy", "union", 1.0, cap=78.0))
    run_month(governments, busy_month(config))
    assert governments.paid[0] == 78.0
    assert governments.instruments[0].status == CAPPED


def test_a_budget_of_nothing_never_comes_into_force(config: Any) -> None:
    governments = government_of(config, Use("recovery_subsidy", "union", 1.0, cap=0.0))
    rules = [run_month(governments, busy_month(config, month)) for month in range(13)]
    assert not any(month.contributions for month in rules)
    assert governments.members[0].credibility == 0.5


@given(st.floats(0.01, 500.0), st.lists(st.floats(0.0, 50.0), min_size=1, max_size=30))
def test_a_year_never_costs_more_than_the_cap(config: Any, cap: float, rounds: list[float]) -> None:
    governments = government_of(config, Use("recovery_subsidy", "union", 1.0, cap=cap))
    years: dict[int, float] = {}
    for month, kilograms in enumerate(rounds):
        activity = busy_month(config, month)
        activity.recovered[:] = kilograms
        run_month(governments, activity)
        years[month // 12] = years.get(month // 12, 0.0) + governments.paid[0]
    assert max(years.values()) <= cap * (1.0 + 1e-12)


def test_caps_of_two_governments_are_apart(config: Any) -> None:
    uses = [Use("recovery_subsidy", "union", 1.0, cap=39.0), Use("recovery_subsidy", "country", 1.0)]
    governments, _ = settled(config, *uses)
    assert governments.paid == pytest.approx([39.0, 21.0])
    rules = run_month(governments, busy_month(config, 1))
    assert rules.recovery_subsidy[:, 0].tolist() == [1.0, 1.0, 0.0]


# --- The stockpile ----------------------------------------------------------------------------------------


def view(**changes: Any) -> MarketView:
    quiet = {"price": 10.0, "usual_price": 10.0, "home_use": 100.0, "shortage": 0.0, "held": 0.0, "withheld": 0.0}
    return MarketView(**{name: np.full(3, value) for name, value in (quiet | changes).items()})


def stockpile(config: Any, month: int = 0, **changes: Any) -> Any:
    use = Use("strategic_stockpile", "union", 2.0, parameters={"buy_years": 1.0}, **changes)
    governments = government_of(config, use)
    for past in range(month + 1):
        governments.announce(Conditions(governments.sizes), past)
    return governments


def test_the_stockpile_is_filled_evenly_up_to_its_target(config: Any) -> None:
    governments = stockpile(config, materials=("a",))
    assert governments.trade({0: view()}, 0)[0].buy == pytest.approx([200.0 / 12.0, 0.0, 0.0])
    assert governments.trade({0: view(held=195.0)}, 0)[0].buy.tolist() == [5.0, 0.0, 0.0]
    assert governments.trade({0: view(held=500.0)}, 0)[0].buy.tolist() == [0.0, 0.0, 0.0]


def test_it_does_not_buy_above_its_limit(config: Any) -> None:
    trade = stockpile(config).trade({0: view(price=12.6)}, 0)[0]
    assert not trade.buy.any()
    assert trade.limit_price.tolist() == [12.5] * 3


def test_it_covers_a_shortage_while_it_can(config: Any) -> None:
    governments = stockpile(config)
    trade = governments.trade({0: view(shortage=0.3, held=50.0)}, 0)[0]
    assert trade.release == pytest.approx([30.0] * 3)
    assert not trade.buy.any()
    assert governments.trade({0: view(shortage=0.3, held=20.0)}, 0)[0].release.tolist() == [20.0] * 3
    assert not governments.trade({0: view(shortage=0.04, held=20.0)}, 0)[0].release.any()


def test_it_sells_a_part_while_the_price_is_exceptional(config: Any) -> None:
    trade = stockpile(config).trade({0: view(price=25.0, held=60.0)}, 0)[0]
    assert trade.release.tolist() == [10.0] * 3


def test_after_the_end_it_is_sold_off_at_the_usual_price(config: Any) -> None:
    governments = stockpile(config, month=3, end=2)
    assert governments.trade({0: view(held=60.0)}, 3)[0].release.tolist() == [5.0] * 3
    assert not governments.trade({0: view(held=60.0, price=9.0)}, 3)[0].release.any()
    assert not governments.trade({0: view()}, 3)[0].buy.any()


def test_it_buys_no_more_than_its_budget_pays_for(config: Any) -> None:
    governments = stockpile(config, cap=100.0)
    trade = governments.trade({0: view()}, 0)[0]
    assert trade.buy @ trade.limit_price == pytest.approx(100.0)
    governments.book_trade(0, paid=99.5, received=0.0)
    assert governments.instruments[0].status == CAPPED
    assert not governments.trade({0: view()}, 0)[0].buy.any()


def test_what_the_market_pays_for_it_is_its_cost(config: Any) -> None:
    governments = stockpile(config)
    governments.book_trade(0, paid=40.0, received=15.0)
    governments.settle(busy_month(config), Ledger(), 0)
    assert governments.public_cost.tolist() == [25.0, 0.0, 0.0]
    assert governments.members[0].spent_this_year == 40.0
    assert [trader.label for trader in governments.traders] == ["strategic_stockpile@union"]


# --- Governments ------------------------------------------------------------------------------------------


def test_instruments_are_numbered_from_the_highest_government_down_and_idle_ones_last(config: Any) -> None:
    governments = government_of(
        config,
        Use("price_floor", "country"),
        Use("recovery_subsidy", "union", 0.0),
        Use("recovery_subsidy", "country"),
        Use("primary_levy", "union"),
        Use("recovery_subsidy", "country", materials=("a",)),
    )
    assert governments.labels == [
        "primary_levy@union",
        "price_floor@country",
        "recovery_subsidy@country",
        "recovery_subsidy@country#2",
        "recovery_subsidy@union",
    ]
    assert [instrument.index for instrument in governments.instruments] == [0, 1, 2, 3, 4]
    assert [instrument.account for instrument in governments.instruments] == [0, 1, 1, 1, 0]


def test_kept_promises_raise_credibility_and_an_announced_cap_breaks_none(config: Any) -> None:
    governments = government_of(config, Use("recovery_subsidy", "union", 1.0, cap=160.0))
    union, country = governments.members[0], governments.members[1]
    run_month(governments, busy_month(config, 0))
    assert union.credibility == pytest.approx(0.5 + 0.01 * 0.5)
    run_month(governments, busy_month(config, 1))
    before = union.credibility
    run_month(governments, busy_month(config, 2))
    assert governments.instruments[0].status == "capped"
    assert union.credibility >= before
    assert country.credibility == 0.5


def test_withdrawing_early_breaks_a_promise_and_ends_the_outlook(config: Any) -> None:
    events = EventLog()
    governments = government_of(config, Use("recovery_subsidy", "union", 1.0, end=200), events=events)
    run_month(governments, busy_month(config, 0))
    governments.withdraw(0, 1)
    rules = run_month(governments, busy_month(config, 1))
    assert rules.contributions == {}
    assert rules.outlook.contributions == {}
    assert governments.members[0].credibility < 0.5
    assert events.events[-1].what == "recovery_subsidy_withdrawn"
    with pytest.raises(ValueError, match="already ended"):
        governments.withdraw(0, 2)


def test_ending_as_announced_breaks_nothing(config: Any) -> None:
    governments = government_of(config, Use("recovery_subsidy", "union", 1.0, end=1))
    beliefs = []
    for month in range(4):
        run_month(governments, busy_month(config, month))
        beliefs.append(governments.members[0].credibility)
    assert beliefs == sorted(beliefs)
    assert beliefs[1] == beliefs[3]


def test_belief_in_a_leaf_is_in_the_governments_that_promise_something_there(config: Any) -> None:
    governments = government_of(config, Use("recovery_subsidy", "country", 1.0))
    assert run_month(governments, busy_month(config, 0)).belief.tolist() == [0.5, 0.5, 0.5]
    country = governments.members[1].credibility
    assert country > 0.5
    assert run_month(governments, busy_month(config, 1)).belief.tolist() == [country, country, 0.5]


def test_the_year_is_added_up_by_government(config: Any) -> None:
    governments = government_of(config, Use("recovery_subsidy", "country", 1.0), Use("primary_levy", "country", 0.1))
    for month in range(14):
        run_month(governments, busy_month(config, month))
    country = governments.members[1]
    assert country.spent_this_year == pytest.approx(2 * 21.0)
    assert country.received_this_year == pytest.approx(2 * 61.0)
    totals = {instrument.name: (instrument.total_paid, instrument.total_received) for instrument in country.instruments}
    assert totals["recovery_subsidy"] == (pytest.approx(14 * 21.0), 0.0)
    assert totals["primary_levy"] == (0.0, pytest.approx(14 * 61.0))


def test_a_budget_follows_its_series_and_holds_on(config: Any) -> None:
    union, country, _ = government_of(config).members
    assert [country.budget(month) for month in (0, 11, 12, 24, 300)] == [100.0, 100.0, 200.0, 300.0, 300.0]
    assert union.budget(0) == 0.0


def test_governments_are_mesa_agents(config: Any) -> None:
    model = mesa.Model()
    governments = Governments(model, config, [], ACCOUNTS)
    assert list(model.agents) == governments.members
    assert [government.name for government in governments.members] == ["union", "country", "north"]


def test_a_mix_of_everything_balances_in_the_real_books(config: Any) -> None:
    books = Books(config.materials.ids)
    books.account(*[f"account {number}" for number in range(CHANGES)])
    books.account("lenders", lender=True)
    books.place("warehouse")
    books.start()
    uses = [
        Use(name, jurisdiction, declared.intensity.default, cap=1e3 if declared.spends else None)
        for name, declared in policies.registry().items()
        for level, jurisdiction in LEVELS.items()
        if level in declared.level
    ]
    governments = government_of(config, *uses)
    for month in range(30):
        books.begin_month()
        run_month(governments, signed_month(config, month), books)
        books.close(month)
    assert books.cash[ACCOUNTS[1]] != 0.0
    earned = [sum(i.received - i.paid for i in government.instruments) for government in governments.members]
    assert np.array(earned) == pytest.approx(books.flow[:, :3].sum(axis=0))
    held = [
        sum(i.received - i.paid for i in government.instruments if i.in_trust) for government in governments.members
    ]
    assert -governments.public_cost == pytest.approx(np.array(earned) - held)  # deposits are nobody's revenue


# --- Events -------------------------------------------------------------------------------------------------


def test_the_life_of_an_instrument_can_be_read_in_both_languages(config: Any) -> None:
    events = EventLog()
    use = Use("price_floor", "country", 1.2, start=2, end=3, announced=1, materials=("a", "b"))
    governments = government_of(config, use, events=events)
    for month in range(6):
        run_month(governments, busy_month(config, month))
    assert events.frame(2026.0)["what"].tolist() == [
        "Price floor (a, b): announced",
        "Price floor (a, b): started",
        "Price floor (a, b): ended",
    ]
    assert events.frame(2026.0, "nl")["what"].tolist()[2] == "Bodemprijs (a, b): beëindigd"
    assert events.frame(2026.0)["month"].tolist() == ["2026-02", "2026-03", "2026-05"]


def test_what_was_announced_before_the_run_is_no_news(config: Any) -> None:
    events = EventLog()
    governments = government_of(config, Use("price_floor", start=1, announced=-20), events=events)
    assert governments.members[0].promises
    for month in range(2):
        rules = run_month(governments, busy_month(config, month))
        assert rules.outlook["price_floor"].any()
    assert [(event.month, event.what) for event in events.events] == [(1, "price_floor_started")]


# --- What is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (Use("recovery_subsidie"), "nearest valid name: 'recovery_subsidy'"),
        (Use("recovery_subsidy", "mars"), "unknown entry of jurisdictions 'mars'"),
        (Use("recovery_subsidy", "world"), "world has no government"),
        (Use("recovery_subsidy", "north"), "instruments[0].jurisdiction: recovery_subsidy is not in the power"),
        (Use("recovery_subsidy", intensity=-1.0), "instruments[0].intensity: -1.0 is out of range"),
        (Use("recovery_subsidy", intensity=math.nan), "instruments[0].intensity: nan is not a finite number"),
        (Use("recovery_subsidy", materials=("d",)), "instruments[0].materials.d: unknown entry of materials 'd'"),
        (Use("recovery_subsidy", products=("car",)), "instruments[0].products: recovery_subsidy cannot be limited"),
        (Use("recovery_subsidy", start=5, end=4), "instruments[0].end: ends before it starts"),
        (Use("recovery_subsidy", start=5, announced=6), "instruments[0].announced: is announced after it starts"),
        (Use("recovery_subsidy", cap=-1.0), "instruments[0].cap: -1.0 is not a budget"),
        (Use("primary_levy", cap=1.0), "instruments[0].cap: primary_levy spends nothing that a cap could limit"),
        (Use("primary_levy", "country", parameters={"border": 1.0}), "instruments[0].border: only a union"),
        (Use("circular_procurement", parameters={"premium": 2.0}), "instruments[0].premium: 2.0 is out of range"),
        (Use("circular_procurement", parameters={"bonus": 2.0}), "expected one of premium"),
        (Use("recovery_subsidy", parameters={"bonus": 2.0}), "expected no parameters"),
    ],
)
def test_what_makes_no_sense_is_refused(config: Any, use: Use, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        policies.build([use], config)
    assert message in str(error.value)


def test_in_force_is_what_the_status_says(config: Any) -> None:
    governments = government_of(config, Use("recovery_subsidy", "union", 1.0))
    run_month(governments, busy_month(config))
    assert governments.instruments[0].status == IN_FORCE
