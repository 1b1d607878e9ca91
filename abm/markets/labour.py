"""Technical labour per leaf: a pool of people, jobs that work asks for, and what a shortage does."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
YEAR = 12


class Labour:
    """Technical workers and their wage by leaf (L,).

    Work at hand and plants under construction ask for jobs. Of those *wanted*, W, a pool P fills
    (W⁻ᵖ + P⁻ᵖ)^(−1/p): less than either, since places and skills differ, so that vacancies and people out of work
    stand side by side (Lambert 1988, "Disequilibrium Macroeconomic Models"; Drèze and Bean 1990, "Europe's
    Unemployment Problem"). The market starts in balance at the published rate of vacancies: in the first year wanted
    jobs are measured against the mean of the months so far.

    Attributes
    ----------
    wanted, employed, vacancies
        Jobs asked for, filled and open.
    tightness
        Open jobs for each filled one, over that at the start; with steady hiring, the time that a vacancy is open.
    build_speed
        Pace of building, restarting and extending plants over the usual one, at most 1.
    staffing
        Share of planned work that the people at hand can do, at most 1.
    """

    def __init__(self, config: Any) -> None:
        self.terms = config.labour
        table, leaves = config.jurisdictions, config.leaves
        self.base_wage = np.asarray(table.wage)[leaves]
        self.pool = np.asarray(table.technicians)[leaves].copy()
        self.pool_before = self.pool  # of last month
        self.wage_factor = np.ones(len(leaves))
        self._start(np.asarray(table.vacancy_rate)[leaves])
        self._other_branches = self.pool.copy()  # the pool that there would be at the wage of the start
        self._building = np.zeros(len(leaves))  # work of building ordered and not yet done, EUR at the usual wage
        self._first_year = np.zeros(len(leaves))
        self._scale = np.ones(len(leaves))  # jobs per job that the work of the first year asked for

    def _start(self, rate: Array) -> None:
        """Jobs of a market in balance at these rates of vacancies (L,)."""
        fit = self.terms.matching
        self._usual_wanted = self.pool * ((1.0 - rate) ** -fit - 1.0) ** (1.0 / fit)
        self.wanted = self._usual_wanted.copy()
        self.employed = self._filled()
        self._usual_rate = 1.0 - self.employed / self.pool
        self._usual_filled = self.employed / self.wanted
        self._usual_open = self.wanted / self.employed - 1.0
        self.tightness = self.build_speed = self.staffing = np.ones(len(self.pool))

    def _filled(self) -> Array:
        """Jobs that are filled (L,); written so that no power overflows."""
        fit, least = self.terms.matching, np.minimum(self.wanted, self.pool)
        return np.asarray(least * (1.0 + (least / np.maximum(self.wanted, self.pool)) ** fit) ** (-1.0 / fit))

    @property
    def vacancies(self) -> Array:
        """Technical jobs that are open (L,)."""
        return self.wanted - self.employed

    def order_building(self, spending: Array) -> None:
        """Take in orders for plants and equipment (L,), EUR: a part of them is work of technicians here."""
        self._building += self.terms.building_labour * spending

    def close_month(self, month: int, labour_cost: Array, training: Array | float = 0.0) -> None:
        """Jobs, wages and people of the month.

        `labour_cost` (L,) is what organisations paid for work, EUR; `training` (L,) the share of the pool that is
        trained anew in a year.
        """
        self._ask(month, labour_cost)
        self.employed = self._filled()
        filled = self.employed / self.wanted / self._usual_filled
        self.tightness = (self.wanted / self.employed - 1.0) / self._usual_open
        self._slow_down(filled)
        self._bargain()
        self._move(training)

    def _ask(self, month: int, labour_cost: Array) -> None:
        """Jobs follow the work at hand and that of building: firms hire and dismiss with delay (Hamermesh 1993)."""
        terms = self.terms
        share = self._building / terms.building_time
        work = 12.0 * labour_cost / (self.base_wage * self.wage_factor * self.staffing)
        work += 12.0 * share / self.base_wage
        self._building = self._building - share * self.build_speed
        if month < YEAR:
            self._first_year += (work - self._first_year) / (month + 1)
            self._scale = self._usual_wanted / np.maximum(self._first_year, 1e-12)
        self.wanted = self.wanted + (self._scale * work - self.wanted) / terms.hiring_time

    def _slow_down(self, filled: Array) -> None:
        """What a shortage holds up.

        The part of building that goes into finding people takes as much longer as vacancies stay open longer, which
        with steady hiring is as there are more of them (Little 1961), and fewer crews do less. Running plants make up
        for unfilled jobs by overtime, and do less only beyond that.
        """
        terms = self.terms
        longer = 1.0 + terms.hiring_share * np.maximum(self.tightness - 1.0, 0.0)
        self.build_speed = np.minimum(filled, 1.0) / longer
        able = np.minimum((1.0 + terms.overtime) * filled, 1.0)
        self.staffing = self.staffing + (able - self.staffing) / terms.shortage_time

    def _bargain(self) -> None:
        """Wages follow the wage curve: they are higher where fewer are out of work (Blanchflower and Oswald 1994)."""
        out_of_work = (1.0 - self.employed / self.pool) / self._usual_rate
        wanted = np.maximum(out_of_work, 1e-6) ** -self.terms.wage_response
        self.wage_factor = self.wage_factor + (wanted - self.wage_factor) * self.terms.wage_speed / 12.0

    def _move(self, training: Array | float) -> None:
        """People come from other branches where wages have risen, and leave where they have fallen."""
        terms = self.terms
        growth = (1.0 + terms.growth) ** (1.0 / 12.0) + training / 12.0
        self._other_branches = self._other_branches * growth
        drawn = self._other_branches * self.wage_factor**terms.inflow
        self.pool_before = self.pool
        self.pool = self.pool * growth
        self.pool = self.pool + (drawn - self.pool) * terms.inflow_speed / 12.0
