"""What runs of a finding say: paired differences with intervals, claims judged, many comparisons corrected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from experiments.compare import LEVEL, interval
from experiments.findings.declaration import Claim, Finding

Array = NDArray[np.float64]
PLAIN, EQUAL_COST = "", "equal cost"  # variants: as declared, and with intensities scaled
AGREES, DISAGREES, UNDECIDED, NOT_TRIED = "agrees", "disagrees", "undecided", "not tried"


def effects(finding: Finding, rows: pd.DataFrame) -> pd.DataFrame:
    """One row per variant, arm and measure: mean over seeds and difference to the first arm, with intervals.

    `rows` has a row per variant, arm and seed with a column per measure. Differences are taken seed by seed;
    seeds in which a measure is undefined are left out of it.
    """
    found = []
    first = finding.arms[0].name
    for variant, part in rows.groupby("variant", sort=False):
        values = part.set_index(["arm", "seed"])
        for arm in dict.fromkeys(part["arm"]):
            factor = float(part.loc[part["arm"] == arm, "factor"].iloc[0])
            for measure in finding.measures:
                own, plain = values.loc[arm][measure.name], values.loc[first][measure.name]
                found.append({
                    "finding": finding.name, "variant": variant, "arm": arm, "factor": factor, "seeds": len(own),
                    "measure": measure.name, "unit": measure.unit, **with_interval("mean", own.to_numpy()),
                    **with_interval("difference", (own - plain).to_numpy()),
                })  # fmt: skip
    return pd.DataFrame(found)


def with_interval(name: str, values: Array) -> dict[str, float]:
    """Mean and ends of the 95 % interval of what is known of some values (n,)."""
    known = values[np.isfinite(values)]
    found = interval(known) if len(known) else (np.nan, np.nan, np.nan)
    return dict(zip((name, f"{name}_low", f"{name}_high"), found, strict=True))


# --- Claims ---------------------------------------------------------------------------------------


def judged(finding: Finding, rows: pd.DataFrame) -> pd.DataFrame:
    """One row per claim and variant that can judge it: the contrast with its interval, and the verdict."""
    found = []
    for number, claim in enumerate(finding.claims):
        for variant in _variants(finding, claim, rows):
            part = rows[rows["variant"] == variant]
            values = contrast(part, claim)
            spread = with_interval("value", values)
            found.append({
                "finding": finding.name, "claim": number, "variant": variant, "measure": claim.measure,
                "low": claim.low, "high": claim.high, "seeds": len(values), **spread,
                "verdict": verdict(claim, spread["value"], spread["value_low"], spread["value_high"]),
            })  # fmt: skip
    return pd.DataFrame(found)


def _variants(finding: Finding, claim: Claim, rows: pd.DataFrame) -> list[str]:
    """Where a claim is judged: at equal cost if its arms are there, else as declared, and over all ranges."""
    arms = {name for name, _ in claim.contrast}
    present = {variant: set(part["arm"]) for variant, part in rows.groupby("variant", sort=False)}
    main = [variant for variant in (EQUAL_COST, PLAIN) if arms <= present.get(variant, set())][:1]
    return main + [name for name, there in present.items() if "=" in str(name) and arms <= there] or [PLAIN]


def contrast(rows: pd.DataFrame, claim: Claim) -> Array:
    """The weighted sum of arms' values seed by seed (n,); empty where an arm was not tried."""
    if not {name for name, _ in claim.contrast} <= set(rows["arm"]):
        return np.zeros(0)
    table = rows.pivot(index="seed", columns="arm", values=claim.measure)
    return np.asarray(sum(weight * table[name] for name, weight in claim.contrast), dtype=np.float64)


def verdict(claim: Claim, mean: float, low: float, high: float) -> str:
    """Whether an interval lies within the range expected, outside of it, or neither.

    One seed decides nothing, and no difference at all neither confirms nor refutes that there is one of a sign.
    """
    if not np.isfinite(mean):
        return NOT_TRIED
    if not (np.isfinite(low) and np.isfinite(high)) or (low == high == 0.0 and 0.0 in (claim.low, claim.high)):
        return UNDECIDED
    if claim.low <= low and high <= claim.high:
        return AGREES
    return DISAGREES if high < claim.low or low > claim.high else UNDECIDED


# --- Many comparisons -----------------------------------------------------------------------------


def p_value(values: Array) -> float:
    """Two-sided p of a t-test that the mean of paired differences (n,) is zero; 1 where all are zero."""
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return float("nan")
    error = float(np.std(known, ddof=1)) / np.sqrt(len(known))
    if error == 0.0:
        return 1.0 if np.mean(known) == 0.0 else 0.0
    return float(2.0 * stdtr(len(known) - 1, -abs(float(np.mean(known))) / error))


def holm(p_values: Sequence[float]) -> Array:
    """Adjusted p-values (n,) of Holm (1979), Scandinavian Journal of Statistics 6: 65-70; NaN is not counted."""
    found = np.full(len(p_values), np.nan)
    known = np.flatnonzero(np.isfinite(p_values))
    order = known[np.argsort(np.asarray(p_values)[known], kind="stable")]
    steps = np.asarray(p_values)[order] * np.arange(len(order), 0, -1)
    found[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return found


def simultaneous(values: Array, count: int, level: float = LEVEL) -> tuple[float, float, float]:
    """Mean and ends of an interval that holds for `count` comparisons together (Bonferroni)."""
    known = values[np.isfinite(values)]
    mean = float(np.mean(known)) if len(known) else float("nan")
    if len(known) < 2:
        return mean, float("nan"), float("nan")
    share = 0.5 + 0.5 * (1.0 - (1.0 - level) / max(count, 1))
    reach = float(stdtrit(len(known) - 1, share) * np.std(known, ddof=1) / np.sqrt(len(known)))
    return mean, mean - reach, mean + reach


def rounded(table: pd.DataFrame, figures: int = 6) -> pd.DataFrame:
    """A table with numbers of a few figures, so that stored ones do not change by rounding."""
    found = table.copy()
    for column in found.select_dtypes("float"):
        found[column] = [_few(value, figures) for value in found[column]]
    return found


def _few(value: Any, figures: int) -> float:
    return float(f"{value:.{figures}g}")
