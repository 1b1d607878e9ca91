"""Designs: what they combine, what samples draw, and what is refused before anything runs."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from abm import load_scenario
from abm.parameters import ConfigError
from experiments.batch.driver import checked, identified
from experiments.designs import Design, files, load_design, read_design
from experiments.levers import pulled
from experiments.outcomes import outcome_table
from experiments.runs import load
from tests.fakes import fake_batch

HEAD = """title = { en = "Mine", nl = "Mijn" }
summary = { en = "Mine.", nl = "Mijn." }
households = 60
months = 3
"""
CONTINUOUS = '"firms.markup" = {}, "materials.*.price" = {}, "price_floor@eu" = { high = 1.5 }'


def written(folder: Path, body: str, name: str = "mine") -> Design:
    path = folder / f"{name}.toml"
    path.write_text(HEAD + body, encoding="utf-8")
    return read_design(path)


# --- What is combined


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_shipped_designs_can_be_run(path: Path) -> None:
    design = load_design(path.stem)
    assert len(checked(design)) == len(design) == len(identified(design.jobs()))


def test_every_mix_meets_every_shock_and_point_on_every_seed(tmp_path: Path) -> None:
    design = written(
        tmp_path,
        """mixes = ["business_as_usual", "market_pull"]
shocks = ["calm", "lithium_flood"]
seeds = "3,5"
[[samples]]
method = "factorial"
factors = { "firms.markup" = { levels = [0.1, 0.2] }, "price_floor@eu" = { levels = [0, 1] } }
""",
    )
    jobs = list(design.jobs())
    met = {(job.selection.mix, job.selection.shocks, job.seed, job.point, job.values) for job in jobs}
    assert len(jobs) == len(met) == len(design) == 2 * 2 * 2 * 4
    assert {job.point for job in jobs} == {0, 1, 2, 3}
    assert [job.number for job in jobs] == list(range(32))


def test_along_the_seeds_each_seed_takes_its_own_row(tmp_path: Path) -> None:
    design = written(
        tmp_path,
        f"""mixes = ["business_as_usual", "market_pull"]
seeds = "1-5"
[[samples]]
method = "latin_hypercube"
size = 4
along = "seeds"
factors = {{ {CONTINUOUS} }}
""",
    )
    points = {(job.seed, job.point) for job in design.jobs()}
    assert points == {(1, 0), (2, 1), (3, 2), (4, 3), (5, 0)}  # it begins anew after the last row
    assert len(list(design.jobs())) == len(design) == 10


def test_a_latin_hypercube_meets_every_stratum_once(tmp_path: Path) -> None:
    body = f'[[samples]]\nmethod = "latin_hypercube"\nsize = 10\nfactors = {{ {CONTINUOUS} }}\n'
    (sample,) = written(tmp_path, body).samples
    assert np.array_equal(np.sort((sample.places() * 10).astype(int), axis=0), np.tile(np.arange(10)[:, None], 3))


def test_saltelli_and_morris_change_what_their_schemes_say(tmp_path: Path) -> None:
    sobol = f'[[samples]]\nmethod = "sobol"\nsize = 4\nfactors = {{ {CONTINUOUS} }}\n'
    assert len(written(tmp_path, sobol).samples[0].rows()) == 4 * (3 + 2)
    morris = f'[[samples]]\nmethod = "morris"\nsize = 2\nfactors = {{ {CONTINUOUS} }}\n'
    rows = written(tmp_path, morris).samples[0].rows()
    trajectories = [rows[:4], rows[4:]]
    assert len(rows) == 8
    for trajectory in trajectories:
        for one, other in pairwise(trajectory):
            assert sum(one[name] != other[name] for name in one) == 1


def test_a_family_moves_together_each_in_its_own_range(tmp_path: Path) -> None:
    body = '[[samples]]\nmethod = "factorial"\nfactors = { "materials.*.price" = { levels = [0, 0.5, 1] } }\n'
    low, _, high = list(written(tmp_path, body).jobs())[:3]
    config = load_scenario().config
    for job, end in ((low, 0), (high, 1)):
        values = load(job.selection).config.values()
        for material in config.materials.ids:
            path = f"materials.{material}.price"
            assert values[path] == pytest.approx((config.evidence(path).range or ())[end])


def test_levers_set_scale_add_and_take_out() -> None:
    mix = load_scenario(mix="push_and_pull").mix
    mine = [use.intensity for use in mix if (use.use, use.jurisdiction) == ("recovery_subsidy", "eu")]
    halved = pulled(mix, ["recovery_subsidy@eu=x0.5"])
    assert [use.intensity for use in halved if use.use == "recovery_subsidy"] == [value / 2 for value in mine]
    assert not [use for use in pulled(mix, ["recovery_subsidy=0"]) if use.use == "recovery_subsidy"]
    (added,) = (use for use in pulled(mix, ["repair_voucher@nl=0.4"]) if use.use == "repair_voucher")
    assert (added.jurisdiction, added.intensity) == ("nl", 0.4)
    assert pulled(mix, ["repair_voucher=x2"]) == list(mix)  # twice nothing


def test_a_list_in_a_spreadsheets_csv_is_read_as_numbers(tmp_path: Path) -> None:
    (tmp_path / "sets.csv").write_text("\ufefffirms.markup,mix\n0,market_pull\n0.25,calm_mix\n", encoding="utf-8")
    body = '[[samples]]\nmethod = "list"\nfile = "sets.csv"\n'
    (sample,) = written(tmp_path, body).samples
    assert sample.listed == ((0.0, "market_pull"), (0.25, "calm_mix"))
    assert all(isinstance(row[0], float) for row in sample.listed)
    rows = '[[samples]]\nmethod = "list"\nrows = [{ "firms.markup" = 0 }, { "firms.markup" = 0.5 }]\n'
    assert all(isinstance(row[0], float) for row in written(tmp_path, rows).samples[0].listed)


def test_a_design_comes_back_from_its_description(tmp_path: Path) -> None:
    body = f"""seeds = "2-3"
fixed = {{ "firms.hurdle_rate" = 0.1 }}
series = ["recyclers_active"]
[[samples]]
method = "latin_hypercube"
size = 3
factors = {{ {CONTINUOUS} }}
[[samples]]
method = "list"
along = "seeds"
rows = [{{ "mix" = "market_pull", "recovery_subsidy" = 0.5 }}]
scales = {{ "recovery_subsidy" = "share" }}
"""
    design = written(tmp_path, body)
    again = Design.from_description(design.describe())
    assert list(identified(again.jobs())) == list(identified(design.jobs()))


# --- What is refused


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('mixes = ["market_pull", "market_pull"]', "twice"),
        ('seeds = "1,1"', "twice"),
        ("mixes = []", "is empty"),
        ("samples = 3", "list of tables"),
        ('series = ["recyclers_activ"]', "recyclers_active"),
        ('fixed = { "firms.markupp" = 1 }', "firms.markup"),
        ('[[samples]]\nmethod = "lhs"\nsize = 3', "latin_hypercube"),
        ('[[samples]]\nmethod = "sobol"\nsize = 6\nfactors = { "firms.markup" = {} }', "power of two"),
        ('[[samples]]\nmethod = "morris"\nsize = 6\nfactors = { "firms.markup" = {} }', "two factors"),
        ('[[samples]]\nmethod = "latin_hypercube"\nfactors = { "firms.markup" = {} }', "size"),
        ('[[samples]]\nmethod = "latin_hypercube"\nsize = 2\nfactors = { "firms.mark" = {} }', "firms.markup"),
        ('[[samples]]\nmethod = "factorial"\nfactors = { "price_flor@eu" = {} }', "price_floor"),
        ('[[samples]]\nmethod = "factorial"\nfactors = { "firms.markup" = { low = 0.3, high = 0.1 } }', "empty"),
        ('[[samples]]\nmethod = "factorial"\nfactors = { "firms.markup" = { levels = [-9] } }', "out of range"),
        ('[[samples]]\nmethod = "list"\nrows = []', "list of tables"),
        ('[[samples]]\nmethod = "list"\nfile = "none.csv"', "cannot be read"),
        (
            'fixed = { "firms.markup" = 0.2 }\n[[samples]]\nmethod = "factorial"\nfactors = { "firms.markup" = {} }',
            "twice",
        ),
        (
            '[[samples]]\nmethod = "factorial"\nfactors = { "materials.*.price" = {}, "materials.ndpr.price" = {} }',
            "twice",
        ),
        ('[[samples]]\nmethod = "factorial"\nfactors = { "price_floor" = {}, "price_floor@eu" = {} }', "twice"),
        (
            'mixes = ["market_pull"]\n[[samples]]\nmethod = "factorial"\nfactors = { mix = { levels = ["a"] } }',
            "listed as well",
        ),
    ],
)
def test_what_a_design_may_not_say(body: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        written(tmp_path, body + "\n")


@pytest.mark.parametrize("text", ["a,a\n1,2\n", "a,b\n1\n", "a\n1,2\n"])
def test_a_csv_that_is_no_table_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "sets.csv").write_text(text.replace("a", "firms.markup"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"no table"):
        written(tmp_path, '[[samples]]\nmethod = "list"\nfile = "sets.csv"\n')


def test_two_files_of_one_name_are_not_taken_for_one_mix(tmp_path: Path) -> None:
    words = 'title = { en = "A", nl = "A" }\nsummary = { en = "A.", nl = "A." }\nincludes = ["business_as_usual"]\n'
    paths = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        paths.append(tmp_path / name / "front_01.toml")
        paths[-1].write_text(words, encoding="utf-8")
    design = written(tmp_path, "").with_(mixes=tuple(map(str, paths)))
    with pytest.raises(ConfigError, match="both called 'front_01'"):
        checked(design)


def test_options_that_contradict_a_design_are_refused_before_anything_runs(tmp_path: Path) -> None:
    design = written(tmp_path, '[[samples]]\nmethod = "factorial"\nfactors = { "firms.markup" = {} }\n')
    with pytest.raises(ConfigError, match="twice"):
        checked(design.with_(fixed=(("firms.markup", 0.3),)))


# --- What analyses begin with


def test_outcomes_of_months_that_are_undefined_are_undefined(tmp_path: Path) -> None:
    design = written(tmp_path, 'mixes = ["market_pull"]\nshocks = ["calm"]\nseeds = "1-2"\n')
    results = fake_batch(tmp_path / "out", design, lambda job: {"recyclers_active": 1.0})
    keys = results.runs[["run_id", "chunk"]]
    months: Any = {"month": ["2026-01", "2026-02"], "margin": [[1.0, 2.0], [3.0, np.nan]], "none": [[np.nan] * 2] * 2}
    frames = [
        pd.DataFrame({"run_id": run, "chunk": chunk, "month": months["month"], "margin": values, "none": nothing})
        for (run, chunk), values, nothing in zip(keys.to_numpy(), months["margin"], months["none"], strict=True)
    ]
    (tmp_path / "out" / "series").mkdir(exist_ok=True)
    pd.concat(frames).to_parquet(tmp_path / "out" / "series" / "x.parquet")
    table = outcome_table(results, ["margin:sum", "margin:last", "none:sum", "none:last", "recyclers_active"])
    assert table["margin:sum"].tolist() == [3.0, 3.0]
    assert table["margin:last"].tolist()[0] == 2.0
    assert np.isnan(table["margin:last"].tolist()[1])
    assert table[["none:sum", "none:last"]].isna().all(axis=None)


def test_outcomes_of_a_batch_of_which_every_run_failed_are_an_empty_table(tmp_path: Path) -> None:
    design = written(tmp_path, 'mixes = ["market_pull"]\nshocks = ["calm"]\nseeds = "1-2"\n')
    results = fake_batch(tmp_path / "out", design, lambda job: "BooksError: a gram is missing")
    table = outcome_table(results, ["recyclers_active"])
    assert table.empty
    assert "recyclers_active" in table
