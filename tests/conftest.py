"""What tests of principle share: small models, and all that a model holds as plain values."""

from collections import deque
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from abm.books import Books
from abm.events import EventLog
from abm.model import CircularTransition
from abm.parameters import Config, Table
from abm.randomness import Streams
from abm.scenario import Scenario, load_scenario

SMALL = {"households": 120, "months": 24}
# What is read and never written, what is written for the reader only, and what Mesa keeps for itself.
ASIDE = (Config, Table, Scenario, Streams, EventLog)
FOR_READERS = ("recorder", "deeds", "_collector", "_handles", "_identities", "agent_id_counter", "_rng")
PLACES = ("feed_place", "output_place", "inputs", "finished", "place")
ACCOUNTS = ("account", "purse", "licence")

State = dict[str, Any]


def small_model(rng: Any = 1, record: bool = True, events: bool = True, **scenario: Any) -> CircularTransition:
    """A model of few households and months, or of what `load_scenario` is asked for."""
    return CircularTransition.from_scenario(load_scenario(**(SMALL | scenario)), rng, record, events)


def finished(model: CircularTransition, watch: Callable[[CircularTransition], object] | None = None) -> Any:
    """The model at the end of its run; `watch` is called after each month."""
    while model.running:
        model.step()
        if watch is not None:
            watch(model)
    return model


def series_of(model: CircularTransition) -> dict[str, np.ndarray]:
    """Every recorded series by its column's name."""
    values = model.recorder.values
    return {column["name"]: values[:, number] for number, column in enumerate(model.recorder.columns)}


def state_of(model: CircularTransition) -> State:
    """All that a model holds, found by walking through it: path → array, number or text.

    Accounts and places are named, not numbered, so that one more place shifts nothing. Left out are config,
    events, recorded series, handles, and Mesa's own random generator, which the model does not use.
    """
    found: State = {}
    seen: set[int] = set()
    waiting = deque([("", model)])
    while waiting:
        path, thing = waiting.popleft()
        name = path.rpartition(".")[2]
        if isinstance(thing, (np.ndarray, np.generic, bool, int, float, str)):
            found[path] = _named(name, thing, model.books)
        elif thing is not None and id(thing) not in seen and not isinstance(thing, ASIDE):
            seen.add(id(thing))
            waiting.extend((f"{path}.{key}", part) for key, part in _parts(thing))
    return found


def _named(name: str, thing: Any, books: Books) -> Any:
    """Names in place of numbers of accounts and places; copies, since the model goes on."""
    if np.asarray(thing).dtype.kind == "i" and name in (*PLACES, *ACCOUNTS):
        names = books.place_names if name in PLACES else books.account_names
        return np.array([names[number] if number >= 0 else "" for number in np.ravel(thing)])
    return np.array(thing)


def _parts(thing: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, Books):
        yield from ((f"cash of {name}", thing.cash[number]) for number, name in enumerate(thing.account_names))
        yield from ((f"debt of {name}", thing.debt[number]) for number, name in enumerate(thing.account_names))
        yield from ((f"stock of {name}", thing.stock[number]) for number, name in enumerate(thing.place_names))
    elif isinstance(thing, dict):
        yield from ((str(key), part) for key, part in thing.items())
    elif isinstance(thing, (list, tuple)):
        yield from ((str(number), part) for number, part in enumerate(thing))
    elif isinstance(thing, SimpleNamespace) or any(kind.__module__.startswith("abm.") for kind in type(thing).__mro__):
        yield from ((key, part) for key, part in vars(thing).items() if key not in FOR_READERS)


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Paths that only one of two states has, or in which they differ by a bit; NaN equals NaN."""
    here = sorted(one.keys() ^ other.keys())
    return here + [path for path in one.keys() & other.keys() if not _same(one[path], other[path])]


def _same(one: Any, other: Any) -> bool:
    one, other = np.asarray(one), np.asarray(other)
    if one.dtype == object:
        return one.tolist() == other.tolist()
    return one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes()


@pytest.fixture(scope="session")
def make() -> Callable[..., CircularTransition]:
    return small_model


@pytest.fixture(scope="session")
def run_out() -> Callable[..., CircularTransition]:
    return finished


@pytest.fixture(scope="session")
def state() -> Callable[[CircularTransition], State]:
    return state_of


@pytest.fixture(scope="session")
def series() -> Callable[[CircularTransition], dict[str, np.ndarray]]:
    return series_of


@pytest.fixture(scope="session")
def differences() -> Callable[[dict[str, Any], dict[str, Any]], list[str]]:
    return differing
