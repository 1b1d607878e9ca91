"""Populations: columns that are plain arrays, and rows that are genuine Mesa agents."""

import gc
import weakref
from collections.abc import Iterator

import mesa
import numpy as np
import pytest

from abm.population import Column, Population, PopulationModel, RowAgent


class Shop(RowAgent):
    """A shop."""

    def double_price(self) -> None:
        self.price = 2.0 * self.price


class Shops(Population):
    agent_class = Shop
    price = Column(np.float64, "Price", "EUR")
    open = Column(np.bool_, "Whether it is open", "1", default=True)
    cash = Column(np.float64, "Cash", "EUR", kept_by_books="pay")
    stock = Column(np.float32, "Stock", "kg", width="goods")
    held = Column(np.float64, "Material held", "kg", kept_by_books="move", width="goods")


class Walker(RowAgent):
    """A walker."""


class Walkers(Population):
    agent_class = Walker
    speed = Column(np.int16, "Speed", "km/h", default=5)


class Mayor(mesa.Agent):
    """An ordinary Mesa agent."""

    price = 0.0


class Town(PopulationModel):
    """Three shops, some walkers and a mayor."""

    def __init__(self, walkers: int = 100, rng: int = 1) -> None:
        super().__init__(rng=rng)
        self.shops = Shops(self, widths={"goods": 2})
        self.shops.append(price=[1.0, 2.0, 3.0], cash=10.0, stock=np.arange(6.0).reshape(3, 2))
        self.walkers = Walkers(self)
        self.walkers.append(speed=np.arange(walkers))
        self.mayor = Mayor(self)

    def step(self) -> None:
        self.shops.price *= 1.1


@pytest.fixture
def town() -> Iterator[Town]:
    yield Town()


# --- Columns --------------------------------------------------------------------------------------


def test_columns_are_plain_arrays_exactly_as_long_as_the_population(town: Town):
    shops = town.shops
    assert len(shops) == 3
    assert shops.price is vars(shops)["price"]
    assert shops.stock.shape == (3, 2)
    assert shops.stock.dtype == np.float32
    assert shops.slot.tolist() == [0, 1, 2]
    assert shops.active.all()
    assert shops.open.all()


def test_columns_state_their_meaning():
    assert Shops.columns["price"].meaning == "Price"
    assert Shops.columns["price"].unit == "EUR"
    assert set(Shops.columns) == {"slot", "active", "price", "open", "cash", "stock", "held"}
    assert set(Walkers.columns) == {"slot", "active", "speed"}
    assert "Price (EUR)" in Shop.price.__doc__


def test_assigning_a_column_writes_into_it(town: Town):
    before = town.shops.price
    town.shops.price = town.shops.price + 1
    assert town.shops.price is before
    assert before.tolist() == [2.0, 3.0, 4.0]
    town.shops.price *= 2
    assert town.shops.price is before
    with pytest.raises(ValueError, match="broadcast"):
        town.shops.price = np.zeros(4)


def test_rows_are_appended_with_permanent_slots(town: Town):
    rows = town.shops.append(price=[7.0, 8.0])
    assert rows.tolist() == [3, 4]
    assert town.shops.price.tolist() == [1.0, 2.0, 3.0, 7.0, 8.0]
    assert town.shops.slot.tolist() == [0, 1, 2, 3, 4]
    assert town.shops.cash[3:].tolist() == [0.0, 0.0]
    assert town.shops.append().tolist() == [5]
    assert town.shops.append(price=1.0, slot=4000).tolist() == [6]
    assert town.shops.append(price=1.0).tolist() == [7]
    assert town.shops.slot[-2:].tolist() == [4000, 4001]
    assert all(len(vars(town.shops)[name]) == 8 for name in Shops.columns)


def test_a_slot_is_never_used_twice(town: Town):
    town.shops.retire([1])
    with pytest.raises(ValueError, match="cannot be used twice"):
        town.shops.append(slot=1)
    with pytest.raises(ValueError, match="cannot be used twice"):
        town.shops.append(slot=[9, 9])


def test_mistakes_in_appending_are_named(town: Town):
    with pytest.raises(ValueError, match="no column 'prise'; nearest is 'price'"):
        town.shops.append(prise=1.0)
    with pytest.raises(ValueError, match="different lengths"):
        town.shops.append(price=[1.0, 2.0], cash=[1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"Shops.stock needs widths\['goods'\]"):
        Shops(None)


def test_order_of_memory_is_kept_when_rows_are_appended():
    class Racks(Population):
        load = Column(np.int8, "Load", "1", width="levels", order="F")

    racks = Racks(None, widths={"levels": 3})
    racks.append(load=np.ones((4, 3)))
    racks.append(load=np.zeros((2, 3)))
    assert racks.load.flags.f_contiguous
    assert racks.load.sum() == 12
    with pytest.raises(ValueError, match="expected one of"):
        Column(np.int8, "Load", order="A")


def test_a_column_cannot_hide_what_mesa_uses():
    class Clash(RowAgent):
        """An agent."""

    with pytest.raises(TypeError, match="'random' would hide"):
        type("Clashes", (Population,), {"agent_class": Clash, "random": Column(np.int8, "Luck")})


# --- Agents ---------------------------------------------------------------------------------------


def test_agents_read_and_write_their_row(town: Town):
    shop = town.shops.handle(1)
    assert isinstance(shop, Shop)
    assert isinstance(shop, mesa.Agent)
    assert shop.price == 2.0
    assert shop.open is True
    shop.price = 5.0
    shop.stock[1] = 9.0
    shop.stock = shop.stock + 1
    assert town.shops.price[1] == 5.0
    assert town.shops.stock[1].tolist() == [3.0, 10.0]
    town.shops.price[1] = 6.0
    assert shop.price == 6.0


def test_what_the_books_keep_is_read_only_on_agents(town: Town):
    shop = town.shops.handle(0)
    assert shop.cash == 10.0
    with pytest.raises(AttributeError, match=r'Shop.cash is kept by the books; it changes only through "pay"'):
        shop.cash = 20.0
    with pytest.raises(AttributeError, match="retire"):
        shop.active = False
    with pytest.raises(ValueError, match="read-only"):
        shop.held[0] = 1.0
    assert town.shops.cash[0] == 10.0


def test_mesa_finds_the_agents(town: Town):
    assert len(town.agents_by_type[Shop]) == 3
    assert len(town.agents_by_type[Walker]) == 100
    assert len(town.agents_by_type[Mayor]) == 1
    assert set(town.agents_by_type) == {Shop, Walker, Mayor}
    assert len(town.agents_by_type) == 3
    assert set(town.agent_types) == {Shop, Walker, Mayor}
    assert len(town.agents) == 104
    identities = town.agents.get("unique_id")
    assert sorted(identities) == list(range(1, 105))
    with pytest.raises(KeyError):
        town.agents_by_type[mesa.Agent]


def test_mesa_selects_sets_and_aggregates(town: Town):
    shops = town.agents_by_type[Shop]
    assert shops.agg("price", np.mean) == town.shops.price.mean()
    assert len(shops.select(lambda shop: shop.price > 1.5)) == 2
    assert shops.get("price") == [1.0, 2.0, 3.0]
    shops.set("price", 4.0)
    assert town.shops.price.tolist() == [4.0, 4.0, 4.0]
    shops.shuffle_do("double_price")
    assert town.shops.price.tolist() == [8.0, 8.0, 8.0]
    assert len(town.agents.select(agent_type=Walker)) == 100


def test_agents_are_made_only_for_the_kind_asked_for(town: Town):
    assert town.walkers._handles is None
    assert len(town.agents_by_type[Shop]) == 3
    assert town.walkers._handles is None
    assert town.agents_by_type.keys() >= {Walker}
    assert town.walkers._handles is None
    first = town.agents_by_type[Walker]
    assert first is town.agents_by_type[Walker]


def test_newcomers_are_agents_too(town: Town):
    shops = town.agents_by_type[Shop]
    town.shops.append(price=9.0)
    assert len(shops) == 4
    assert town.shops.handle(3).price == 9.0
    assert len(town.agents_by_type[Walker]) == 100


def test_a_kind_without_members_has_an_empty_set(town: Town):
    class Ghost(RowAgent):
        """A ghost."""

    ghosts = type("Ghosts", (Population,), {"agent_class": Ghost})(town)
    assert len(town.agents_by_type[Ghost]) == 0
    ghosts.append()
    assert len(town.agents_by_type[Ghost]) == 1


def test_those_who_left_raise(town: Town):
    shop = town.shops.handle(1)
    town.shops.retire([1])
    assert town.shops.active.tolist() == [True, False, True]
    assert len(town.agents_by_type[Shop]) == 2
    with pytest.raises(LookupError, match=f"Shop {shop.unique_id} has left the model"):
        _ = shop.price
    with pytest.raises(LookupError, match="has left"):
        shop.price = 1.0
    with pytest.raises(LookupError, match="row 1 of Shops has left"):
        town.shops.handle(1)
    town.shops.append(price=1.0)
    assert town.agents_by_type[Shop].get("price") == [1.0, 3.0, 1.0]


def test_removing_an_agent_lets_the_population_wind_it_up(town: Town):
    wound_up = []

    class Firm(RowAgent):
        """A firm."""

    class Firms(Population):
        agent_class = Firm

        def liquidate(self, row: int) -> None:
            wound_up.append(row)
            super().liquidate(row)

    firms = Firms(town)
    firms.append(slot=[5, 6])
    firm = firms.handle(1)
    firm.remove()
    assert wound_up == [1]
    assert firms.active.tolist() == [True, False]
    assert len(town.agents_by_type[Firm]) == 1
    with pytest.raises(LookupError):
        firm.remove()


def test_mesa_can_remove_everybody(town: Town):
    assert len(town.agents) == 104
    town.remove_all_agents()
    assert len(town.agents) == 0
    assert not town.shops.active.any()


def test_mistakes_of_membership_are_named(town: Town):
    with pytest.raises(ValueError, match="already belongs"):
        Shops(town, widths={"goods": 1})
    with pytest.raises(TypeError, match="declares no agent_class"):
        Population(town)
    with pytest.raises(TypeError, match="PopulationModel"):
        Walkers(None).make_handles()
    with pytest.raises(AttributeError, match="belongs to Mesa"):
        town.agents = []


def test_agents_do_not_change_the_run():
    plain, watched = Town(), Town()
    for _ in range(5):
        plain.step()
        watched.step()
        assert len(watched.agents) == 104
    assert np.array_equal(plain.shops.price, watched.shops.price)


def test_the_data_collector_works(town: Town):
    collector = mesa.DataCollector(
        model_reporters={"mean price": lambda model: float(model.shops.price.mean())},
        agenttype_reporters={Shop: {"price": "price"}},
    )
    collector.collect(town)
    town.step()
    collector.collect(town)
    assert collector.get_model_vars_dataframe()["mean price"].tolist() == pytest.approx([2.0, 2.2])
    assert collector.get_agenttype_vars_dataframe(Shop)["price"].tolist() == pytest.approx([1, 2, 3, 1.1, 2.2, 3.3])


def test_discarded_models_are_collected():
    discarded = []
    for _ in range(5):
        town = Town()
        assert len(town.agents) == 104
        town.step()
        discarded.append(weakref.ref(town))
    del town
    gc.collect()
    assert [model() for model in discarded] == [None] * 5
