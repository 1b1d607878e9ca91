"""One file or one function more, and it is everywhere: listed, in results, and in the parameter table."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# One file each, put into a copy of the tree; nothing else there is touched.
TOYS = {
    "abm/policies/toy_bounty.py": '''"""A bounty, as somebody might add one."""

from typing import Any

import numpy as np

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity


class ToyBounty(Instrument):
    name = "toy_bounty"
    title = {"en": "Toy bounty", "nl": "Speelgoedpremie"}
    phase = "end_of_life"
    level = ("union", "national", "regional")
    scopes = ("materials",)
    intensity: Any = quantity("Toy bounty per kilogram sold", "EUR/kg", 0, 50, default=1)
    generosity: Any = quantity("Factor on the toy bounty", "1", 0, 10, default=2)
    labels = {
        "intensity": {"en": "Bounty", "nl": "Premie"},
        "generosity": {"en": "Generosity", "nl": "Gulheid"},
    }
    texts = {key: {"en": f"Toy {key}.", "nl": f"Speelgoed {key}."} for key in ("what", "how", "watch", "source")}

    def at_full_strength(self, config: Any) -> dict[str, np.ndarray]:
        """The bounty in the leaves below the government."""
        return {"recovery_subsidy": self.in_leaves(self.intensity * self.generosity * self.materials)}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay recyclers for what they recovered."""
        rate = self.own("recovery_subsidy")[activity.recycler_leaf]
        self.pay(books, "operating_support", activity.recycler_account, (activity.recovered * rate).sum(axis=1))
''',
    "abm/shocks/toy_slump.py": '''"""A slump, as somebody might add one."""

from typing import Any

from abm.conditions import Conditions
from abm.parameters import quantity
from abm.shocks.shock import Shock


class ToySlump(Shock):
    name = "toy_slump"
    title = {"en": "Toy slump", "nl": "Speelgoedcrisis"}
    scopes = ("materials",)
    severity: Any = quantity("Fall of world demand in a toy slump", "1", 0, 0.9, default=0.5)
    labels = {"severity": {"en": "Depth", "nl": "Diepte"}}
    texts = {key: {"en": f"Toy {key}.", "nl": f"Speelgoed {key}."} for key in ("what", "how", "watch", "source")}

    def impose(self, conditions: Conditions, level: float) -> None:
        """Lower demand for the materials in scope."""
        conditions.write("demand", 1.0 - level * self.materials.astype(float))
''',
    "abm/indicators/toys.py": '''"""A family of indicators with one member, as somebody might add one."""

from typing import Any

from abm.indicators.indicator import indicator


@indicator(
    unit="1",
    title={"en": "Toy count", "nl": "Speelgoedtelling"},
    meaning={"en": "Months so far, as a toy.", "nl": "Maanden tot nu toe, als speelgoed."},
    direction=1,
)
def toy_count(view: Any) -> float:
    """Months so far."""
    return float(view.model.month + 1)
''',
}
DONOR, TOY = "gallium", "toyium"
MIX = [{"use": "toy_bounty", "jurisdiction": "eu", "start": 1, "intensity": 3.0, "generosity": 4.0}]
SHOCKS = [{"use": "toy_slump", "start": 2, "duration": 3, "severity": 0.4}]
SETUP = {"households": 60, "months": 6, "rng": 1}

PROBE = f"""
import abm
from abm.model import CircularTransition

result = abm.run(mix={MIX!r}, shocks={SHOCKS!r}, **{SETUP!r})
model = CircularTransition(mix={MIX!r}, shocks={SHOCKS!r}, **{SETUP!r})
plain = CircularTransition(mix=[], shocks=[], **{SETUP!r})
for _ in range(6):
    model.step()
    plain.step()
    print("demand", model.month, float(model.conditions.demand.min()))
print("count", *result.series["toy_count"])
print("from", abm.__file__)
for name in result.series.columns:
    print("column", name)
for what in result.events["what"]:
    print("event", what)
print("paid", model.governments.instruments[0].total_paid > 0.0)
row = model.config.materials.index({TOY!r})
price, undisturbed = (one.materials.price[1, 0, row] for one in (model, plain))
print("price", price > 0.0, price < undisturbed)
print("producers", sum(name.startswith("toy_") for name in model.producers.names))
print("residual", model.books.worst_residual <= 1e-9)
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with the toys in it."""
    folder = tmp_path_factory.mktemp("extended")
    for name in ("abm", "experiments", "config"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name, contents in TOYS.items():
        assert not (folder / name).exists()
        (folder / name).write_text(contents, encoding="utf-8")
    text = (folder / "config" / "materials" / f"{DONOR}.toml").read_text(encoding="utf-8")
    text = text.replace(f"[producers.{DONOR}", "[producers.toy").replace("Gallium", "Toyium")
    (folder / "config" / "materials" / f"{TOY}.toml").write_text(text, encoding="utf-8")
    return folder


def fresh(tree: Path, *arguments: str) -> list[str]:
    """Lines printed by a fresh process that knows this tree only."""
    inherited = {name: value for name, value in os.environ.items() if name != "KRINGLOOP_CONFIG"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env=inherited | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def probed(tree: Path) -> list[str]:
    return fresh(tree, "-c", PROBE)


@pytest.mark.parametrize(
    ("kind", "name", "title"),
    [
        ("policies", "toy_bounty", "Toy bounty"),
        ("shocks", "toy_slump", "Toy slump"),
        ("indicators", "toy_count", "Toy count"),
        ("materials", TOY, "Toyium"),
        ("parameters", f"materials.{TOY}.price", "Price of the refined material outside the blocs at the start"),
    ],
)
def test_a_toy_is_listed(tree: Path, kind: str, name: str, title: str) -> None:
    assert f"{name}\t{title}" in fresh(tree, "-m", "experiments.cli", "list", kind)


def test_a_toy_is_described_with_its_own_quantity(tree: Path) -> None:
    said = " ".join(fresh(tree, "-m", "experiments.cli", "describe", "toy_bounty"))
    assert "generosity" in said
    assert "Factor on the toy bounty" in said


def test_the_tree_that_is_probed_is_the_copy(tree: Path, probed: list[str]) -> None:
    assert f"from {tree / 'abm' / '__init__.py'}" in probed


def test_the_toy_indicator_and_material_have_columns_in_results(probed: list[str]) -> None:
    columns = [line.removeprefix("column ") for line in probed if line.startswith("column ")]
    assert "toy_count" in columns
    assert any(TOY in name for name in columns)
    assert any("toy_bounty@eu" in name for name in columns)
    assert sum(TOY in name for name in columns) == sum(DONOR in name for name in columns)
    assert "count 1.0 2.0 3.0 4.0 5.0 6.0" in probed


def test_the_toy_instrument_pays_and_the_toy_shock_strikes(probed: list[str]) -> None:
    assert "event Toy bounty: started" in probed
    assert "event Toy slump: started" in probed
    assert "paid True" in probed
    strikes = [line for line in probed if line.startswith("demand ")]
    assert [float(line.split()[2]) for line in strikes] == [1.0, 1.0, 0.6, 0.6, 0.6, 1.0]


def test_the_toy_material_is_traded_and_its_books_balance(probed: list[str]) -> None:
    assert "price True True" in probed  # a price, and in a slump a lower one
    donors = (ROOT / "config" / "materials" / f"{DONOR}.toml").read_text(encoding="utf-8").count("[producers.")
    assert f"producers {donors}" in probed
    assert "residual True" in probed


def test_the_toys_stand_in_the_parameter_table(tree: Path) -> None:
    table = tree / "abm" / "PARAMETERS.md"
    assert "toy" not in table.read_text(encoding="utf-8")
    fresh(tree, "-m", "experiments.documentation")
    text = table.read_text(encoding="utf-8")
    for name in (f"materials.{TOY}.price", "toy_bounty", "generosity", "toy_slump", "toy_count"):
        assert name in text, name
