"""The notebooks run from top to bottom in an empty folder, show what they promise, and are stored without results."""

import os
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "examples" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LARGEST = 40_000  # bytes: text and code only
PATIENCE = 300  # seconds for a cell, on a machine that is busy

# What each promises: cells that show figures, and cells that show tables, by their identifiers.
FIGURES = {
    "first_experiment": ("prices", "bloc-figure", "failures-figure", "change-figure"),
    "policy_comparison": ("dots", "parties", "pairing-figure"),
    "sensitivity_study": ("fan", "scatter", "indices-figure", "robust-figure"),
}
TABLES = {
    "first_experiment": ("scenario", "mix", "run", "prices-by-year", "bloc-table", "failures", "change-table"),
    "policy_comparison": ("table", "decided", "more-seeds", "why", "pays-governments", "pairing"),
    "sensitivity_study": ("design", "batch", "read", "indices", "difference", "robust"),
}


class ThisInterpreter(AsyncKernelManager):
    """Kernels of the interpreter that runs the tests, whatever kernels are installed for the user."""

    @property
    def kernel_spec(self) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="this interpreter", language="python")


def executed(notebook: Any, folder: Path) -> Any:
    """The notebook with its outputs, executed in a folder with the checkout on the path."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    own = {"PYTHONPATH": path, "IPYTHONDIR": str(folder / ".ipython"), "JUPYTER_RUNTIME_DIR": str(folder / ".runtime")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in own.items():
            patch.setenv(name, value)
        patch.delenv("MPLBACKEND", raising=False)
        work = folder / "work"
        work.mkdir()
        place = {"metadata": {"path": str(work)}}
        NotebookClient(notebook, kernel_manager_class=ThisInterpreter, timeout=PATIENCE, resources=place).execute()
    return notebook


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def showing(notebook: Any, kind: str) -> set[str]:
    """Identifiers of the cells with an output of this kind."""
    return {cell.id for cell in notebook.cells for output in cell.get("outputs", []) if kind in output.get("data", {})}


def said(notebook: Any, stream: str) -> str:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.text for output in outputs if output.get("name") == stream)


def test_every_notebook_is_tested() -> None:
    assert NOTEBOOKS
    assert {path.stem for path in NOTEBOOKS} == FIGURES.keys() == TABLES.keys()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_shows_what_it_promises(path: Path, tmp_path: Path) -> None:
    done = executed(read(path), tmp_path)
    assert set(FIGURES[path.stem]) <= showing(done, "image/png")
    assert set(TABLES[path.stem]) <= showing(done, "text/html")
    assert "Warning" not in said(done, "stderr")
    assert "nan" not in re.findall(r"\w+", said(done, "stdout"))
    assert list((tmp_path / "work").iterdir()) == []  # what it makes it makes in temporary folders


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_clean(path: Path) -> None:
    notebook, text = read(path), path.read_text(encoding="utf-8")
    nbformat.validate(notebook)
    assert len(text.encode()) < LARGEST
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert notebook.metadata.language_info == {"name": "python"}
    assert not re.search(r"/(home|root|tmp|Users)/|[A-Z]:\\\\", text)
    for cell in notebook.cells:
        assert re.fullmatch(r"[a-z][a-z-]*", cell.id), "identifiers that tests can name"
        assert cell.metadata in ({}, {"tags": ["parameters"]})
        assert not cell.get("outputs") and cell.get("execution_count") is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_sizes_are_set_in_one_cell_at_the_top_which_names_the_full_ones(path: Path) -> None:
    code = [cell for cell in read(path).cells if cell.cell_type == "code"]
    assert code[0].metadata == {"tags": ["parameters"]}
    assert {"HOUSEHOLDS", "MONTHS"} <= set(re.findall(r"^([A-Z_]+) = ", code[0].source, flags=re.MULTILINE))
    for line in code[0].source.splitlines():
        if re.match(r"(HOUSEHOLDS|MONTHS|SEEDS|ROWS) = ", line):
            assert "full size" in line, line


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_links_lead_somewhere(path: Path) -> None:
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    links = [target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target]
    named = re.findall(r"`(\w+\.ipynb)`", text)
    assert [target for target in [*links, *named] if not (FOLDER / target).exists()] == []


def test_an_error_in_a_cell_is_an_error_of_the_notebook(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0"), nbformat.v4.new_code_cell("2")])
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        executed(notebook, tmp_path)


def test_the_kernel_is_this_interpreter_with_this_checkout(tmp_path: Path) -> None:
    code = "import sys, abm, experiments\nprint(sys.executable, abm.__file__, experiments.__file__)"
    done = executed(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), tmp_path)
    here = [sys.executable, ROOT / "abm" / "__init__.py", ROOT / "experiments" / "__init__.py"]
    assert said(done, "stdout").split() == list(map(str, here))
