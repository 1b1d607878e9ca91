"""What a run is made of as one dict, and rows of such values as a design that the runner knows.

Keys are `setting`, `mix`, `shocks`, `households`, `months` and `seed`; paths of parameters (`firms.markup`); families
of parameters (`streams.*.processing_cost`, a place from 0 to 1 in the range of each); and levers (`price_floor`,
`price_floor@eu`: a strength, or "x0.5" for half of what the mix has).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from abm import policies
from abm.parameters import ConfigError, config_folder, load_config, unknown
from experiments.designs import Design, Factor, Sample, parse_seeds, read_factor
from experiments.designs.factors import factor_of
from experiments.levers import is_lever, read_lever
from experiments.runs import Job

Inputs = Mapping[str, Any]

NAMES = ("setting", "mix", "shocks")
COUNTS = ("households", "months")
WORDS = (*NAMES, *COUNTS, "seed")
_BLANK = Design(
    "asked from Python",
    {"en": "Asked from Python", "nl": "Gevraagd vanuit Python"},
    {"en": "Rows of values, each on every seed.", "nl": "Rijen waarden, elk op alle zaden."},
)


def job_of(inputs: Inputs) -> Job:
    """The run of a dict; seed 1 unless it says. Raises ConfigError for a key or value that cannot be."""
    given = dict(inputs)
    (job,) = design_of(given, seeds=(given.pop("seed", 1),)).jobs()
    return job


def design_of(
    inputs: Inputs,
    rows: Sequence[Inputs] = (),
    factors: Sequence[Factor] = (),
    seeds: Sequence[int] = (1,),
    columns: Sequence[str] = (),
) -> Design:
    """Every row of values on every seed, with what `inputs` says for all of them; `columns` are the series kept.

    `factors` declare columns of the rows whose values are multiples of what the mix has; others may be left out.

    Raises ConfigError.
    """
    for name in inputs:
        _check_key(name)
    design = replace(
        _BLANK,
        setting=_name(inputs, "setting") or "default",
        households=_count(inputs, "households"),
        months=_count(inputs, "months"),
        mixes=tuple(filter(None, (_name(inputs, "mix"),))),
        shocks=tuple(filter(None, (_name(inputs, "shocks"),))),
        seeds=parse_seeds([_seed(seed) for seed in seeds]),
        fixed=tuple(pair for name in inputs if name not in WORDS for pair in _fixed(name, inputs[name])),
        series=tuple(columns),
    )
    return replace(design, samples=(_listed(inputs, rows, factors),)) if rows and rows[0] else design


def in_multiples(factor: Factor, value: Any) -> Any:
    """A value of a factor as a dict of inputs holds it: multiples of what a mix has are written x…."""
    return f"x{float(value)!r}" if factor.scale == "share" else value


def _listed(inputs: Inputs, rows: Sequence[Inputs], factors: Sequence[Factor]) -> Sample:
    declared = {factor.name: factor for factor in factors}
    names = tuple(rows[0])
    for name in names:
        if name in inputs:
            raise ConfigError("is set for all runs and varied as well", key=name, expected="one of them")
    for number, row in enumerate(rows):
        if set(row) != set(names):
            raise ConfigError(f"row {number} does not set the same as the first", expected=", ".join(names))
    values = {name: [plain(row[name]) for row in rows] for name in names}
    chosen = tuple(_factor(name, declared.get(name), values[name]) for name in names)
    return Sample("list", chosen, len(rows), listed=tuple(zip(*values.values(), strict=True)))


def _factor(name: str, declared: Factor | None, values: list[Any]) -> Factor:
    """The factor of a column of rows, its values checked."""
    _check_key(name)
    try:
        return factor_of(name, values, "share" if declared and declared.scale == "share" else "linear")
    except ConfigError as error:
        raise error.inside(name) from None


def _check_key(name: str) -> None:
    """Refuse what names nothing; words and instruments are looked through together for the nearest name."""
    instruments = list(policies.registry())
    if not isinstance(name, str):
        raise ConfigError(f"{name!r} is not a name", expected="a word, the path of a parameter, or a lever")
    if "*" in name:
        read_factor(name, {})
    elif is_lever(name):
        if name not in WORDS and name.partition("@")[0] not in instruments:
            raise unknown("key", name, [*WORDS, *instruments])
        if name not in WORDS:
            read_lever(name)
    else:
        load_config(config_folder()).slot(name)


def _fixed(name: str, value: Any) -> list[tuple[str, Any]]:
    """Paths of parameters, or a lever, with their values."""
    value = plain(value)
    if "*" in name:
        place = _factor(name, None, [value])
        return [(path, float(number)) for path, _, number in (a.partition("=") for a in place.assignments(value))]
    if not isinstance(value, (bool, int, float, str, list)) or value is None:
        raise ConfigError(f"{value!r} is no value of a parameter or lever", key=name, expected="a number or a word")
    return [(name, value)]


def plain(value: Any) -> Any:
    """A number of NumPy as one of Python, a tuple as a list; others as they are."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value


def _name(inputs: Inputs, key: str) -> str | None:
    value = inputs.get(key)
    if value is not None and not isinstance(value, str):
        raise ConfigError(f"{value!r} is not a name", key=key, expected="a name, or the path of a TOML file")
    return value


def _count(inputs: Inputs, key: str) -> int | None:
    value = inputs.get(key)
    return None if value is None else _whole(value, key)


def _seed(value: Any) -> int:
    return _whole(value, "seed", least=0)


def _whole(value: Any, key: str, least: int = 1) -> int:
    """A whole number; tools hand over floats."""
    value = plain(value)
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if not number or value != int(value) or value < least:
        raise ConfigError(f"{value!r} is not a whole number ≥ {least}", key=key, expected="a whole number")
    return int(value)
