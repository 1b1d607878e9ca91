"""Mesa agents that are rows of columns.

Numerous kinds of agents keep their state in NumPy columns, and behaviour is written once for the
whole population. Each member is nevertheless a genuine `mesa.Agent`: a handle whose fields read and
write its row. Handles are made when somebody asks for them; the simulation itself never does.
All that differs from plain Mesa stands in this file (tested with Mesa 3.3 and 3.5).
"""

import difflib
import itertools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import mesa
import numpy as np
from mesa.agent import AgentSet
from numpy.typing import ArrayLike, DTypeLike, NDArray

Rows = NDArray[np.int64]

# Mesa before 3.4.2 counts identities in a class-level dictionary that keeps every model alive.
_COUNTERS_OF_MESA: dict[Any, Any] | None = getattr(mesa.Agent, "_ids", None)
_MAIN_MEMORY_ORDERS = ("C", "F")


class Column:
    """Declaration of one column: what it means, its unit, and who may change it.

    Parameters
    ----------
    dtype
        NumPy type of the entries.
    meaning, unit
        For readers and for tables of state variables.
    kept_by_books
        Name of the verb that alone may change the column; it is then read-only on handles.
    width
        Name of a second axis, such as "materials"; its length is given when the population is made.
    default
        Value of rows appended without one.
    order
        "F" keeps each entry of the second axis contiguous in memory.
    """

    def __init__(
        self,
        dtype: DTypeLike,
        meaning: str,
        unit: str = "1",
        kept_by_books: str | None = None,
        *,
        width: str | None = None,
        default: float | bool = 0,
        order: str = "C",
    ) -> None:
        if order not in _MAIN_MEMORY_ORDERS:
            raise ValueError(f"order is {order!r}; expected one of {_MAIN_MEMORY_ORDERS}")
        self.dtype = np.dtype(dtype)
        self.meaning = meaning
        self.unit = unit
        self.kept_by_books = kept_by_books
        self.width = width
        self.default = default
        self.order = order

    if TYPE_CHECKING:  # at run time the instance's own array hides the declaration

        def __get__(self, population: Any, owner: type) -> NDArray[Any]: ...

        def __set__(self, population: Any, values: ArrayLike) -> None: ...

    def filled(self, count: int, widths: Mapping[str, int]) -> NDArray[Any]:
        """Return `count` rows of the default value."""
        shape = (count,) if self.width is None else (count, widths[self.width])
        return np.full(shape, self.default, dtype=self.dtype, order="F" if self.order == "F" else "C")


class Population:
    """A kind of agent, one row per member; subclasses declare the columns as class attributes.

    `population.name` is the array of column `name`, (n,) or (n, width). Assigning to it writes into
    the array, which therefore never changes its length or type. Rows are never removed or reordered.

    Parameters
    ----------
    model
        The model whose agents the members are; without one there are no handles.
    widths
        Lengths of the second axes that columns name.
    """

    agent_class: ClassVar[type["RowAgent"] | None] = None

    slot = Column(np.int64, "Permanent identity, to which random draws are keyed; never reused", "1", "append")
    active = Column(np.bool_, "Whether the member is still there", "1", "retire", default=True)
    columns: ClassVar[dict[str, Column]] = {"slot": slot, "active": active}

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Column)}
        cls.columns = {**cls.columns, **own}
        if cls.agent_class is not None:
            cls.agent_class.give_fields(cls.columns)

    def __init__(self, model: Any = None, widths: Mapping[str, int] | None = None) -> None:
        self.model = model
        self.widths = dict(widths or {})
        self._handles: list[RowAgent | None] | None = None
        self._next_slot = 0
        for name, column in self.columns.items():
            if column.width is not None and column.width not in self.widths:
                raise ValueError(f"{type(self).__name__}.{name} needs widths[{column.width!r}]")
            self.__dict__[name] = column.filled(0, self.widths)
        if isinstance(model, PopulationModel):
            model.enrol(self)

    def __len__(self) -> int:
        """Return the number of rows, members that have left included."""
        return len(self.slot)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.columns:
            object.__setattr__(self, name, value)
            return
        array = self.__dict__[name]
        if value is not array:
            array[...] = value

    def append(self, **values: ArrayLike) -> Rows:
        """Add members; returns their rows.

        Each value is a scalar for all or an array with one entry per new member (n, …). Columns left
        out get their default; slots left out go on from the highest so far. Raises ValueError for an
        unknown column, arrays of different lengths, or a slot that has been used before.
        """
        self._refuse_unknown(values)
        count = self._count_of(values)
        first = len(self)
        new_slots = self._new_slots(values.get("slot"), count)
        for name, column in self.columns.items():
            rows = column.filled(count, self.widths)
            rows[...] = new_slots if name == "slot" else values.get(name, column.default)
            self.__dict__[name] = np.concatenate([self.__dict__[name], rows]) if first else rows
        self._next_slot = max(self._next_slot, int(new_slots.max(initial=-1)) + 1)
        if self._handles is not None:
            self.make_handles()
        return np.arange(first, first + count)

    def retire(self, rows: ArrayLike) -> None:
        """Mark members as having left; their handles leave the model and raise from now on."""
        rows = np.atleast_1d(np.asarray(rows, dtype=np.int64))
        self.active[rows] = False
        for row in rows.tolist() if self._handles is not None else ():
            handle, self._handles[row] = self._handles[row], None  # type: ignore[index]
            if handle is not None:
                handle.leave()

    def liquidate(self, row: int) -> None:
        """Wind up the member whose agent somebody removes.

        Populations whose members own something say here what becomes of it; the default only retires the row.
        """
        self.retire(row)

    def make_handles(self) -> None:
        """Make the Mesa agents of all active rows that have none yet."""
        if self.agent_class is None or not isinstance(self.model, PopulationModel):
            raise TypeError(f"{type(self).__name__} needs an agent_class and a PopulationModel to have agents")
        handles = self._handles if self._handles is not None else []
        handles.extend([None] * (len(self) - len(handles)))
        self._handles = handles
        for row in np.flatnonzero(self.active).tolist():
            if handles[row] is None:
                handles[row] = self.agent_class(self.model, self, row)

    def handle(self, row: int) -> "RowAgent":
        """Return the Mesa agent of a row; raises LookupError when the member has left."""
        self.make_handles()
        handle = (self._handles or [])[row]
        if handle is None:
            raise LookupError(f"row {row} of {type(self).__name__} has left the model")
        return handle

    def _refuse_unknown(self, values: Mapping[str, ArrayLike]) -> None:
        for name in values:
            if name not in self.columns:
                nearest = difflib.get_close_matches(name, self.columns, n=1, cutoff=0.0)[0]
                raise ValueError(f"{type(self).__name__} has no column {name!r}; nearest is {nearest!r}")

    def _count_of(self, values: Mapping[str, ArrayLike]) -> int:
        """Return how many new members the values describe."""
        lengths = {}
        for name, value in values.items():
            dimensions = 1 if self.columns[name].width is None else 2
            if np.ndim(value) == dimensions:
                lengths[name] = len(np.asarray(value))
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns of different lengths: {lengths}")
        return next(iter(lengths.values()), 1)

    def _new_slots(self, slots: ArrayLike | None, count: int) -> Rows:
        """Return the slots of new members, refusing one that has been used before."""
        if slots is None:
            return np.arange(self._next_slot, self._next_slot + count)
        new = np.broadcast_to(np.asarray(slots, dtype=np.int64), (count,))
        distinct = set(new.tolist())
        if len(distinct) < count or not distinct.isdisjoint(self.slot.tolist()):
            raise ValueError(f"{type(self).__name__}: slots are permanent and cannot be used twice: {new.tolist()}")
        return new


class Field:
    """Reads and writes one column at the row of an agent."""

    def __init__(self, name: str, column: Column) -> None:
        self.name = name
        self.column = column
        self.__doc__ = f"{column.meaning} ({column.unit})."

    def __get__(self, agent: "RowAgent | None", owner: type | None = None) -> Any:
        if agent is None:
            return self
        array = getattr(agent.population, self.name)
        if self.column.width is None:
            return array.item(agent.row)
        entries = array[agent.row]
        if self.column.kept_by_books:
            entries.flags.writeable = False
        return entries

    def __set__(self, agent: "RowAgent", value: ArrayLike) -> None:
        if self.column.kept_by_books:
            raise AttributeError(_kept(agent, self.name, self.column.kept_by_books))
        getattr(agent.population, self.name)[agent.row] = value


class InBooks:
    """A field of an agent that stands in the books under its number of an account or place; read-only.

    Parameters
    ----------
    balance
        Name of the books' array that is read.
    where
        Column with the number of the account or place.
    verb
        The verb of the books that alone changes it.
    """

    def __init__(self, balance: str, where: str, verb: str, meaning: str) -> None:
        self.balance, self.where, self.verb = balance, where, verb
        self.__doc__ = meaning

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, agent: "RowAgent | None", owner: type | None = None) -> Any:
        if agent is None:
            return self
        found = np.array(getattr(agent.model.books, self.balance)[getattr(agent, self.where)])
        found.flags.writeable = False
        return found if found.ndim else found.item()

    def __set__(self, agent: "RowAgent", value: object) -> None:
        raise AttributeError(_kept(agent, self.name, self.verb))


def _kept(agent: "RowAgent", name: str, verb: str) -> str:
    return f'{type(agent).__name__}.{name} is kept by the books; it changes only through "{verb}"'


class RowAgent(mesa.Agent):
    """A Mesa agent whose fields are the columns of its row in a population."""

    def __init__(self, model: mesa.Model, population: Population, row: int) -> None:
        self.population = population
        self._row: int | None = row
        super().__init__(model)

    @classmethod
    def give_fields(cls, columns: Mapping[str, Column]) -> None:
        """Add a field for each column; raises TypeError where Mesa already uses the name."""
        for name, column in columns.items():
            if isinstance(getattr(cls, name, None), Field):
                continue
            if hasattr(cls, name) or name in ("model", "pos", "unique_id", "population"):
                raise TypeError(f"column {name!r} would hide an attribute of {cls.__name__}")
            setattr(cls, name, Field(name, column))

    @property
    def row(self) -> int:
        """Row in the population; raises LookupError once the agent has left."""
        if self._row is None:
            raise LookupError(f"{type(self).__name__} {self.unique_id} has left the model")
        return self._row

    def remove(self) -> None:
        """Let the population wind up this member, so that nothing it owned is lost."""
        self.population.liquidate(self.row)

    def leave(self) -> None:
        """Leave the model; called by the population."""
        super().remove()
        self._row = None


class AgentsByType(Mapping[type[mesa.Agent], AgentSet]):
    """Agents by class, as Mesa has them; handles of a class are made when it is looked up."""

    def __init__(self, model: "PopulationModel", made: Mapping[type[mesa.Agent], AgentSet]) -> None:
        self._model = model
        self._made = made

    def __getitem__(self, agent_class: type[mesa.Agent]) -> AgentSet:
        population = self._model.populations.get(agent_class)
        if population is None:
            return self._made[agent_class]
        population.make_handles()
        return self._made.get(agent_class, AgentSet([], random=self._model.random))

    def __contains__(self, agent_class: object) -> bool:
        return agent_class in self._model.agent_types

    def __iter__(self) -> Iterator[type[mesa.Agent]]:
        return iter(self._model.agent_types)

    def __len__(self) -> int:
        return len(self._model.agent_types)


class PopulationModel(mesa.Model):
    """A Mesa model with populations beside ordinary agents."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        self.populations: dict[type[mesa.Agent], Population] = {}
        self._identities = itertools.count(1)
        self._collector: mesa.DataCollector | None = None
        super().__init__(*args, **keywords)

    def enrol(self, population: Population) -> None:
        """Make the members of a population agents of this model."""
        agent_class = population.agent_class
        if agent_class is None:
            raise TypeError(f"{type(population).__name__} declares no agent_class")
        if agent_class in self.populations:
            raise ValueError(f"{agent_class.__name__} already belongs to another population of this model")
        self.populations[agent_class] = population

    @property
    def agents(self) -> AgentSet:
        """All agents; makes every handle that does not exist yet."""
        for population in self.populations.values():
            population.make_handles()
        return self._all_agents

    @agents.setter
    def agents(self, agents: Any) -> None:
        raise AttributeError("model.agents belongs to Mesa; give your own collection another name")

    @property
    def agents_by_type(self) -> AgentsByType:
        """Agents by class; handles of a class are made when it is looked up."""
        return AgentsByType(self, self._agents_by_type)

    @property
    def agent_types(self) -> list[type]:
        """All classes of agents, those whose handles have not been made included."""
        return list(dict.fromkeys([*self.populations, *self._agents_by_type]))

    @property
    def datacollector(self) -> mesa.DataCollector:
        """A collector set by somebody, else the model's own records as Mesa's `batch_run` looks for them."""
        if self._collector is not None:
            return self._collector
        collector = mesa.DataCollector()
        collector.model_vars = self.recorded()
        collector.model_reporters = dict.fromkeys(collector.model_vars, "recorded")
        if hasattr(collector, "_collection_steps"):  # Mesa 3.5
            collector._collection_steps = list(range(1, self.steps + 1))
        return collector

    @datacollector.setter
    def datacollector(self, collector: mesa.DataCollector) -> None:
        self._collector = collector

    def recorded(self) -> dict[str, list[float]]:
        """What the model has recorded by itself: one value for each step taken, by name."""
        return {}

    def register_agent(self, agent: mesa.Agent) -> None:
        """Register an agent, with an identity from this model's own counter where Mesa's would leak."""
        if _COUNTERS_OF_MESA is not None:
            _COUNTERS_OF_MESA.pop(self, None)
            agent.unique_id = next(self._identities)
        super().register_agent(agent)
