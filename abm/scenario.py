"""A scenario: the config with its overrides, a mix of policy instruments, and a list of shocks.

A *setting* names the rest and may override parameters; a *mix* lists instruments; a *shock scenario*
lists shocks and may override parameters too. All are TOML files of the config folder, in
`settings`, `mixes` and `shock_scenarios`. Everything is checked here; contradictions raise ConfigError.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import abm.schema  # noqa: F401  (its declarations say what the config must hold)
from abm.parameters import Config, ConfigError, check_table, config_folder, load_config
from abm.scenario_files import FOLDERS, Entry, Listed, Part, Table, catalogue, read_part, read_setting, with_counts
from abm.uses import InstrumentUse, Reaction, ShockUse, UseReader, Uses, describe_use, whole

__all__ = [
    "FOLDERS",
    "Entry",
    "InstrumentUse",
    "Reaction",
    "Scenario",
    "ShockUse",
    "catalogue",
    "load_scenario",
]


@dataclass(frozen=True, eq=False)
class Scenario:
    """All that a run depends on, besides its seed.

    `setting`, `mix_name` and `shocks_name` say where it came from; `overrides` is all that differs
    from the config's files. `missing_paths` and `added_paths` are parameters that the config no
    longer has, or has gained, since the description from which the scenario was rebuilt.
    """

    config: Config
    mix: tuple[InstrumentUse, ...]
    shocks: tuple[ShockUse, ...]
    months: int
    households: int
    setting: str
    mix_name: str
    shocks_name: str
    overrides: Table = field(default_factory=dict)
    missing_paths: tuple[str, ...] = ()
    added_paths: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Setting, mix and shocks in one label."""
        return " / ".join((self.setting, self.mix_name or "no mix", self.shocks_name or "no shocks"))

    def describe(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold; `from_description` takes it back."""
        start = self.config.time.start
        return {
            "setting": self.setting,
            "mix_name": self.mix_name,
            "shocks_name": self.shocks_name,
            "months": self.months,
            "households": self.households,
            "overrides": {path: self.config.evidence(path).value for path in self.overrides},
            "mix": [describe_use(use, start) for use in self.mix],
            "shocks": [describe_use(use, start) for use in self.shocks],
            "config": self.config.values(),
        }

    @classmethod
    def from_description(cls, description: Table) -> Scenario:
        """The scenario that `describe` described, without the files of its setting, mix and shocks.

        All values are set on the config as it is now. Paths that it no longer has are left out and
        named in `missing_paths`; required parameters that it has gained are named in `added_paths`.
        """
        for key in ("setting", "mix_name", "shocks_name", "overrides", "mix", "shocks", "config"):
            if key not in description:
                raise ConfigError("missing", key=key, expected="the description of a scenario")
        config, missing, added = _restore(check_table(description["config"]))
        mix = Part(description["mix_name"], [Listed(raw) for raw in description["mix"]])
        shock_list = Part(description["shocks_name"], [Listed(raw) for raw in description["shocks"]])
        overrides = {path: value for path, value in description["overrides"].items() if path not in missing}
        scenario = _assemble(config, mix, shock_list, description["setting"], overrides)
        return replace(scenario, missing_paths=missing, added_paths=added)


def load_scenario(
    setting: str | Path = "default",
    mix: Uses | None = None,
    shocks: Uses | None = None,
    households: int | None = None,
    months: int | None = None,
    overrides: Table | None = None,
) -> Scenario:
    """The scenario of a setting, with another mix, other shocks, or other values where these are given.

    Parameters
    ----------
    setting, mix, shocks
        Names of files in the config folder, or paths of TOML files. Names of mixes and of shocks
        joined by "+" compose. Mix and shocks may also be lists of uses, or of tables as in the files.
    households, months
        Sampled households and horizon: short for overriding `households.number` and `time.months`.
    overrides
        Path of a parameter → plain value in its declared unit. They count most, then those of the
        shocks, then those of the setting.

    Raises
    ------
    ConfigError
        If anything is unknown, out of range or contradictory.
    """
    chosen = read_setting(setting)
    mix_part = read_part(chosen.mix if mix is None else mix, "mixes")
    shock_part = read_part(chosen.shocks if shocks is None else shocks, "shock_scenarios")
    asked = with_counts(overrides or {}, households, months)
    config = load_config(config_folder())
    merged: dict[str, Any] = {}
    for values, file in ((chosen.overrides, chosen.file), *shock_part.overrides, (asked, "")):
        config = _override(config, values, file)
        merged |= values
    return _assemble(config, mix_part, shock_part, chosen.name, merged)


def _override(config: Config, values: Table, file: str) -> Config:
    if not values:
        return config
    try:
        return config.with_overrides(values)
    except ConfigError as error:
        raise error.inside(file=file) from None


def _restore(values: Table) -> tuple[Config, tuple[str, ...], tuple[str, ...]]:
    """The config with these values and no others, the paths that it lacks, and those that it has beyond them."""
    base = load_config(config_folder())
    known, present = set(base.paths()), base.values()
    missing = tuple(path for path in values if path not in known)
    beyond = [base.slot(path) for path in present if path not in values]
    left_out = {slot.path: slot.field.left_out() for slot in beyond if slot.entry is not None}
    given = {path: value for path, value in values.items() if path in known and present.get(path) != value}
    return (
        base.with_overrides({**given, **left_out}),
        missing,
        tuple(slot.path for slot in beyond if slot.entry is None),
    )


def _assemble(config: Config, mix: Part, shock_list: Part, setting: str, overrides: Table) -> Scenario:
    """Check instruments and shocks against the config and put everything together."""
    reader = UseReader(config)
    return Scenario(
        config=config,
        mix=reader.read_all(mix, InstrumentUse),
        shocks=reader.read_all(shock_list, ShockUse),
        months=reader.months,
        households=whole(config, "households.number"),
        setting=setting,
        mix_name=mix.name,
        shocks_name=shock_list.name,
        overrides=dict(overrides),
    )
