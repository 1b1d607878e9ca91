"""Seeds as they are written: how many, which, or a range."""

from __future__ import annotations

from typing import Any

from abm.parameters import ConfigError

_MOST_SEEDS = 100_000


def parse_seeds(written: Any) -> tuple[int, ...]:
    """Seeds from `5` (the first five), `3,8,21`, `1-20`, or a mixture such as `1-5,9`; or a list of numbers.

    Raises ConfigError if it is none of these, or names a seed twice.
    """
    if isinstance(written, list):
        written = ",".join(map(str, written)) + ","
    text = str(written).replace(" ", "")
    try:
        seeds = _listed_seeds(f"1-{text}" if text.isdigit() else text)
    except ValueError:
        seeds = ()
    if not seeds or len(set(seeds)) < len(seeds):
        problem = f"'{written}' names a seed twice" if seeds else f"'{written}' names no seeds"
        raise ConfigError(
            problem, expected="a number of seeds such as 5, a list such as 3,8,21, or a range such as 1-20"
        )
    return seeds


def _listed_seeds(text: str) -> tuple[int, ...]:
    seeds: list[int] = []
    for part in text.removesuffix(",").split(","):
        first, dash, last = part.partition("-")
        span = range(int(first), int(last if dash else first) + 1)
        if len(span) > _MOST_SEEDS:
            raise ConfigError(f"'{part}' is {len(span)} seeds", expected=f"at most {_MOST_SEEDS}")
        seeds += span
    return tuple(seeds)
