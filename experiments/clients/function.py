"""The model as a function of a dict, for whatever calls functions: optimisers, emulators, notebooks."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.clients.inputs import Inputs, job_of
from experiments.outcomes import check_outcome, outcomes_of
from experiments.runs import perform


def simulate(inputs: Inputs, outcomes: Sequence[str] = ()) -> dict[str, float]:
    """What one run gives, by name of outcome.

    Parameters
    ----------
    inputs
        What to run, by name: `{"mix": "push_and_pull", "shocks": "calm", "seed": 1, "months": 120,
        "firms.markup": 0.2, "price_floor@eu": 1.1}`; see `experiments.clients.inputs`. What is left out is as the
        default setting says, the seed 1.
    outcomes
        Headline indicators, or `COLUMN:WAY` (`price_outside[ndpr]:max`; see `experiments.outcomes`); all headline
        indicators without any. An indicator that is undefined in a run is NaN.

    Raises
    ------
    ConfigError
        For a name that does not exist, with the nearest that does, and for a value that cannot be.
    """
    for name in outcomes:
        check_outcome(name)
    return outcomes_of(perform(job_of(inputs)), outcomes)
