"""The benchmark runs, measures what it says, and keeps its figures."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from abm.parameters import ConfigError
from experiments import benchmark

SIZES = (60, 240)


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    """A measurement that is much too small to mean anything."""
    return benchmark.run_benchmark(SIZES, months=13, quick=True)


def test_every_size_is_measured(figures: dict[str, Any]) -> None:
    assert [size["households"] for size in figures["sizes"]] == list(SIZES)
    for size in figures["sizes"]:
        assert size["pairs"] == size["households"] * size["product_groups"]
        assert size["speed"] == pytest.approx(size["pairs"] * 13 / size["run"])
        assert 0.0 < size["deciders"] < size["pairs"]
        assert min(size["import"], size["load"], size["setup"], size["run"]) > 0.0
        assert size["peak_memory"] > 2e7


def test_the_commit_and_the_machine_are_noted(figures: dict[str, Any]) -> None:
    assert {"date", "commit", "versions", "machine", "processor_features"} <= figures.keys()


def test_speeds_are_compared_with_plain_mesa_agents(figures: dict[str, Any]) -> None:
    plain, ratios = figures["reference"]["plain_speed"], figures["ratios"]
    assert ratios["kernel"] == pytest.approx(figures["reference"]["columns_speed"] / plain)
    assert ratios["model"]["60"] == pytest.approx(figures["sizes"][0]["speed"] / plain)


def test_the_profile_names_the_phases_of_the_month(figures: dict[str, Any]) -> None:
    assert len(figures["profile"]) == len(figures["phases"]) == benchmark.COSTLIEST
    phases = [row["function"] for row in figures["phases"]]
    assert any(name.startswith("abm/phases/materials_trade.py") and name.endswith(" run") for name in phases)
    costs = [row["own"] for row in figures["profile"]]
    assert costs == sorted(costs, reverse=True)


def test_the_report_says_what_is_counted(figures: dict[str, Any]) -> None:
    report = "\n".join(benchmark.report_lines(figures))
    assert "one month of one pair of a sampled" in report
    assert "per decider" in report
    assert report.count("MB") == len(SIZES)


def test_without_the_checkout_there_is_no_ratio(figures: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "REFERENCE", Path("nowhere/household_kernel.py"))
    assert benchmark._kernel() is None
    assert benchmark._ratios(figures["sizes"], None) is None
    lines = list(benchmark.report_lines({**figures, "reference": None, "ratios": None}))
    assert any("no ratio" in line for line in lines)


def test_cost_is_fitted_by_deciders() -> None:
    random = np.random.default_rng(1)
    sizes = []
    for mean in (100, 5000):
        deciders = random.integers(mean // 2, 2 * mean, 60)
        sizes.append(((2e-3 + 3e-6 * deciders).tolist(), deciders.tolist()))
    fit = benchmark.cost_by_deciders(sizes)
    assert fit["fixed"] == pytest.approx(2e-3)
    assert fit["per_decider"] == pytest.approx(3e-6)
    assert fit["relative_error"] < 1e-9


def test_figures_are_added_to_a_file(tmp_path: Path, figures: dict[str, Any]) -> None:
    file = tmp_path / "results.json"
    benchmark.store(figures, file)
    benchmark.store({**figures, "peak": math.nan}, file)
    first, second = json.loads(file.read_text(encoding="utf-8"))
    assert first["sizes"][0]["speed"] == pytest.approx(figures["sizes"][0]["speed"], rel=1e-3)
    assert second["peak"] is None
    assert sorted(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("text", ["{", "{}"])
def test_a_file_of_something_else_is_refused_before_anything_runs(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "results.json"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(benchmark, "run_benchmark", lambda *_, **__: pytest.fail("it ran"))
    with pytest.raises(ConfigError, match=r"results\.json"):
        benchmark.benchmark(out=file)
    assert file.read_text(encoding="utf-8") == text


def test_measure_prints_and_stores(
    tmp_path: Path, figures: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(benchmark, "run_benchmark", lambda *_, **__: figures)
    benchmark.measure(tmp_path / "results.json")
    assert "household·product·months/s" in capsys.readouterr().out
    assert len(benchmark.stored(tmp_path / "results.json")) == 1


@pytest.mark.parametrize(("size", "months"), [(60, 12), (1, 13)])
def test_what_cannot_be_measured_is_refused(size: int, months: int) -> None:
    with pytest.raises(ConfigError, match=r"too few|out of range"):
        benchmark.run_benchmark((size,), months=months)


def test_a_run_that_breaks_off_says_why() -> None:
    with pytest.raises(RuntimeError, match="out of range"):
        benchmark._in_own_process(1, 13, [1], reference=False, quick=True)


def test_the_stored_results_can_be_read() -> None:
    records = benchmark.stored(benchmark.RESULTS)
    assert records
    for record in records:
        assert {"date", "commit", "machine", "processor_features", "sizes", "ratios"} <= record.keys()
