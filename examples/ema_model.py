"""The model in the EMA workbench: experiments over uncertainties and mixes made as one batch, and what matters in them.

So few experiments only show how it is done. Needs the packages of `kringloop[analysis]`.
"""

from experiments.clients.ema import BatchEvaluator, ema_model, without_failed

UNCERTAINTIES = ["streams.*.processing_cost", "merchants.foresight"]  # in the ranges that the config declares
LEVERS = {"mix": {"levels": ["business_as_usual", "push_and_pull"]}}
OUTCOMES = ["recycler_margin", "price_outside[ndpr]:max", "recyclers_active:series"]
WORLD = {"shocks": "rare_earth_restriction_2027", "households": 60, "months": 24}


def main() -> None:
    """Five scenarios under two mixes over two processes, and which factor goes with the margin of recyclers."""
    from ema_workbench.analysis import feature_scoring

    model = ema_model(UNCERTAINTIES, LEVERS, OUTCOMES, inputs=WORLD)
    with BatchEvaluator(model, workers=2) as evaluator:
        experiments, outcomes = evaluator.perform_experiments(scenarios=5, policies=2)
    print(f"{len(experiments)} experiments, {len(evaluator.failed)} failed runs")
    experiments, outcomes = without_failed(experiments, outcomes)
    print(f"recyclers in the last month: {outcomes['recyclers_active:series'][:, -1].mean():.1f} on average")
    factors = experiments[["streams.*.processing_cost", "merchants.foresight", "mix"]]
    scores, _ = feature_scoring.get_ex_feature_scores(
        factors, outcomes["recycler_margin"], mode=feature_scoring.RuleInductionType.REGRESSION, random_state=1
    )
    print("share in the margin of recyclers (extra trees)")
    print(scores[1].sort_values(ascending=False).round(2).to_string())


if __name__ == "__main__":
    main()
