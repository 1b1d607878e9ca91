"""The architecture holds: imports point one way, the model stays light, and no name of the world stands in code."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from abm.parameters import config_folder, load_config

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("SALib", "altair", "dask", "distributed", "matplotlib", "plotly", "pyarrow.parquet", "solara")


def python(code: str, where: Path = ROOT) -> str:
    """What a fresh process prints that imports from `where`."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=where,
        env=os.environ | {"PYTHONPATH": str(where)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def lint(where: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of pyproject.toml on the tree at `where`."""
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=where,
        env=os.environ | {"PYTHONPATH": str(where)},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the contracts and the model read."""
    for folder in ("abm", "experiments", "config"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("abm/books.py", "from experiments import cli"),
        ("abm/rules.py", "from abm.scenario import load_scenario"),
        ("abm/agents/recyclers.py", "from abm.policies import registry"),
        ("abm/policies/price_floor.py", "from abm.agents import recyclers"),
        ("abm/shocks/energy_spike.py", "from abm.markets import materials"),
        ("abm/parameters.py", "from abm.books import Books"),
        ("abm/events.py", "import matplotlib"),
    ],
)
def test_the_contracts_catch_what_they_forbid(tree: Path, file: str, line: str) -> None:
    path = tree / file
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    done = lint(tree)
    assert done.returncode == 1
    assert "BROKEN" in done.stdout


def test_importing_and_running_the_model_loads_nothing_heavy() -> None:
    code = f"""
import sys, abm
abm.CircularTransition
abm.run(abm.load_scenario(households=60, months=2), rng=1)
print([name for name in {HEAVY} if name in sys.modules])
"""
    assert python(code).strip() == "[]"


def test_importing_the_command_loads_neither_model_nor_pandas() -> None:
    code = (
        "import sys, experiments.cli; print([name for name in ('mesa', 'pandas', 'abm.model') if name in sys.modules])"
    )
    assert python(code).strip() == "[]"


def strings_in(path: Path) -> set[str]:
    """The string constants in a module."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_no_material_product_or_country_is_named_in_code() -> None:
    config = load_config(config_folder())
    other_meanings = {"world", "other", "nl"}  # plain words, and the code of the Dutch language
    names = {*config.materials.ids, *config.products.ids, *config.jurisdictions.ids, *config.blocs.ids}
    for path in sorted([*(ROOT / "abm").rglob("*.py"), *(ROOT / "experiments").rglob("*.py")]):
        assert not strings_in(path) & (names - other_meanings), path.name
