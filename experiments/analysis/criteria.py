"""Criteria on outcomes: `recycler_survival_60 < 0.8`, alone or several joined by `and` or by `or`.

With `difference` in front the outcome is taken as its difference to the first mix (or another that is named) in the
same world: the same point of the sample, the same shocks, the same seed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.parameters import ConfigError, unknown
from experiments.outcomes import WAYS, title_of_outcome, unit_of_outcome
from experiments.wording import number

WORLD = ("setting", "shocks", "seed", "point")
"""What two runs share that differ in nothing but their mix."""

GRAMMAR = "[difference] OUTCOME < NUMBER (or <=, >, >=), several joined by 'and' or by 'or'"
_TERM = re.compile(r"(?P<difference>difference\s+)?(?P<outcome>\S+?)\s*(?P<sign><=|>=|<|>)\s*(?P<limit>\S+)")
_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
}  # fmt: skip
_IN_WORDS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least"}


@dataclass(frozen=True)
class Term:
    """One comparison of an outcome, or of its difference to the first mix, with a number in the outcome's unit."""

    outcome: str
    sign: str
    limit: float
    difference: bool = False

    @property
    def column(self) -> str:
        """The column that it reads in a table to which `with_differences` gave what it needs."""
        return f"difference {self.outcome}" if self.difference else self.outcome

    def __str__(self) -> str:
        return f"{self.column} {self.sign} {self.limit:g}"

    def words(self) -> str:
        """The term for people, with title and unit."""
        unit, title = unit_of_outcome(self.outcome), title_of_outcome(self.outcome)
        what = f"difference to the first mix in: {title}" if self.difference else title
        return f"{what} {_IN_WORDS[self.sign]} {number(self.limit)}{' ' + unit if unit else ''}"


@dataclass(frozen=True)
class Criterion:
    """Terms joined by `and` or by `or`."""

    terms: tuple[Term, ...]
    joined: str = "and"

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes that it reads."""
        return tuple(dict.fromkeys(term.outcome for term in self.terms))

    def __str__(self) -> str:
        return f" {self.joined} ".join(map(str, self.terms))

    def words(self) -> str:
        """The criterion for people."""
        return f", {self.joined} ".join(term.words() for term in self.terms)

    def met(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """1 where a row meets it, 0 where it does not, NaN where an undefined outcome leaves it open (rows,).

        Kleene's logic: `and` is settled by one term that fails, `or` by one that holds, whatever the others are.
        """
        values = np.column_stack([_compared(term, table[term.column].to_numpy(float)) for term in self.terms])
        settled = 0.0 if self.joined == "and" else 1.0
        open_ = np.isnan(values).any(axis=1) & ~(values == settled).any(axis=1)
        met = (values == 1.0).all(axis=1) if self.joined == "and" else (values == 1.0).any(axis=1)
        return np.where(open_, np.nan, met.astype(float))


def _compared(term: Term, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isnan(values), np.nan, _SIGNS[term.sign](values, term.limit).astype(float))


def read_criterion(text: str, outcomes: Sequence[str], key: str = "--fails") -> Criterion:
    """The criterion that a text writes, on these outcomes or `COLUMN:WAY`. Raises ConfigError."""
    parts = re.split(r"\s+(and|or)\s+", text.strip())
    joints = set(parts[1::2])
    if len(joints) > 1:
        raise ConfigError(f"'{text}' mixes 'and' with 'or'", key=key, expected=GRAMMAR)
    try:
        terms = tuple(_read_term(part, outcomes) for part in parts[::2])
    except ConfigError as error:
        raise error.inside(key) from None
    return Criterion(terms, joints.pop() if joints else "and")


def _read_term(text: str, outcomes: Sequence[str]) -> Term:
    found = _TERM.fullmatch(text.strip())
    if found is None:
        raise ConfigError(f"'{text}' is no criterion", expected=GRAMMAR)
    outcome, _, way = found["outcome"].rpartition(":")
    if not outcome and found["outcome"] not in outcomes:
        raise unknown("outcome", found["outcome"], outcomes, key="")
    if outcome and way not in WAYS:
        raise unknown("way of summing up", way, WAYS, key=found["outcome"])
    return Term(found["outcome"], found["sign"], _limit(found["limit"]), bool(found["difference"]))


def _limit(text: str) -> float:
    try:
        limit = float(text)
    except ValueError:
        limit = np.nan
    if not np.isfinite(limit):
        raise ConfigError(f"'{text}' is not a number", expected=GRAMMAR)
    return limit


def with_differences(table: pd.DataFrame, criterion: Criterion, first: str) -> pd.DataFrame:
    """The rows with a column for each difference that the criterion reads; those of `first` itself are gone then.

    Only rows whose run of `first` in the same world succeeded have a difference; others are left out, so the
    lengths tell how many there were. Raises ConfigError if no run has a partner.
    """
    needed = [term for term in criterion.terms if term.difference]
    if not needed:
        return table
    outcomes = list(dict.fromkeys(term.outcome for term in needed))
    partners = table.loc[table["mix"] == first, [*WORLD, *outcomes]]
    others = table[table["mix"] != first]
    paired = others.merge(partners, on=list(WORLD), how="inner", suffixes=("", " of the first"), validate="m:1")
    if paired.empty:
        raise ConfigError(
            f"no run has a partner under mix {first} in the same world",
            key="difference",
            expected="a batch in which several mixes meet the same points, shocks and seeds",
        )
    differences = {f"difference {name}": paired[name] - paired[f"{name} of the first"] for name in outcomes}
    return paired.drop(columns=[f"{name} of the first" for name in outcomes]).assign(**differences)


def require_both(met: NDArray[np.float64], table: pd.DataFrame, criterion: Criterion, key: str = "--fails") -> None:
    """Refuse a criterion that everybody or nobody meets, with what was observed. Raises ConfigError."""
    known = met[~np.isnan(met)]
    if 0.0 < known.mean() < 1.0 if len(known) else False:
        return
    who = "is defined for no run" if not len(known) else ("is met by every run" if known.all() else "is met by no run")
    seen = "; ".join(_observed(table[term.column]) for term in criterion.terms)
    raise ConfigError(f"'{criterion}' {who}", key=key, expected=f"a limit within what was observed: {seen}")


def _observed(values: pd.Series[float]) -> str:
    if values.notna().sum() == 0:
        return f"{values.name} always undefined"
    low, tenth, median, ninetieth, high = values.quantile([0.0, 0.1, 0.5, 0.9, 1.0])
    return (
        f"{values.name} from {number(low)} to {number(high)} "
        f"(tenth percentile {number(tenth)}, median {number(median)}, ninetieth {number(ninetieth)})"
    )
