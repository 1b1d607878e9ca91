"""The model description: its tables are up to date, and every name that it uses exists."""

import re
from pathlib import Path

import pytest

import abm.schema
from abm.parameters import Config, Declaration, Quantity, Series, config_folder, load_config
from experiments import documentation

FOLDER = Path(abm.schema.__file__).parent
ROOT = FOLDER.parent
PARAMETER = re.compile(r"`([a-z_]+)\.(?:\*\.)?([a-z_]+)`")


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(config_folder())


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    """Both documents as they should read."""
    return documentation.documents(FOLDER)


@pytest.fixture(scope="module")
def description() -> str:
    return (FOLDER / "ODD.md").read_text(encoding="utf-8")


def own_words(description: str) -> str:
    """The description without its tables of parameters."""
    return description[: description.index("\n## Parameters\n")]


def slug(heading: str) -> str:
    """The anchor that a heading gets on GitHub."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("name", ["ODD.md", "PARAMETERS.md"])
def test_the_tables_are_up_to_date(name: str, written: dict[str, str]) -> None:
    """If this fails: `python -m experiments.documentation`."""
    assert (FOLDER / name).read_text(encoding="utf-8") == written[name]


def test_every_parameter_stands_in_the_table_once(config: Config, written: dict[str, str]) -> None:
    listed = re.findall(r"^\| `([a-z_]+\.[^`]+)` \|", written["PARAMETERS.md"].partition("## Policy")[0], re.MULTILINE)
    assert sorted(listed) == sorted(path for path, evidence in config.parameters() if evidence.source)


def test_a_row_gives_value_unit_range_source_and_whether_it_is_assumed(config: Config, written: dict[str, str]) -> None:
    evidence = config.evidence("firms.thrift_speed")
    (row,) = (line for line in written["PARAMETERS.md"].splitlines() if line.startswith("| `firms.thrift_speed` |"))
    cells = [cell.strip() for cell in row.strip("|").split(" | ")]
    assert cells[1:4] == [evidence.meaning, f"{evidence.value:g}", evidence.unit]
    assert cells[4] == f"{evidence.range[0]:g} – {evidence.range[1]:g}" if evidence.range else ""
    assert (cells[5], cells[6]) == (evidence.source, "assumed" if evidence.assumed else "")


def test_every_row_of_a_table_has_the_cells_of_its_head(written: dict[str, str]) -> None:
    width = 0
    for line in written["PARAMETERS.md"].splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line))
        if line.startswith("|"):
            width = width or cells
            assert cells == width, line
        else:
            width = 0


def test_every_parameter_named_exists(description: str) -> None:
    named = [pair for pair in PARAMETER.findall(own_words(description)) if pair[0] in Declaration.registry]
    assert len(named) > 100
    assert [pair for pair in named if pair[1] not in Declaration.registry[pair[0]].fields] == []


def test_every_quantity_is_described(description: str) -> None:
    named = set(PARAMETER.findall(own_words(description)))
    declared = {
        (table, name)
        for table, declaration in Declaration.registry.items()
        for name, field in declaration.fields.items()
        if isinstance(field, (Quantity, Series))
    }
    assert sorted(declared - named) == []


def test_every_file_named_exists(description: str) -> None:
    files = re.findall(r"`((?:abm|experiments|config|benchmarks)/[^`]*)`", description)
    assert files
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_links_lead_to_headings_and_files(description: str, written: dict[str, str]) -> None:
    texts = {"": description, "PARAMETERS.md": written["PARAMETERS.md"]}
    for file, anchor in re.findall(r"\]\(([^)#:]*)#?([^):]*)\)", description):
        headings = [slug(line.lstrip("# ")) for line in texts[file].splitlines() if line.startswith("#")]
        assert not anchor or anchor in headings, f"{file}#{anchor}"


def test_the_seven_elements_and_eleven_concepts_are_there(description: str) -> None:
    elements = re.findall(r"^## (\d) ", description, re.MULTILINE)
    assert elements == list("1234567")
    concepts = description.partition("## 4 Design concepts")[2].partition("## 5 ")[0]
    assert re.findall(r"^\*\*([A-Z][a-z ]+)\.\*\*", concepts, re.MULTILINE) == [
        "Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction", "Sensing", "Interaction",
        "Stochasticity", "Collectives", "Observation",
    ]  # fmt: skip


def test_text_outside_the_markers_stays() -> None:
    start, end = (mark.format("x") for mark in (documentation._MARKER, documentation._END))
    assert documentation.replaced(f"a\n{start}\nold\n{end}\nb\n", "x", "new") == f"a\n{start}\n\nnew\n\n{end}\nb\n"
    with pytest.raises(ValueError, match="x"):
        documentation.replaced("no markers", "x", "new")


def test_what_is_out_of_date_is_named_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: dict[str, str]
) -> None:
    monkeypatch.setattr(documentation.abm, "__file__", str(tmp_path / "__init__.py"))
    (tmp_path / "ODD.md").write_text(written["ODD.md"], encoding="utf-8")
    assert documentation.main(["--check"]) == 1
    assert capsys.readouterr().out.startswith("PARAMETERS.md is out of date")
    assert documentation.main([]) == 0
    assert documentation.main(["--check"]) == 0
    assert (tmp_path / "PARAMETERS.md").read_text(encoding="utf-8") == written["PARAMETERS.md"]


def test_a_cell_cannot_end_early() -> None:
    assert documentation._in_cell("a | b\n<c> *d*") == r"a \| b \<c\> \*d\*"
