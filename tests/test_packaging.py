"""The package as others get it: built from an sdist, installed elsewhere, with its config inside."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from abm.parameters import config_folder

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "results")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An sdist, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    shutil.copytree(ROOT, folder / "tree", ignore=LEFT_OUT)
    build = "from setuptools import build_meta; build_meta.build_sdist('dist')"
    python(["-W", "ignore", "-c", build], folder / "tree")
    (archive,) = (folder / "tree" / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as contents:
        contents.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


@pytest.fixture(scope="module")
def wheel(sdist: Path) -> Path:
    python(["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "."], sdist)
    (found,) = sdist.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which nothing but the wheel is installed."""
    folder = tmp_path_factory.mktemp("site")
    python(["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(folder), str(wheel)], folder)
    return folder


def python(arguments: list[str], where: Path, **variables: str) -> str:
    """What Python prints, run in a folder; paths of the checkout are not passed on."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "KRINGLOOP_CONFIG")}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=where, env=inherited | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_sdist_has_what_building_needs(sdist: Path) -> None:
    assert (sdist / "config" / "base.toml").is_file()
    assert (sdist / "LICENSE").is_file()


def test_the_wheel_holds_all_config_and_nothing_else_at_the_top(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as contents:
        names = contents.namelist()
    shipped = {str(path.relative_to(ROOT / "config")) for path in (ROOT / "config").rglob("*.toml")}
    assert {name.removeprefix("abm/_config/") for name in names if name.startswith("abm/_config/")} == shipped
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"abm", "experiments"}


def test_an_installed_model_finds_its_config(site: Path, tmp_path: Path) -> None:
    code = "from abm.parameters import config_folder; print(config_folder())"
    assert Path(python(["-c", code], tmp_path, PYTHONPATH=str(site)).strip()) == site / "abm" / "_config"
    listed = python(["-m", "experiments.cli", "list", "parameters"], tmp_path, PYTHONPATH=str(site))
    assert listed == python(["-m", "experiments.cli", "list", "parameters"], ROOT)


def test_an_installed_model_runs_as_the_checkout_does(site: Path, tmp_path: Path) -> None:
    code = (
        "import abm; print(abm.run(abm.load_scenario(households=60, months=3), rng=1).manifest['digest'], abm.__file__)"
    )
    digest, place = python(["-c", code], tmp_path, PYTHONPATH=str(site)).split()
    assert Path(place).is_relative_to(site)
    here, checkout = python(["-c", code], ROOT).split()
    assert Path(checkout).is_relative_to(ROOT)
    assert digest == here


def test_the_checkout_uses_its_own_config() -> None:
    assert config_folder() == ROOT / "config"


def test_every_package_is_declared(project: dict[str, Any]) -> None:
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for top in ("abm", "experiments")
        for path in (ROOT / top).rglob("__init__.py")
    }
    assert set(project["tool"]["setuptools"]["packages"]) == found | {"abm._config"}


def test_everything_that_is_required_is_pinned(project: dict[str, Any]) -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    pinned = {line.partition("==")[0] for line in lines}
    extras = project["project"]["optional-dependencies"]
    required = [*project["project"]["dependencies"], *(line for name in extras for line in extras[name])]
    names = {re.split(r"[\[<>=!~ ;]", line)[0].lower().replace("_", "-") for line in required} - {"kringloop"}
    assert names <= pinned
    form = re.compile(r'[a-z0-9-]+==[0-9][0-9a-z.]*(; python_version (<|>=) "3\.12")?')
    assert all(form.fullmatch(line) for line in lines)


def test_all_is_all(project: dict[str, Any]) -> None:
    extras = project["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    assert everything == f"kringloop[{','.join(sorted(set(extras) - {'all'}))}]"
