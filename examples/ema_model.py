"""The model in the EMA workbench: experiments over uncertainties and mixes, made as one batch, and their features.

So few experiments only show how it is done. `pip install kringloop[analysis]`
"""

import numpy as np

from experiments.clients.ema import BatchEvaluator, ema_model, without_failed

UNCERTAINTIES = ["streams.*.processing_cost", "merchants.foresight"]  # in the ranges that the config declares
LEVERS = {"mix": {"levels": ["business_as_usual", "push_and_pull"]}}
OUTCOMES = ["recycler_margin", "public_cost", "price_outside[ndpr]:max", "recyclers_active:series"]
WORLD = {"shocks": "rare_earth_restriction_2027", "households": 60, "months": 30}


def main() -> None:
    """Twelve scenarios under both mixes over two processes, and what goes with a loss of the recyclers."""
    from ema_workbench.analysis import feature_scoring

    model = ema_model(UNCERTAINTIES, LEVERS, OUTCOMES, inputs=WORLD)
    for outcome in model.outcomes:
        print(f"{outcome.name:24} {type(outcome).__name__}")
    with BatchEvaluator(model, workers=2) as evaluator:
        experiments, outcomes = evaluator.perform_experiments(scenarios=6, policies=2)
    print(f"{len(experiments)} experiments, {len(evaluator.failed)} failed runs")
    experiments, outcomes = without_failed(experiments, outcomes)
    print(f"recyclers at the end: {outcomes['recyclers_active:series'][:, -1].mean():.1f} on average")
    x = experiments.drop(columns=["scenario", "policy", "model"])
    scores = feature_scoring.get_ex_feature_scores(
        x, outcomes["recycler_margin"], mode=feature_scoring.RuleInductionType.REGRESSION
    )[0]
    print(scores[1].sort_values(ascending=False).round(2).to_string())
    print(np.round(np.percentile(outcomes["recycler_margin"], [0, 50, 100]), 2))


if __name__ == "__main__":
    main()
