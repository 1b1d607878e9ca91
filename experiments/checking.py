"""Checks of config files, wherever they lie: what kind of file it is, and whether all in it is valid."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from abm import load_scenario
from abm.parameters import ConfigError, config_folder, load_config, read_toml, shown
from experiments.analysis.search_problem import read_search
from experiments.batch.driver import checked
from experiments.designs import read_design
from experiments.findings.declaration import read_finding
from experiments.findings.interactions import load_design as load_interactions


def check_file(path: Path) -> str:
    """What kind of file it is, if everything in it is valid. Raises ConfigError."""
    if path.suffix != ".toml":
        raise ConfigError("is not a TOML file", file=shown(path), expected="a name that ends in .toml")
    raw = read_toml(path)
    if "objectives" in raw:
        read_search(path)
        return "search"
    if raw.keys() & {"mixes", "seeds", "samples"} and not raw.keys() & {"arms", "outcomes"}:
        return _design(path)
    if "arms" in raw:
        read_finding(path)
        return "finding"
    if "outcomes" in raw:
        load_interactions(str(path))
        return "interactions"
    if isinstance(raw.get("instruments"), list) or "includes" in raw:
        load_scenario(mix=path)
        return "mix"
    if isinstance(raw.get("shocks"), list):
        load_scenario(shocks=path)
        return "shock scenario"
    folder = _folder_of(path, raw)
    if folder is None:
        load_scenario(path)
        return "setting"
    _check_in_config(path, folder)
    return f"entry of {folder}" if folder else "config"


def _design(path: Path) -> str:
    design = read_design(path)
    checked(design)
    return f"design of {len(design):,} runs"


def _folder_of(path: Path, raw: dict[str, Any]) -> str | None:
    """The config folder to which the file belongs, "" being the top; None for a setting.

    A file in the config belongs where it is; another is known by its name or by its contents.
    """
    config = config_folder()
    parent = path.resolve().parent
    if parent == config or (config / path.name).is_file():
        return ""
    if parent.parent == config:
        return None if parent.name == "settings" else parent.name
    for folder in ("materials", "products"):
        keys = set(read_toml(next((config / folder).glob("*.toml")))) - {"title", "note"}
        if keys & set(raw):
            return folder
    return None


def _check_in_config(path: Path, folder: str) -> None:
    """Check the whole config with this file in its place in a copy."""
    config = config_folder()
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name).resolve() / "config"
        shutil.copytree(config, copy)
        target = copy / folder / path.name
        shutil.copyfile(path, target)
        try:
            load_config(copy)
        except ConfigError as error:
            inner = Path(error.file).resolve() if error.file else target
            error.file = shown(path) if inner == target else shown(config / inner.relative_to(copy))
            raise
