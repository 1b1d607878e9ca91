"""Whether business as usual in a calm world is plausible: levels, volatility and memory of prices, and old scrap.

The bands are those of the stylised facts. The reduced version, for every run of the tests, takes two seeds of
fifteen years; the full version, marked slow, ten seeds of twenty-five years:

    python -m pytest tests/test_validation.py -m slow -s

which also prints the figures per material. With two seeds the yearly standard deviation rests on 28 changes
instead of 240, so its sampling error is about 15 % rather than 5 %; the reduced version widens its band by that,
once on either side, and otherwise holds the bands of the full one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.special import stdtrit

from abm.indicators import registry
from abm.model import CircularTransition
from abm.running import run
from abm.scenario import load_scenario

Array = NDArray[np.float64]

LEVEL = (0.4, 2.5)  # five-year mean of the price over long-run cost
VOLATILITY = (0.6, 1.6)  # standard deviation of yearly log returns over the observed one
MEMORY = (0.1, 0.7)  # lag-1 autocorrelation of monthly log returns
OLD_SCRAP = {"ndpr": 0.05, "lithium": 0.05}  # largest share of use before 2030 that comes from end-of-life goods
BEFORE_2030 = 48
REDUCED, FULL = (range(1, 3), 180), (range(1, 11), 300)
SLACK = 1.15  # of the band of volatility in the reduced version
HOUSEHOLDS = 1000  # prices hardly depend on them


@dataclass(frozen=True)
class Calm:
    """One run of business as usual without shocks: prices over long-run cost (T, M), and kilograms (T, M)."""

    ratio: Array
    old_scrap: Array  # recovered from end-of-life goods
    use: Array  # by home makers, and inside imported components and products


@cache
def calm(seed: int, months: int) -> Calm:
    model = CircularTransition(
        mix="business_as_usual",
        shocks="calm",
        months=months,
        households=HOUSEHOLDS,
        rng=seed,
        record=False,
        events=False,
    )
    rows = []
    while model.running:
        model.step()
        rows.append((model.materials.price[1, 0], model.recyclers.recovered_end_of_life.sum(axis=0), used(model)))
    price, old_scrap, use = (np.array(column) for column in zip(*rows, strict=True))
    return Calm(price / np.asarray(model.config.materials.long_run_cost), old_scrap, use)


def used(model: CircularTransition) -> Array:
    """Consumption (M,), kg: what home makers took in, and what came inside imported components and products."""
    trade = model.materials_trade
    taken = trade.primary_bought + trade.to_maker + trade.component_import
    return np.asarray(taken.sum(axis=0) + model.product_trade.imported_content.sum(axis=(0, 1)))


def five_year_means(ratio: Array) -> Array:
    """Mean over every five years (T − 59, M)."""
    total = np.cumsum(np.vstack([np.zeros(ratio.shape[1]), ratio]), axis=0)
    return (total[60:] - total[:-60]) / 60.0


def yearly_deviation(ratio: Array) -> Array:
    """Standard deviation (M,) of the log changes of yearly means."""
    years = ratio[: len(ratio) // 12 * 12].reshape(-1, 12, ratio.shape[1]).mean(axis=1)
    return np.asarray(np.diff(np.log(years), axis=0).std(axis=0, ddof=1))


def monthly_memory(ratio: Array) -> Array:
    """Lag-1 autocorrelation (M,) of monthly log returns."""
    change = np.diff(np.log(ratio), axis=0)
    change = change - change.mean(axis=0)
    return np.asarray((change[1:] * change[:-1]).sum(axis=0) / (change**2).sum(axis=0))


def old_scrap_share(one: Calm) -> Array:
    """Share (M,) of use before 2030 that was recovered from end-of-life goods."""
    return np.asarray(one.old_scrap[:BEFORE_2030].sum(axis=0) / one.use[:BEFORE_2030].sum(axis=0))


@cache
def figures(seeds: Sequence[int], months: int) -> dict[str, Array]:
    """Figures (seeds, M): extremes of five-year means, volatility over the observed, memory, share of old scrap."""
    runs = [calm(seed, months) for seed in seeds]
    observed = np.asarray(materials().observed_volatility)
    return {
        "lowest five-year mean": np.array([five_year_means(one.ratio).min(axis=0) for one in runs]),
        "highest five-year mean": np.array([five_year_means(one.ratio).max(axis=0) for one in runs]),
        "volatility over observed": np.array([yearly_deviation(one.ratio) / observed for one in runs]),
        "monthly autocorrelation": np.array([monthly_memory(one.ratio) for one in runs]),
        "share of old scrap": np.array([old_scrap_share(one) for one in runs]),
    }


def materials() -> object:
    return load_scenario(mix=[], shocks=[]).config.materials


def report(found: dict[str, Array]) -> pd.DataFrame:
    """Mean over seeds with the lowest and highest, per material."""
    return pd.DataFrame(
        {
            name: [f"{column.mean():.3f} ({column.min():.3f}–{column.max():.3f})" for column in values.T]
            for name, values in found.items()
        },
        index=list(materials().ids),
    )


def outside(values: Array, low: float, high: float) -> dict[str, float]:
    """Materials whose value (M,) is not within the band."""
    return {
        name: round(float(value), 3)
        for name, value in zip(materials().ids, values, strict=True)
        if not low <= value <= high
    }


# --- The statistics themselves --------------------------------------------------------------------


def test_statistics_of_a_known_walk() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(60_000, 1))
    change = np.empty_like(noise)
    change[0] = noise[0]
    for month in range(1, len(noise)):
        change[month] = 0.4 * change[month - 1] + noise[month]
    ratio = np.exp(0.01 * np.cumsum(change, axis=0))
    assert monthly_memory(ratio)[0] == pytest.approx(0.4, abs=0.02)
    yearly = np.exp(0.2 * np.cumsum(rng.normal(size=5000)))
    steps = np.repeat(yearly, 12)[:, None]
    assert yearly_deviation(steps)[0] == pytest.approx(0.2, rel=0.03)
    np.testing.assert_allclose(five_year_means(np.arange(61.0)[:, None])[:, 0], [29.5, 30.5])


# --- Prices and scrap in a calm world -------------------------------------------------------------

VERSIONS = [pytest.param(*REDUCED, SLACK, id="reduced"), pytest.param(*FULL, 1.0, id="full", marks=pytest.mark.slow)]


@pytest.mark.parametrize(("seeds", "months", "slack"), VERSIONS)
def test_five_year_means_stay_near_long_run_cost(seeds: range, months: int, slack: float) -> None:
    found = figures(seeds, months)
    print(f"\n{report(found).to_string()}")
    assert not outside(found["lowest five-year mean"].min(axis=0), *LEVEL)
    assert not outside(found["highest five-year mean"].max(axis=0), *LEVEL)


@pytest.mark.parametrize(("seeds", "months", "slack"), VERSIONS)
def test_prices_vary_from_year_to_year_as_observed(seeds: range, months: int, slack: float) -> None:
    found = figures(seeds, months)["volatility over observed"].mean(axis=0)
    assert not outside(found, VOLATILITY[0] / slack, VOLATILITY[1] * slack)


@pytest.mark.parametrize(("seeds", "months", "slack"), VERSIONS)
def test_monthly_returns_remember_the_month_before(seeds: range, months: int, slack: float) -> None:
    assert not outside(figures(seeds, months)["monthly autocorrelation"].mean(axis=0), *MEMORY)


@pytest.mark.parametrize(("seeds", "months", "slack"), VERSIONS)
def test_hardly_any_use_comes_from_old_scrap_before_2030(seeds: range, months: int, slack: float) -> None:
    found = figures(seeds, months)["share of old scrap"]
    for name, most in OLD_SCRAP.items():
        share = found[:, list(materials().ids).index(name)]
        assert share.mean() > 0.0
        assert share.max() <= most


# --- Size of the sample ---------------------------------------------------------------------------


def summaries(households: int, seeds: Sequence[int]) -> pd.DataFrame:
    """Means over default runs of the headline indicators (seeds × columns)."""
    found = []
    for seed in seeds:
        result = run(rng=seed, households=households, events=False)
        names = [column["name"] for column in result.columns if registry()[column["indicator"]].headline]
        found.append(result.series[names].mean())
    return pd.DataFrame(found)


def half_width(sample: pd.DataFrame) -> pd.Series[float]:
    """Half of the 95 % interval of a mean over seeds."""
    reach = float(stdtrit(len(sample) - 1.0, 0.975))
    return reach * (sample.var(ddof=1) / len(sample)) ** 0.5


@pytest.mark.slow
def test_headline_means_do_not_depend_on_the_size_of_the_sample() -> None:
    """The intervals at 5 000 and at 100 000 households overlap, but for the one in twenty that chance allows."""
    seeds = range(1, 6)
    small, large = summaries(5_000, seeds), summaries(100_000, seeds)
    difference = small.mean() - large.mean()
    table = pd.DataFrame(
        {
            "5 000": small.mean(),
            "±": half_width(small),
            "100 000": large.mean(),
            "± ": half_width(large),
            "difference": difference,
            "relative": difference / large.mean().abs().clip(lower=1e-12),
        }
    )
    print(f"\n{table.to_string(float_format=lambda value: f'{value:.5g}')}")
    apart = table[difference.abs() > table["±"] + table["± "] + 1e-9 * large.mean().abs()]
    assert len(apart) <= 0.05 * len(table), apart["relative"].to_dict()
    assert (apart["relative"].abs() < 0.05).all(), apart["relative"].to_dict()
