"""The model as a model of the EMA workbench: uncertainties, levers and outcomes from the declarations.

    model = ema_model(uncertainties=["firms.markup"], levers={"mix": {"levels": ["market_pull", "push_and_pull"]}})
    with BatchEvaluator(model, workers=2) as evaluator:
        experiments, outcomes = evaluator.perform_experiments(scenarios=20, policies=4)

`SequentialEvaluator` works as well. The workbench's own `MultiprocessingEvaluator` hangs when a process dies, and the
model refuses to be sent to one. Failed experiments are masked in the arrays of outcomes, as is the workbench's way;
`without_failed` leaves them out, which its analyses (PRIM, CART, feature scoring) need, since these look under masks.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import mesa  # noqa: F401  # makes processes start by spawn, which sends them the model: it can refuse
import numpy as np
import pandas as pd
import scipy.stats

from abm.parameters import ConfigError
from experiments.batch.driver import LIMIT
from experiments.clients.inputs import Inputs, in_multiples, job_of
from experiments.clients.points import SERIES, evaluate_rows, is_series
from experiments.clients.salib import Factors, read_factors
from experiments.designs import Factor
from experiments.outcomes import WAYS, check_columns, check_outcome, column_of, outcomes_of, recorded
from experiments.runs import Result, perform
from experiments.wording import indicator_of

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="ipyparallel not installed")
    from ema_workbench import CategoricalParameter, Model, RealParameter, ScalarOutcome, TimeSeriesOutcome
    from ema_workbench.em_framework.evaluators import BaseEvaluator
    from ema_workbench.em_framework.points import experiment_generator
    from ema_workbench.util import CaseError

_KINDS = {1: ScalarOutcome.MAXIMIZE, -1: ScalarOutcome.MINIMIZE, 0: ScalarOutcome.INFO}


def ema_model(
    uncertainties: Factors = (),
    levers: Factors = (),
    outcomes: Sequence[str] = (),
    *,
    inputs: Inputs | None = None,
    seeds: Sequence[int] = (1,),
    name: str = "Kringloop",
) -> TransitionModel:
    """The model with what varies and what is looked at.

    Parameters
    ----------
    uncertainties, levers
        Names of parameters, families with `*`, instruments (`price_floor@eu`), `mix` and `shocks`, each in its
        declared range; or a dict with what a design would say of each (`{"levels": […]}`, `{"low": 0, "high": 2}`).
        Quantities become a `RealParameter`, what has levels a `CategoricalParameter`.
    outcomes
        Headline indicators and `COLUMN:WAY`, each a `ScalarOutcome` whose kind is the direction of its indicator, and
        `COLUMN:series`, a `TimeSeriesOutcome`; without any, all headline indicators.
    inputs
        What holds for all experiments, as in `experiments.clients.function.simulate`.
    seeds
        Every experiment is run on each; outcomes are means over them.
    name
        Letters and digits.

    Raises
    ------
    ConfigError
        For names that do not exist, and ranges that cannot be.
    """
    return TransitionModel(name, read_factors(uncertainties), read_factors(levers), outcomes, inputs or {}, seeds)


class TransitionModel(Model):
    """A model of the workbench; see `ema_model`.

    Names of attributes that begin with an underscore cannot collide with levers, which the workbench would set.
    """

    def __init__(
        self,
        name: str,
        uncertainties: Sequence[Factor],
        levers: Sequence[Factor],
        outcomes: Sequence[str],
        inputs: Inputs,
        seeds: Sequence[int],
    ) -> None:
        super().__init__(name, function=self._simulate)
        if "seed" in inputs:
            raise ConfigError("does not belong among what holds for all", key="seed", expected="seeds=(1, 2, …)")
        self._inputs, self._seeds = dict(inputs), tuple(seeds)
        self._factors = {factor.name: factor for factor in (*uncertainties, *levers)}
        self._outcomes_output: dict[str, Any] = {}
        self._check(uncertainties, levers)
        self.uncertainties = [_parameter(factor) for factor in uncertainties]
        self.levers = [_parameter(factor) for factor in levers]
        self.outcomes = [_outcome(outcome) for outcome in self._chosen(outcomes)]

    def _check(self, uncertainties: Sequence[Factor], levers: Sequence[Factor]) -> None:
        names = [*self._inputs, *(factor.name for factor in (*uncertainties, *levers))]
        for name in names:
            if names.count(name) > 1:
                raise ConfigError("stands twice", key=name, expected="it among uncertainties, levers or inputs")

    def _chosen(self, outcomes: Sequence[str]) -> list[str]:
        """The outcomes asked for, each recorded under some of the mixes, or all headline indicators."""
        first = job_of(self._inputs).selection
        for outcome in outcomes:
            check_outcome(outcome, (*WAYS, SERIES))
        mixes = self._factors["mix"].levels if "mix" in self._factors else ()
        check_columns(outcomes, [first, *(first.with_mix(mix) for mix in mixes)])
        return list(outcomes) or recorded(first, headline=True)

    @property
    def _names(self) -> list[str]:
        """What is asked of runs: the variables of all outcomes, also of those that were put in later."""
        return list(dict.fromkeys(name for outcome in self.outcomes for name in outcome.variable_name))

    def _simulate(self, **values: Any) -> dict[str, Any]:
        """Means over seeds of the outcomes of one experiment. Raises CaseError if a run fails."""
        given = self._inputs | {name: self._written(name, value) for name, value in values.items()}
        jobs = [job_of({**given, "seed": seed}) for seed in self._seeds]
        try:
            found = [_outcomes_of(perform(job), self._names) for job in jobs]
        except ConfigError:
            raise  # bad input is bad in every experiment: stop
        except Exception as error:
            said = f"an experiment failed and its outcomes are masked: {type(error).__name__}: {error}"
            warnings.warn(said, RuntimeWarning, stacklevel=2)
            raise CaseError(said, given) from error
        return {name: np.mean([one[name] for one in found], axis=0) for name in self._names}

    def _written(self, name: str, value: Any) -> Any:
        factor = self._factors.get(name)
        return value if factor is None else in_multiples(factor, value)

    # What the workbench does to models, where it is not safe

    def run_model(self, scenario: Any, policy: Any) -> None:
        """Run an experiment; one that fails has no outcomes, where the workbench keeps those of the one before."""
        self._outcomes_output = {}
        super().run_model(scenario, policy)

    def initialized(self, policy: Any) -> bool:
        """Never: the workbench takes policies of one name for the same, whatever their levers."""
        return False

    def model_init(self, policy: Any) -> None:
        """Keep the policy, all of it: the workbench takes away levers that are named like an attribute."""
        self.policy = policy

    def __reduce__(self) -> Any:
        """Refuse to be sent to another process: pools of the workbench hang when one of theirs dies."""
        raise TypeError("this model is not sent to other processes; use experiments.clients.ema.BatchEvaluator")

    # For the evaluator below

    def values_of(self, experiment: Any) -> dict[str, Any]:
        """What an experiment sets, by name."""
        constants = {constant.name: constant.value for constant in self.constants}
        return {**constants, **experiment.scenario, **experiment.policy}

    def processed(self, outputs: Mapping[str, Any]) -> dict[str, Any]:
        """Outcomes from what the model puts out, by the functions of the outcomes if they have any."""
        self._outcomes_output = {}
        self.outcomes_output = outputs
        return dict(self.outcomes_output)


class BatchEvaluator(BaseEvaluator):
    """An evaluator of the workbench that makes all runs as one batch over processes of this machine.

    A run that raises, dies with its process or takes too long costs its own experiment: it is masked in the outcomes,
    a warning says so, and `failed` lists it.

    Attributes
    ----------
    failed
        Of the last call: a row for each run that failed, with `point` (number of the experiment), `seed`, `status`.
    """

    def __init__(
        self,
        model: TransitionModel,
        folder: Path | None = None,
        *,
        workers: int = 2,
        resume: bool = False,
        limit: float = LIMIT,
        progress: bool = True,
    ) -> None:
        super().__init__(model)
        self._model, self._folder, self._workers, self._resume = model, folder, workers, resume
        self._limit, self._progress = limit, progress
        self.failed = pd.DataFrame(columns=["point", "seed", "status"])

    def initialize(self) -> None:
        """Nothing: a batch starts its own processes."""

    def finalize(self) -> None:
        """Nothing: a batch ends its own processes."""

    def evaluate_experiments(self, scenarios: Any, policies: Any, callback: Any, combine: str = "factorial") -> None:
        """Make the runs of all experiments, and hand each to the callback. Raises ConfigError."""
        experiments = list(experiment_generator(scenarios, self._msis, policies, combine=combine))
        model = self._model
        done = evaluate_rows(
            [model.values_of(experiment) for experiment in experiments], model._inputs, model._names, model._seeds,
            factors=list(model._factors.values()), folder=self._folder, workers=self._workers, resume=self._resume,
            limit=self._limit, progress=self._progress,
        )  # fmt: skip
        self.failed = done.failed
        lost = set(done.failed["point"])
        if lost:
            warnings.warn(f"{len(lost)} experiments are masked, since {done.said()}", RuntimeWarning, stacklevel=4)
        for number, experiment in enumerate(experiments):
            outputs = {name: values[number] for name, values in done.values.items()}
            callback(experiment, {} if number in lost else model.processed(outputs))


def without_failed(
    experiments: pd.DataFrame, outcomes: Mapping[str, Any]
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Experiments and outcomes without those that failed, as plain arrays: say how many there were.

    Raises ValueError if all failed.
    """
    if not outcomes:
        raise ValueError("no experiment succeeded")
    masks = [np.ma.getmaskarray(values).reshape(len(experiments), -1).any(axis=1) for values in outcomes.values()]
    kept = ~np.any(masks, axis=0)
    return (
        experiments[kept].reset_index(drop=True),
        {name: np.asarray(np.ma.getdata(values)[kept]) for name, values in outcomes.items()},
    )


def _parameter(factor: Factor) -> Any:
    if factor.levels:
        if len(factor.levels) < 2:
            raise ConfigError("has one level only", key=factor.name, expected="two or more, or a place in the inputs")
        return CategoricalParameter(factor.name, list(factor.levels))
    if factor.scale == "log":
        return RealParameter.from_dist(factor.name, scipy.stats.loguniform(factor.low, factor.high))
    return RealParameter(factor.name, factor.low, factor.high)


def _outcome(name: str) -> Any:
    if is_series(name):
        return TimeSeriesOutcome(name)
    return ScalarOutcome(name, kind=_KINDS[indicator_of(name).direction])


def _outcomes_of(result: Result, names: Iterable[str]) -> dict[str, Any]:
    """Outcomes of a run; NaN where its mix does not record a column that others do."""
    found: dict[str, Any] = {}
    for name in names:
        column, _, way = name.rpartition(":")
        if way and column and column not in result.series:
            found[name] = np.full(len(result.series), np.nan) if way == SERIES else np.nan
        elif is_series(name):
            found[name] = column_of(result, column).to_numpy()
        else:
            found |= outcomes_of(result, [name])
    return found
