"""The report on a batch, on batches whose outcomes are known, and its page as a browser reads it."""

import argparse
import json
import math
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from abm.parameters import ConfigError
from experiments.analysis import report_command
from experiments.analysis.report import evidence, reading
from experiments.analysis.report.evidence import ALL, Estimate, Outcome
from experiments.analysis.report.gathering import Gathered, gather
from experiments.analysis.report.markup import VOID
from experiments.batch import open_results
from experiments.designs import Design, Sample, read_factor
from experiments.runs import Job

Outcomes = dict[str, float]
FIRST, SECOND = "business_as_usual", "market_pull"
SHOCKS = ("calm", "recession_2028")
RECYCLERS = Outcome("recyclers_active", "Recyclers at work", "", 1)
EVIL = "<script>alert('x')</script>"


def design(seeds: int = 12, mixes: Sequence[str] = (FIRST, SECOND), **changes: Any) -> Design:
    words = {"en": "Fake & short", "nl": "Nep"}
    factors = tuple(read_factor(name, {}) for name in ("firms.markup", "firms.precaution", "blocs.*.smuggling"))
    sample = Sample("latin_hypercube", factors, seeds, along="seeds")
    made = Design("fake", words, words, mixes=tuple(mixes), shocks=SHOCKS, seeds=tuple(range(1, seeds + 1)))
    return made.with_(months=24, samples=(sample,), **changes)


def luck(*parts: object) -> float:
    """A draw that depends on what it is given and nothing else."""
    return float(np.random.default_rng(list("|".join(map(str, parts)).encode())).normal())


def planted(job: Job) -> Outcomes:
    """Market pull: two recyclers more, more with a high markup; dearer when the world is calm; no other difference."""
    second, markup = job.selection.mix == SECOND, dict(job.values)["firms.markup"]
    shared = luck(job.seed, job.selection.shocks)
    return {
        "recyclers_active": 40 + shared + second * (2 + 10 * (markup - 0.15) + 0.05 * luck("own", job.number)),
        "recycler_failures": 3 + shared + second * luck("failures", job.number),
        "public_cost_discounted": 1e9 + second * (job.selection.shocks == "calm") * (1e8 + 1e6 * luck(job.number)),
        "shortage_loss": 5e6 + shared + second * 1e-6,
    }


def batch(
    folder: Path,
    asked: Design,
    outcomes: Callable[[Job], Outcomes | str] = planted,
    made: Callable[[Job], bool] = lambda job: True,
) -> Path:
    """A folder of results; a text in place of outcomes is the error of that run."""
    for name in ("runs", "series"):
        (folder / name).mkdir(parents=True)
    manifest = {"design": asked.describe(), "code": "c0de", "commit": "abc", "dirty": True}
    manifest |= {"command": ["/somewhere/bin/abm", "batch", "fake", "--out", "a b"], "versions": {"python": "3.11"}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    runs, months = [], []
    for job in filter(made, asked.jobs()):
        found = outcomes(job)
        keys = {"run_id": f"r{job.number}", "chunk": "x", "setting": "default", "mix": str(job.selection.mix)}
        keys["mix"] = Path(str(keys["mix"])).stem if str(keys["mix"]).endswith(".toml") else keys["mix"]
        keys |= {"shocks": job.selection.shocks, "seed": job.seed, "point": job.point}
        status: dict[str, Any] = {"status": found} if isinstance(found, str) else {"status": "ok", **found}
        runs.append({**keys, "number": job.number, "attempts": 1, "seconds": 36.0, **dict(job.values), **status})
        when = [f"{2026 + month // 12}-{month % 12 + 1:02d}" for month in range(24)]
        months.append(pd.DataFrame({**keys, "month": when, "recyclers_active": np.arange(24.0) + job.seed}))
    pd.DataFrame(runs).to_parquet(folder / "runs" / "x.parquet")
    pd.concat(months).to_parquet(folder / "series" / "x.parquet")
    return folder


def gathered(folder: Path, asked: Design | None = None, *rest: Any, outcomes: Sequence[str] = ()) -> Gathered:
    return gather(open_results(batch(folder, asked or design(), *rest)), outcomes)


def compared(found: Gathered, outcome: str, shocks: str, mix: str = SECOND) -> Any:
    table = found.compared.set_index(["outcome", "mix", "shocks"])
    return table.loc[(outcome, mix, shocks)]


# --- Intervals ------------------------------------------------------------------------------------


def test_one_point_per_seed_gives_the_t_interval() -> None:
    values = np.random.default_rng(1).normal(0.3, 1.0, 15)
    known = stats.ttest_1samp(values, 0.0)
    low, high = known.confidence_interval(0.95)
    found = evidence.estimate(values, range(15), range(15))
    assert found == pytest.approx((values.mean(), low, high, known.pvalue, 15))
    alone = evidence.estimate(values, range(15), [0] * 15)  # no sample at all
    assert alone == pytest.approx(found)


def test_values_that_are_missing_are_left_out_and_counted() -> None:
    found = evidence.estimate(np.array([1.0, math.nan, 2.0, 3.0]), range(4), range(4))
    assert (found.mean, found.pairs) == (2.0, 3)
    assert evidence.estimate(np.array([math.nan]), [1], [1]).pairs == 0
    assert math.isnan(evidence.estimate(np.array([4.0]), [1], [1]).low)


def test_interval_holds_when_every_point_is_run_on_every_seed() -> None:
    generator = np.random.default_rng(3)
    seeds, points = (axis.ravel() for axis in np.meshgrid(range(15), range(12)))
    inside = naive = 0
    for _ in range(200):
        values = generator.normal(size=15)[seeds] + generator.normal(size=12)[points] + generator.normal(size=180)
        found = evidence.estimate(values, seeds, points)
        inside += found.low <= 0.0 <= found.high
        naive += stats.ttest_1samp(values, 0.0).pvalue > 0.05
    assert 0.88 <= inside / 200 <= 0.99  # as close to 95 % as few clusters allow
    assert naive / 200 < 0.6  # taking all pairs as independent would claim far too much


def test_points_that_come_back_on_several_seeds_are_clusters() -> None:
    effect = np.repeat([1.0, -1.0, 2.0, 0.5], 5)
    found = evidence.estimate(effect, range(20), np.repeat(range(4), 5))
    assert found == pytest.approx((*evidence.estimate(effect[::5], range(4), range(4))[:4], 20))


@pytest.mark.parametrize(
    ("direction", "low", "high", "expected"),
    [
        (1, 0.1, 0.2, "better"),
        (-1, 0.1, 0.2, "worse"),
        (-1, -0.2, -0.1, "better"),
        (0, -0.2, -0.1, "lower"),
        (1, -0.1, 0.2, "undecided"),
        (1, 0.0, 0.0, "equal"),
        (1, math.nan, math.nan, "unknown"),
    ],
)
def test_verdict(direction: int, low: float, high: float, expected: str) -> None:
    assert evidence.verdict(direction, Estimate((low + high) / 2, low, high, 0.5, 9)) == expected


def test_false_discoveries_are_controlled_among_what_was_tested() -> None:
    p = pd.Series([0.001, 0.03, 0.04, math.nan, 0.2])  # Benjamini-Hochberg limits: 0.0125, 0.025, 0.0375, 0.05
    assert evidence.discoveries(p).tolist() == [True, False, False, False, False]
    assert evidence.discoveries(pd.Series([0.01, 0.02, 0.03, math.nan])).tolist() == [True, True, True, False]


# --- Pairs ----------------------------------------------------------------------------------------


def test_planted_differences_are_found(tmp_path: Path) -> None:
    found = gathered(tmp_path / "b")
    recyclers = compared(found, "recyclers_active", ALL)
    assert recyclers["low"] < 2.0 < recyclers["high"]
    assert (recyclers["verdict"], recyclers["survives"], recyclers["states"]) == ("better", True, 12)
    assert compared(found, "public_cost_discounted", "calm")["verdict"] == "worse"
    assert compared(found, "public_cost_discounted", "recession_2028")["verdict"] == "equal"
    assert compared(found, "recycler_failures", "calm")["verdict"] == "undecided"


def test_rounding_of_sums_is_no_difference(tmp_path: Path) -> None:
    found = gathered(tmp_path / "b")
    assert compared(found, "shortage_loss", "calm")["verdict"] == "equal"
    shares = found.robust.set_index(["outcome", "mix"]).loc[("shortage_loss", SECOND)]
    assert (shares["better"], shares["worse"], shares["most_regret"]) == (0.0, 0.0, 0.0)


def test_pairs_with_a_failed_run_are_left_out(tmp_path: Path) -> None:
    def outcomes(job: Job) -> Outcomes | str:
        broken = job.selection.mix == SECOND and job.seed == 3 and job.selection.shocks == "calm"
        return "ValueError: no root\nat line 3" if broken else planted(job)

    found = gathered(tmp_path / "b", design(), outcomes)
    assert compared(found, "recyclers_active", "calm")["states"] == 11
    assert compared(found, "recyclers_active", "recession_2028")["states"] == 12
    assert compared(found, "recyclers_active", ALL)["states"] == 11  # a mean over half of the shocks would mislead
    assert found.failed.iloc[0].to_dict() == {
        "error": "ValueError: no root", "runs": 1, "mix": SECOND, "shocks": "calm", "seed": "3", "point": "2",
    }  # fmt: skip
    assert any("1 run failed (most under Market pull: 1)" in sentence for sentence in reading.limits(found))


def test_mixes_that_a_sample_chooses_are_paired_by_the_other_factors(tmp_path: Path) -> None:
    mixes = read_factor("mix", {"levels": [FIRST, SECOND]})
    markup = read_factor("firms.markup", {"levels": [0.1, 0.2]})
    asked = design(seeds=4).with_(samples=(Sample("factorial", (mixes, markup)),)).with_(mixes=())

    def outcomes(job: Job) -> Outcomes:
        return {
            "recyclers_active": dict(job.values)["firms.markup"] * (3 if job.selection.mix == SECOND else 1) + job.seed
        }

    found = gathered(tmp_path / "b", asked, outcomes)
    assert len(found.pairs) == 2 * 4 * len(SHOCKS)
    assert np.allclose(found.pairs["recyclers_active"], 2 * found.pairs["firms.markup"])
    assert found.first == FIRST
    assert found.pairs["point"].nunique() == 2


def test_the_first_mix_may_be_a_file_of_the_user(tmp_path: Path) -> None:
    found = gathered(tmp_path / "b", design(mixes=("own/mine.toml", FIRST)))
    assert found.mixes == {"mine": "mine", FIRST: "Business as usual"}


# --- Convergence, robustness, hinges --------------------------------------------------------------


def test_running_means_end_in_the_interval_of_all() -> None:
    values = np.random.default_rng(5).normal(1e9, 2.0, 30)
    path, last = evidence.running(values), evidence.estimate(values, range(30), range(30))
    assert path["mean"].iloc[-1] == pytest.approx(last.mean)
    assert path["reach"].iloc[-1] == pytest.approx(last.high - last.mean, rel=1e-6)
    seventh = evidence.estimate(values[:7], range(7), range(7))
    assert path["reach"].iloc[6] == pytest.approx(seventh.high - seventh.mean, rel=1e-6)


@pytest.mark.parametrize(("spread", "reach"), [(1.0, 0.5), (3.0, 0.1), (1.0, 3.0), (2.0, 2.0)])
def test_draws_needed_are_the_fewest_that_do(spread: float, reach: float) -> None:
    def half(count: float) -> float:
        return float(stats.t.ppf(0.975, count - 1)) * spread / math.sqrt(count)

    count = evidence.draws_needed(spread, reach)
    assert half(count) <= reach
    assert count == 2 or half(count - 1) > reach


def test_draws_needed_out_of_reach() -> None:
    assert evidence.draws_needed(1.0, 0.0) == math.inf
    assert evidence.draws_needed(1.0, 1e-6) == math.inf
    assert evidence.draws_needed(0.0, 0.0) == 2


def test_regret_and_shares_by_hand() -> None:
    values = {FIRST: [1.0, 5.0, 2.0], SECOND: [3.0, 4.0, 2.0]}
    rows = [
        {"setting": "default", "shocks": "calm", "seed": seed, "point": 0, "mix": mix, "recyclers_active": value}
        for mix, column in values.items()
        for seed, value in enumerate(column)
    ]
    found = evidence.robustness(pd.DataFrame(rows), [RECYCLERS], [FIRST, SECOND]).set_index("mix")
    assert found.loc[SECOND, ["better", "worse", "mean_regret", "most_regret"]].tolist() == [1 / 3, 1 / 3, 1 / 3, 1.0]
    assert found.loc[FIRST, ["mean_regret", "most_regret"]].tolist() == [2 / 3, 2.0]
    fewer = Outcome("recyclers_active", "Failures", "", -1)
    turned = evidence.robustness(pd.DataFrame(rows), [fewer], [FIRST, SECOND]).set_index("mix")
    assert turned.loc[SECOND, "most_regret"] == 2.0


def test_the_factor_that_matters_is_named_and_others_are_not(tmp_path: Path) -> None:
    found = gathered(tmp_path / "b", design(seeds=30))
    sure = found.hinged[found.hinged["survives"]]
    assert set(zip(sure["outcome"], sure["factor"], strict=True)) == {("recyclers_active", "firms.markup")}
    row = sure.iloc[0]
    assert 0.7 < row["low"] < row["correlation"] < row["high"] < 1.0
    assert row["points"] == 30
    sentences = list(reading.on_hinges(found))
    assert len(sentences) == 1
    assert sentences[0].startswith(
        "Usual markup over unit cost (firms.markup) is correlated with the difference in Recyclers"
    )
    assert "(1 of 1 mixes)" in sentences[0]
    assert "which rises with it (rank correlation +1.00, +0.99 to +1.00)" in sentences[0]


def nested(rng: np.random.Generator, levels: int = 5, seeds: int = 20) -> pd.DataFrame:
    """Pairs on every level of a lever at a point of a hypercube of each seed; the seed's luck, and nothing else."""
    seed = np.repeat(np.arange(seeds), levels)
    return pd.DataFrame(
        {
            "mix": SECOND,
            "seed": seed,
            "point": np.tile(np.arange(levels), seeds) * seeds + seed,
            "lever": np.tile(np.arange(levels), seeds) / levels,
            "one": rng.random(seeds)[seed],
            "other": rng.random(seeds)[seed],
            "recyclers_active": rng.normal(size=seeds)[seed] + 0.3 * rng.normal(size=levels * seeds),
        }
    )


def test_points_that_share_a_seed_do_not_make_a_factor_matter() -> None:
    rng = np.random.default_rng(7)
    names = ["lever", "one", "other"]
    found = [evidence.hinges(nested(rng), ["recyclers_active"], [SECOND], names) for _ in range(60)]
    p = pd.concat(found).query("factor != 'lever'")
    assert set(p["points"]) == {20}
    assert (p["p"] < 0.05).mean() <= 0.1


def test_rows_of_a_sample_count_once_over_what_they_are_crossed_with() -> None:
    rng = np.random.default_rng(8)
    rows, false = rng.random((40, 3)), []
    for _ in range(60):
        row, level = np.repeat(np.arange(40), 10), np.tile(np.repeat(np.arange(5.0), 2), 40)
        pairs = pd.DataFrame({"mix": SECOND, "seed": np.tile([1, 2], 200), "lever": level, "point": row * 5 + level})
        pairs[["a", "b", "c"]] = rows[row]
        pairs["recyclers_active"] = rng.normal(size=40)[row] + rng.normal(size=2)[pairs["seed"] - 1]
        found = evidence.hinges(pairs, ["recyclers_active"], [SECOND], ["a", "lever", "b", "c"])
        assert set(found["points"]) == {40}
        false += (found["p"] < 0.05).tolist()
    assert np.mean(false) <= 0.1


def test_factors_are_sorted_by_sample() -> None:
    rng = np.random.default_rng(9)
    along = nested(rng)
    assert evidence.samples_of(along, ["one", "lever", "other"]) == [("one", "other"), ("lever",)]
    assert evidence.samples_of(along.assign(seed=1), ["one", "lever", "other"]) == [("lever",), ("one", "other")]
    grid = pd.DataFrame({"seed": 1, "a": np.repeat([1, 2, 3], 4), "b": np.tile([1, 2, 3, 4], 3)})
    assert evidence.samples_of(grid, ["a", "b"]) == evidence.samples_of(grid[1:], ["a", "b"]) == [("a", "b")]


def test_bands_are_quantiles_over_runs() -> None:
    months = [f"2026-{month:02d}" for month in range(1, 13)]
    series = pd.concat(
        pd.DataFrame({"run_id": f"r{run}", "mix": FIRST, "month": months, "public_cost": float(run)})
        for run in range(11)
    )
    plain = evidence.bands(series, "public_cost", summed=False).iloc[-1]
    assert plain[["low", "median", "high", "runs"]].tolist() == [1.0, 5.0, 9.0, 11]
    assert evidence.bands(series, "public_cost", summed=True).iloc[-1]["median"] == 60.0


# --- Words ----------------------------------------------------------------------------------------


def test_sentences_say_what_the_rows_say(tmp_path: Path) -> None:
    sentence = next(reading.on_mixes(gathered(tmp_path / "b")))
    assert sentence == (
        "Market pull, against Business as usual: better on Recyclers at work; worse on Discounted net public cost (1"
        " of 2); undecided on Failures of recyclers; equal on Value added lost to shortage."
    )


def test_a_mean_that_most_states_contradict_is_named(tmp_path: Path) -> None:
    def outcomes(job: Job) -> Outcomes:
        gain = (60.0 + job.seed) if job.seed % 5 < 2 else -1.0
        return {"recyclers_active": 40 + (job.selection.mix == SECOND) * gain}

    found = gathered(tmp_path / "b", design(seeds=25), outcomes)
    assert "better in 40% and worse in 60% of states" in next(reading.on_few_states(found))
    assert not list(reading.on_few_states(gathered(tmp_path / "c")))


@pytest.mark.parametrize(
    ("value", "reach", "expected"),
    [
        (0.000181, 0.0001, "+0.00018"),
        (-0.0483, 0.0585, "−0.048"),
        (1234.0, 5.0, "+1,234"),
        (0.001, 2.0, "0.0"),
        (2.0, 0.0, "+2"),
    ],
)
def test_differences_have_the_digits_that_their_interval_bears(value: float, reach: float, expected: str) -> None:
    assert reading.rounded(value, reach) == expected


# --- The page -------------------------------------------------------------------------------------


class Browser(HTMLParser):
    """Reads a page strictly: elements must nest and close, ids must be unique."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def report(folder: Path, *arguments: str) -> Browser:
    parser = argparse.ArgumentParser()
    report_command.declare(parser)
    options = parser.parse_args([str(folder), *arguments])
    lines = list(report_command.work(options))
    assert str(options.out or folder / "report") in lines[-1]
    page = ((options.out or folder / "report") / "report.html").read_text(encoding="utf-8")
    browser = Browser(page)
    assert not browser.open
    return browser


def test_page_is_whole_accessible_and_loads_nothing(tmp_path: Path) -> None:
    folder = batch(tmp_path / "b", design(series=("recyclers_active",)))
    browser = report(folder)
    assert browser.all("html")[0]["lang"] == "en"
    assert len(browser.all("h1")) == 1
    assert all(head["scope"] in ("row", "col") for head in browser.all("th"))
    assert len(browser.all("table")) == len(browser.all("caption"))
    figures = browser.all("figure")
    expected = 4 + 4 + 3 + 1  # differences, convergence, correlations (shortage does not vary), series
    assert len(figures) == len(browser.all("figcaption")) == expected
    drawn = [svg for svg in browser.all("svg") if svg.get("role") == "img"]
    assert len(drawn) == len(figures)
    assert all(svg["aria-label"] for svg in drawn)
    ids = [attributes["id"] for _, attributes in browser.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    for name, attributes in browser.tags:
        assert name not in ("script", "link", "img", "iframe", "metadata")
        for key in ("href", "src"):
            assert (attributes.get(key) or "#").startswith("#")
            assert (attributes.get(key) or "#")[1:] in (*ids, "")
    assert (folder / "report" / "report.html").stat().st_size < 3_000_000
    assert (folder / "report" / "report_files" / "differences_1.png").stat().st_size > 5000


def test_page_says_what_was_run_what_failed_and_whence_it_comes(tmp_path: Path) -> None:
    def outcomes(job: Job) -> Outcomes | str:
        return "ValueError: no root" if job.seed == 2 else planted(job)

    folder = batch(tmp_path / "b", design(), outcomes, lambda job: job.seed <= 10)
    text = report(folder).text
    for words in (
        "incomplete: 40 of 48 runs; 4 failed",
        "8 of 48 runs are not there yet",
        "ValueError: no root",
        "Usual markup over unit cost",
        "2 parameters that move together, each in its own declared range; 2 of them assumed",
        "abm batch fake --out 'a b'",
        "files differed from it",
        "0.40 hours of computing",
        "1–12",
        "These are 12 comparisons",
    ):
        assert words in text, words
    assert "/somewhere" not in text


def test_no_text_becomes_markup(tmp_path: Path) -> None:
    def outcomes(job: Job) -> Outcomes | str:
        return f"ValueError: {EVIL} \x00 & more" if job.seed == 2 else planted(job)

    folder = batch(tmp_path / "b", design(mixes=(FIRST, SECOND, EVIL), series=("recyclers_active",)), outcomes)
    note = tmp_path / "note.md"
    note.write_text(f"I say {EVIL}.\n\nSecond <b>paragraph</b>.", encoding="utf-8")
    browser = report(folder, "--note", str(note))
    assert not browser.all("script")
    assert not browser.all("b")
    for words in (f"ValueError: {EVIL}", f"I say {EVIL}", "The author's words", f"{EVIL}, against Business as usual"):
        assert words in browser.text
    assert "\x00" not in browser.text


def test_one_mix_one_seed_and_no_sample_still_make_a_page(tmp_path: Path) -> None:
    alone = design(seeds=3, mixes=(FIRST,))
    assert "nothing is compared" in report(batch(tmp_path / "a", alone)).text
    bare = design(seeds=1).with_(samples=())

    def outcomes(job: Job) -> Outcomes:
        return {"recyclers_active": 40.0 + (job.selection.mix == SECOND)}

    text = report(batch(tmp_path / "b", bare, outcomes)).text
    assert "No parameter was varied" in text
    assert "unknown" in text  # one pair has no interval


def test_titles_are_in_the_language_asked_for(tmp_path: Path) -> None:
    browser = report(batch(tmp_path / "b", design()), "--lang", "nl", "--outcome", "recyclers_active")
    assert "Huidig beleid" in browser.text
    assert {"nl"} == {tag["lang"] for tag in browser.all("h1")}


# --- The command ----------------------------------------------------------------------------------


def test_tables_lie_beside_the_page_and_other_files_stay(tmp_path: Path) -> None:
    folder, out = batch(tmp_path / "b", design()), tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("kept", encoding="utf-8")
    report(folder, "--out", str(out), "--outcome", "recyclers_active")
    report(folder, "--out", str(out), "--outcome", "recyclers_active:max")
    assert (out / "mine.txt").read_text(encoding="utf-8") == "kept"
    table = pd.read_csv(out / "report_files" / "comparisons.csv")
    assert table["outcome"].unique().tolist() == ["recyclers_active:max"]
    assert (table["verdict"] == "equal").all()  # the series are the same under both mixes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--outcome", "recyclers_activ"], "'recyclers_active'"),
        (["--outcome", "nothing:max"], "nothing"),
        (["--note", "absent.md"], "--note"),
    ],
)
def test_wrong_input_is_named_and_nothing_is_written(tmp_path: Path, arguments: list[str], words: str) -> None:
    folder = batch(tmp_path / "b", design(seeds=3))
    with pytest.raises(ConfigError, match=words):
        report(folder, *arguments)
    assert not (folder / "report").exists()


def test_a_batch_without_a_run_that_succeeded_has_no_report(tmp_path: Path) -> None:
    folder = batch(tmp_path / "b", design(seeds=2), lambda job: "ValueError: no root")
    with pytest.raises(ConfigError, match="no run of this batch has succeeded"):
        report(folder)
