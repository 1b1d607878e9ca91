"""A model that is watched: it goes on month by month and says after each what there is to see."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.recyclers import BUILDING, RESTARTING, RUNNING, SHUT
from abm.agents.state_backed import REGIMES
from abm.events import Event
from experiments.dashboard.choice import Choice, scenario_of
from experiments.dashboard.simulation import WORKSHOP

HOUSEHOLDS = 1000
SEED = 1
_REFINED = 1  # the stage of refined material
_STATUS = {RUNNING: "running", SHUT: "shut", RESTARTING: "restarting", BUILDING: "building"}


@dataclass(frozen=True)
class RecyclerRow:
    """One recycler: margin in EUR per kg of scrap, cash in EUR, throughput in kg a month."""

    name: str
    status: str
    margin: float
    cash: float
    processed: float


@dataclass(frozen=True, eq=False)
class Frame:
    """What there is to see after `month` of `horizon` months.

    Attributes
    ----------
    prices
        Per month (sides, materials), refined material, EUR/kg; side 0 is outside the blocs.
    counts
        Per month the recyclers that run, that are shut or restarting, and that are being built.
    blocs
        Identifiers of the blocs that act strategically, in the order of the other sides.
    regimes
        Bloc, regime and materials, wherever trade is not normal.
    recyclers
        Those in business, the largest throughput first.
    failed
        Number of recyclers that have left.
    """

    month: int
    horizon: int
    prices: tuple[NDArray[np.float64], ...]
    counts: tuple[tuple[int, int, int], ...]
    blocs: tuple[str, ...]
    regimes: tuple[tuple[str, str, tuple[str, ...]], ...]
    recyclers: tuple[RecyclerRow, ...]
    failed: int
    events: tuple[Event, ...]

    @property
    def ended(self) -> bool:
        """Whether there is no further month."""
        return self.month >= self.horizon


class Player:
    """One visitor's model. Its methods may be called from several threads."""

    def __init__(self, choice: Choice, households: int = HOUSEHOLDS, seed: int = SEED) -> None:
        from abm.model import CircularTransition  # imports Mesa, which takes a second

        scenario = scenario_of(choice, households)
        self.shocks = scenario.shocks
        self._lock = threading.Lock()
        self._model: Any = CircularTransition.from_scenario(scenario, rng=seed)
        self._prices: list[NDArray[np.float64]] = []
        self._counts: list[tuple[int, int, int]] = []

    def step(self) -> Frame:
        """One month, unless the end is reached, and what there is to see after it. Raises what the model raises."""
        with self._lock, WORKSHOP.working():
            if len(self._prices) < self._model.months:
                self._model.step()
                self._prices.append(np.array(self._model.materials.price[_REFINED]))
                self._counts.append(self._count())
            return self._frame()

    def frame(self) -> Frame:
        """What there is to see now."""
        with self._lock:
            return self._frame()

    def _frame(self) -> Frame:
        return Frame(
            month=len(self._prices),
            horizon=int(self._model.months),
            prices=tuple(self._prices),
            counts=tuple(self._counts),
            blocs=tuple(str(bloc.name) for bloc in self._model.blocs),
            regimes=self._regimes(),
            recyclers=self._recyclers(),
            failed=int((~self._model.recyclers.active).sum()),
            events=tuple(self._model.event_log.events),
        )

    def _count(self) -> tuple[int, int, int]:
        recyclers = self._model.recyclers
        status = recyclers.status[recyclers.active]
        running, building = int((status == RUNNING).sum()), int((status == BUILDING).sum())
        return running, len(status) - running - building, building

    def _regimes(self) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
        ids = self._model.config.materials.ids
        found = []
        for bloc in self._model.blocs:
            for number, regime in list(enumerate(REGIMES))[1:]:
                rows = np.flatnonzero(bloc.regime == number)
                if len(rows):
                    found.append((str(bloc.name), regime, tuple(ids[row] for row in rows)))
        return tuple(found)

    def _recyclers(self) -> tuple[RecyclerRow, ...]:
        recyclers = self._model.recyclers
        rows = np.flatnonzero(recyclers.active)
        rows = rows[np.argsort(-recyclers.processed[rows], kind="stable")]
        cash = self._model.books.cash[recyclers.account]
        return tuple(
            RecyclerRow(
                name=recyclers.names[row],
                status=_STATUS[int(recyclers.status[row])],
                margin=float(recyclers.margin[row]),
                cash=float(cash[row]),
                processed=float(recyclers.processed[row]),
            )
            for row in rows.tolist()
        )
