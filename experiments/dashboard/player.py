"""A model that is watched: it goes on month by month and remembers what the charts show."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from abm.agents.recyclers import BUILDING, RUNNING
from abm.agents.state_backed import REGIMES
from abm.events import Event
from experiments.dashboard.choice import Choice, scenario_of

HOUSEHOLDS = 1000
SEED = 1
_REFINED, _OUTSIDE = 1, 0


@dataclass(frozen=True)
class RecyclerRow:
    """One recycler as the table shows it: margin in EUR per kg of scrap, cash in EUR, throughput in kg/month."""

    name: str
    status: str
    margin: float
    cash: float
    processed: float


class Player:
    """One visitor's model. Methods may be called from several threads."""

    def __init__(self, choice: Choice, households: int = HOUSEHOLDS, seed: int = SEED) -> None:
        from abm.model import CircularTransition  # imports Mesa, which takes a second

        self.choice = choice
        self._lock = threading.Lock()
        scenario = scenario_of(choice, households)
        self.shocks = scenario.shocks
        self._model: Any = CircularTransition.from_scenario(scenario, rng=seed)
        self.prices: list[Any] = []  # per month (sides, M), refined material, EUR/kg
        self.recyclers: list[tuple[int, int, int]] = []  # per month: running, shut or restarting, being built

    @property
    def month(self) -> int:
        """Months done."""
        return len(self.prices)

    @property
    def horizon(self) -> int:
        """Months to the end."""
        return int(self._model.months)

    @property
    def ended(self) -> bool:
        """Whether the end is reached."""
        return self.month >= self.horizon

    def step(self) -> None:
        """One month, unless the end is reached."""
        with self._lock:
            if self.ended:
                return
            self._model.step()
            self.recyclers.append(self._count())
            self.prices.append(np.array(self._model.materials.price[_REFINED]))

    def _count(self) -> tuple[int, int, int]:
        recyclers = self._model.recyclers
        status = recyclers.status[recyclers.active]
        running, building = int((status == RUNNING).sum()), int((status == BUILDING).sum())
        return running, len(status) - running - building, building

    def price_lines(self, material: str) -> list[list[float]]:
        """Prices of a material outside and inside each active bloc, EUR/kg."""
        column = self._model.config.materials.index(material)
        return [[float(month[side, column]) for month in self.prices] for side in range(1 + len(self.blocs))]

    @property
    def blocs(self) -> list[str]:
        """Identifiers of the blocs that act strategically, in the order of the inside markets."""
        return [str(bloc.name) for bloc in self._model.blocs]

    def regimes(self) -> list[tuple[str, str, list[str]]]:
        """Bloc, regime and materials, for every regime that is not normal."""
        found = []
        for bloc in self._model.blocs:
            for number, regime in enumerate(REGIMES[1:], start=1):
                rows = np.flatnonzero(bloc.regime == number)
                if len(rows):
                    found.append((str(bloc.name), regime, [self._model.config.materials.ids[row] for row in rows]))
        return found

    def recycler_rows(self) -> list[RecyclerRow]:
        """Recyclers in business, the largest throughput first."""
        recyclers, books = self._model.recyclers, self._model.books
        rows = np.flatnonzero(recyclers.active)
        rows = rows[np.argsort(-recyclers.processed[rows], kind="stable")]
        cash = books.cash[recyclers.account]
        words = ("running", "shut", "restarting", "building")
        return [
            RecyclerRow(
                recyclers.names[row], words[int(recyclers.status[row])], float(recyclers.margin[row]),
                float(cash[row]), float(recyclers.processed[row]),
            )
            for row in rows.tolist()
        ]

    @property
    def failed(self) -> int:
        """Recyclers that have left."""
        return int((~self._model.recyclers.active).sum())

    @property
    def events(self) -> list[Event]:
        """What has happened so far."""
        return list(self._model.event_log.events)
