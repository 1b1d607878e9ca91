"""The command: what it lists, describes, runs and writes, and what it says when the input is wrong."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import abm
from abm import policies
from abm.parameters import config_folder
from abm.running import Run
from experiments import cli
from experiments.cli import main
from experiments.listing import KINDS, description_lines, items

SMALL = ["--households", "60", "--months", "6"]


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- Listing and describing


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_has_a_name_and_a_title_on_every_line(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", kind]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert rows
    assert all(len(row) == 2 and row[0] and row[1] for row in rows)
    assert len({name for name, _ in rows}) == len(rows)


def test_a_list_in_dutch(capsys: pytest.CaptureFixture[str]) -> None:
    outputs = []
    for language in ("en", "nl"):
        main(["list", "policies", "--lang", language])
        outputs.append(capsys.readouterr().out.splitlines())
    assert len(outputs[0]) == len(outputs[1])
    assert outputs[0] != outputs[1]


def test_on_a_terminal_a_list_is_a_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    main(["list", "parameters"])
    lines = capsys.readouterr().out.splitlines()
    width = max(len(item.name) for item in items("parameters")) + 2
    assert all("\t" not in line for line in lines)
    assert all(line[width - 2 : width] == "  " and line[width] != " " for line in lines)


def test_the_command_knows_every_kind() -> None:
    assert tuple(KINDS) == cli._KINDS


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "parameters"])
def test_everything_listed_can_be_described(kind: str, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    for item in items(kind):
        assert main(["describe", item.name, "--lang", language]) == 0
        text = capsys.readouterr().out
        assert item.title[language] in text
        assert len(text.splitlines()) > 3


def test_every_parameter_is_described_with_its_evidence() -> None:
    for item in items("parameters"):
        text = "\n".join(description_lines(item, "en"))
        assert "Unit\n" in text, item.name
        assert "Source\n" in text, item.name


def test_a_policy_is_described_with_its_texts_units_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    name, declared = next(iter(policies.registry().items()))
    main(["describe", name])
    text = " ".join(capsys.readouterr().out.split())
    for words in declared.texts.values():
        assert " ".join(words["en"].split()) in text
    for quantity in declared.parameters.values():
        assert " ".join(quantity.meaning.split()) in text


def test_describing_a_section_gives_its_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "firms"]) == 0
    assert "firms.markup\n" in capsys.readouterr().out


def test_a_reader_that_stops_early_is_no_error() -> None:
    command = [sys.executable, "-m", "experiments.cli", "list", "parameters"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        complaint = process.stderr.read()
        assert process.wait() == 0
    assert complaint == ""


# --- Running


def test_a_run_is_written_and_repeated_bit_for_bit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    assert main(["run", *SMALL, "--mix", "market_pull", "--seed", "7", "--out", str(first)]) == 0
    assert "seed 7, 6 months" in capsys.readouterr().out
    assert {"manifest.json", "events.csv", "series.parquet", "series.csv"} <= set(tree(first))
    assert main(["run", "--from", str(first / "manifest.json"), "--out", str(again)]) == 0
    assert "identical bit for bit" in capsys.readouterr().out
    assert tree(first)["series.parquet"] == tree(again)["series.parquet"]
    assert tree(first)["events.csv"] == tree(again)["events.csv"]


def test_the_command_runs_what_python_runs(tmp_path: Path) -> None:
    main(["run", *SMALL, "--shocks", "calm", "--set", "firms.markup=0.2", "--seed", "3", "--out", str(tmp_path / "a")])
    scenario = abm.load_scenario(shocks="calm", households=60, months=6, overrides={"firms.markup": 0.2})
    abm.run(scenario, rng=3).write(tmp_path / "b")
    assert tree(tmp_path / "a")["series.parquet"] == tree(tmp_path / "b")["series.parquet"]


def test_several_seeds_have_a_folder_each(tmp_path: Path) -> None:
    assert main(["run", *SMALL, "--seeds", "4-5", "--out", str(tmp_path / "out")]) == 0
    seeds = [json.loads((tmp_path / "out" / f"seed-{seed}" / "manifest.json").read_text())["seed"] for seed in (4, 5)]
    assert seeds == [4, 5]


def test_without_out_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", *SMALL]) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "events.csv").write_text("old", encoding="utf-8")
    before = tree(tmp_path)
    assert main(["run", *SMALL, "--out", str(tmp_path)]) == 2
    assert "not empty" in capsys.readouterr().err
    assert tree(tmp_path) == before
    assert main(["run", *SMALL, "--out", str(tmp_path), "--force"]) == 0
    after = tree(tmp_path)
    assert after["notes.txt"] == b"mine"
    assert after["events.csv"] != b"old"


def test_a_failure_while_writing_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(self: Run, folder: Path, force: bool = False) -> None:
        (folder / "half").write_text("", encoding="utf-8")
        raise OSError(28, "No space left on device", str(folder))

    monkeypatch.setattr(Run, "write", full_disk)
    assert main(["run", *SMALL, "--out", str(tmp_path / "deep" / "out")]) == 2
    assert list(tmp_path.iterdir()) == []


def test_progress_shows_on_what_takes_longer_than_two_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    def slowly() -> Any:
        for number in range(3):
            time.sleep(0.8)
            yield number

    assert list(cli._bar(slowly(), 3, "runs")) == [0, 1, 2]
    assert "3/3" in capsys.readouterr().err
    assert list(cli._bar(iter(range(3)), 3, "runs")) == [0, 1, 2]
    assert capsys.readouterr().err == ""


# --- Wrong input


WRONG = [
    (["runn"], ["unknown command 'runn'", "'run'"]),
    ([], ["COMMAND"]),
    (["run", "--mixx", "a"], ["'--mixx'", "'--mix'"]),
    (["run", "--mix", "push_and_pul"], ["push_and_pul", "'push_and_pull'"]),
    (["run", "--shocks", "calm+turbulant"], ["turbulant", "'turbulent'"]),
    (["run", "--setting", "defaul"], ["defaul", "'default'"]),
    (["run", "--setting", "nowhere.toml"], ["nowhere.toml", "cannot be read"]),
    (["run", "--set", "firms.markupp=1"], ["firms.markupp", "'firms.markup'"]),
    (["run", "--set", "firms.markup=99"], ["firms.markup", "out of range", "from 0 to 2"]),
    (["run", "--set", "firms.markup"], ["firms.markup", "path.to.parameter=value"]),
    (["run", "--households", "5"], ["households.number", "out of range"]),
    (["run", "--households", "many"], ["--households", "many"]),
    (["run", "--months", "0"], ["time.months", "out of range"]),
    (["run", "--seed", "1", "--seeds", "2"], ["--seeds", "--seed"]),
    (["run", "--seed", "-1"], ["--seed", "'-1' is not a whole number"]),
    (["run", "--set", "firms.markup=" + "9" * 5000], ["firms.markup", "no number"]),
    (["run", "--seeds", "none"], ["--seeds", "'none'"]),
    (["run", "--from", "nowhere"], ["nowhere", "cannot be read"]),
    (["compare", "--mix", "market_pull", "--mix", "market_pull"], ["--mix", "twice"]),
    (["compare", "--workers", "0"], ["--workers"]),
    (["batch", "--mixes", "market_pull"], ["--out"]),
    (["batch", "mixes_under_shock", "--out", "x"], ["'mixes_under_shocks'"]),
    (["list", "policy"], ["'policy'", "'policies'"]),
    (["describe", "price_flor"], ["price_flor", "'price_floor'"]),
    (["describe", "price_floor", "--lang", "fr"], ["--lang", "fr"]),
    (["check", "nowhere.toml"], ["nowhere.toml", "cannot be read"]),
    (["check", "README.md"], ["README.md", ".toml"]),
]


@pytest.mark.parametrize(
    "more", ["--months 3", "--seed 2", "--seeds 2", "--set firms.markup=0.3", "--mix market_pull", "--shocks calm"]
)
def test_what_a_manifest_says_cannot_be_said_beside_it(
    more: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--from", str(tmp_path / "manifest.json"), *more.split()]) == 2
    assert f"{more.split()[0]}: cannot be combined with --from" in capsys.readouterr().err


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The manifest of a short run."""
    folder = tmp_path_factory.mktemp("written")
    assert main(["run", "--months", "3", "--households", "100", "--out", str(folder / "one")]) == 0
    return dict(json.loads((folder / "one" / "manifest.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("seed", "x"), ("seed", -3), ("months_run", 1.5), ("scenario", 3), ("scenario.overrides", 3),
        ("scenario.mix", 3), ("scenario.mix", [1]), ("scenario.config", []), ("scenario.config", {"firms.markup": "a"}),
        ("versions", None), ("headline.recycler_margin", "a"), ("digest", 3),
    ],
)  # fmt: skip
def test_a_broken_manifest_gets_a_message_that_names_the_file(
    path: str, value: Any, written: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = json.loads(json.dumps(written))
    *above, last = path.split(".")
    place = manifest
    for key in above:
        place = place[key]
    place[last] = value
    (tmp_path / "broken.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert main(["run", "--from", str(tmp_path / "broken.json")]) == 2
    said = capsys.readouterr().err
    assert "broken.json" in said
    assert path.split(".")[0] in said


def test_a_manifest_edited_by_hand_is_told(
    written: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = json.loads(json.dumps(written))
    (tmp_path / "edited.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert main(["run", "--from", str(tmp_path / "edited.json")]) == 0
    assert "edited" not in capsys.readouterr().out
    manifest["scenario"]["months"] = -1
    (tmp_path / "edited.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert main(["run", "--from", str(tmp_path / "edited.json")]) == 0
    assert "edited by hand" in capsys.readouterr().out


def test_the_manifest_of_several_runs_says_that_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"scenarios": [], "seeds": [1]}))
    assert main(["run", "--from", str(tmp_path)]) == 2
    assert "describes several runs" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=[" ".join(arguments)[:60] for arguments, _ in WRONG])
def test_wrong_input_gets_one_message_and_status_two(
    arguments: list[str],
    said: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert len(output.err.splitlines()) == 1
    assert output.err.startswith("abm: ")
    for words in said:
        assert words in output.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["run"], ["compare"], ["batch"]])
def test_a_place_that_cannot_be_written_is_named(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        assert main([*arguments, *SMALL, "--out", str(out)]) == 2
        output = capsys.readouterr()
        assert str(tmp_path / "file") in output.err
        assert len(output.err.splitlines()) == 1


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def dashboard(options: Any) -> int:
        raise ModuleNotFoundError("No module named 'solara'", name="solara.lab")

    monkeypatch.setitem(cli._COMMANDS, "dashboard", (dashboard, cli._declare_dashboard))
    assert main(["dashboard"]) == 2
    assert "kringloop[dashboard]" in capsys.readouterr().err


def test_a_defect_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def defective(options: Any) -> int:
        raise ModuleNotFoundError("No module named 'abm.nothing'", name="abm.nothing")

    monkeypatch.setitem(cli._COMMANDS, "dashboard", (defective, cli._declare_dashboard))
    with pytest.raises(ModuleNotFoundError):
        main(["dashboard"])


def test_the_command_ends_without_a_traceback() -> None:
    command = [sys.executable, "-m", "experiments.cli", "run", "--mix", "nonsense"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


# --- Checking files


def test_all_shipped_config_passes_the_check(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(path) for path in sorted(config_folder().rglob("*.toml"))]
    assert main(["check", *files]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(files)


CHANGES = [
    ("mixes/market_pull.toml", "intensity", "intensitty", ["intensitty", "'intensity'"]),
    ("shock_scenarios/rare_earth_restriction_2027.toml", "severity = ", "severity = 9", ["severity", "out of range"]),
    ("settings/default.toml", "shocks = ", "shock = ", ["'shock'", "'shocks'"]),
    ("materials/copper.toml", 'unit = "EUR/kg"', 'unit = "EUR/t"', ["wrong unit 'EUR/t'", "'EUR/kg'"]),
    ("base.toml", "markup = ", "markupp = ", ["markupp", "'markup'"]),
    ("designs/mixes_under_shocks.toml", "seeds = ", "seed = ", ["'seed'", "'seeds'"]),
]


@pytest.mark.parametrize(("file", "old", "new", "said"), CHANGES)
def test_a_wrong_file_is_named_with_the_key(
    file: str, old: str, new: str, said: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / Path(file).name
    text = (config_folder() / file).read_text(encoding="utf-8")
    assert old in text
    copy.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert main(["check", str(copy)]) == 2
    complaint = capsys.readouterr().err
    assert str(copy) in complaint
    for words in said:
        assert words in complaint


def test_every_wrong_file_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one.toml", "two.toml"):
        (tmp_path / name).write_text("[[instruments]]\n", encoding="utf-8")
    good = config_folder() / "mixes" / "market_pull.toml"
    assert main(["check", str(tmp_path / "one.toml"), str(good), str(tmp_path / "two.toml")]) == 2
    output = capsys.readouterr()
    assert len(output.err.splitlines()) == 2
    assert "market_pull.toml: mix" in output.out


# --- Reading a comparison back


def test_compare_writes_tidy_files_and_a_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "out"
    arguments = ["compare", *SMALL, "--mix", "business_as_usual", "--mix", "market_pull", "--seeds", "2"]
    assert main([*arguments, "--shocks", "calm", "--workers", "1", "--out", str(folder)]) == 0
    text = capsys.readouterr().out
    for words in ("business_as_usual", "market_pull", "Bankrupt recyclers", "Why"):
        assert words in text
    table = pd.read_csv(folder / "comparison.csv")
    assert set(table["mix"]) == {"business_as_usual", "market_pull"}
    assert (table.loc[table["mix"] == "business_as_usual", "difference"].dropna() == 0).all()
    assert len(pd.read_parquet(folder / "series.parquet")) == 2 * 2 * 6
    assert {"mix", "seed", "why"} <= set(pd.read_csv(folder / "events.csv").columns)
    scenarios = json.loads((folder / "manifest.json").read_text())["scenarios"]
    assert [scenario["mix_name"] for scenario in scenarios] == ["business_as_usual", "market_pull"]
    assert (folder / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "comparison.svg").read_text(encoding="utf-8").rstrip().endswith("</svg>")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
