"""What matters for the margin of recyclers: Sobol indices of two factors, through SALib's own interface.

So few rows, households and months only show how it is done: look at the intervals. Needs the packages of
`kringloop[analysis]`.
"""

from SALib import ProblemSpec

from experiments.clients import salib

FACTORS = {
    "streams.*.processing_cost": {},  # a family, moved together, each member in the range that the config declares
    "recovery_subsidy": {"low": 0.0, "high": 2.0, "scale": "share"},  # a lever, in multiples of what the mix has
}
OUTCOMES = ["recycler_margin"]
WORLD = {"mix": "push_and_pull", "shocks": "rare_earth_restriction_2027", "households": 60, "months": 24}


def main() -> None:
    """Sample, evaluate over two processes, analyse, and print the indices."""
    problem = ProblemSpec(salib.problem(FACTORS, OUTCOMES))
    problem.sample_sobol(4, calc_second_order=False, seed=1)
    problem.evaluate(salib.evaluate, FACTORS, OUTCOMES, inputs=WORLD, seeds=(1,))
    problem.analyze_sobol(calc_second_order=False, seed=1)
    print(f"{'total effect on the margin':30}  index    ±")
    for name, index, interval in zip(FACTORS, problem.analysis["ST"], problem.analysis["ST_conf"], strict=True):
        print(f"{name:30} {index:6.2f} {interval:5.2f}")


if __name__ == "__main__":
    main()
