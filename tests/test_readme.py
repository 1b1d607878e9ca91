"""What the documents say works: every Python block runs, every command is understood, every link leads somewhere."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.cli import _parse, main

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")


def blocks(document: str, language: str) -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    lines = [line for document in DOCUMENTS for block in blocks(document, "(?:sh|bat)") for line in block.splitlines()]
    return [line for line in lines if re.match(r"(\.venv\S*)?abm ", line)]


def test_every_python_block_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    small = ["--households", "60", "--months", "3", "--seeds", "1", "--workers", "1"]
    main(["batch", "--mixes", "market_pull", "--shocks", "calm", *small, "--out", "results/small"])
    found = blocks("README.md", "python")
    assert found
    for block in found:
        exec(compile(block, "README.md", "exec"), {})


def test_every_file_of_the_readme_is_valid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = blocks("README.md", "toml")
    kinds = set()
    for number, block in enumerate(found):
        file = tmp_path / f"my_{number}.toml"
        file.write_text(block, encoding="utf-8")
        assert main(["check", str(file)]) == 0
        said = capsys.readouterr().out
        kinds |= {kind for kind in ("mix", "design") if f": {kind}" in said}
        if ": mix" in said:
            assert main(["run", "--mix", str(file), "--months", "14", "--households", "100"]) == 0
        else:
            small = ["--seeds", "1", "--months", "3", "--out", str(tmp_path / "out")]
            assert main(["batch", str(file), "--households", "60", "--workers", "1", *small]) == 0
    assert kinds == {"mix", "design"}


@pytest.mark.parametrize("line", commands())
def test_every_command_is_understood(line: str) -> None:
    words = shlex.split(line.replace("\\", "/"), comments=True)
    _parse(words[1:])


def test_the_examples_of_the_contributing_guide_take_part(tmp_path: Path) -> None:
    """Put into a copy of the tree: the instrument pays, the shock strikes, the indicator is recorded."""
    for folder in ("abm", "config", "experiments"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.findall(r"^```(?:python|toml)\n# (\S+)\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    assert len(found) == 6
    for file, contents in found:
        with (tmp_path / file).open("a", encoding="utf-8") as target:
            target.write(f"\n{contents}")
    code = """
import abm
result = abm.run(abm.load_scenario(mix="bonus", shocks="stagnant", households=60, months=6), rng=1)
print(*result.events["what"], sep="\\n")
print(result.series["instrument_paid[recycling_bonus@eu]"].sum() > 0, result.series["dearest_material"].min() > 0)
print("atlantis" in result.scenario.config.jurisdictions.ids)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert "Bonus for recycling: started" in said
    assert "Stagnation: started" in said
    assert said[-2:] == ["True True", "True"]


def test_commands_are_found() -> None:
    assert len(commands()) > 8


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_inside_the_repository_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target]
    assert [target for target in targets if not (ROOT / target).exists()] == []
