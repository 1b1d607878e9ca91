"""Scenarios: settings, mixes and shocks put together, and what contradictions get."""

import itertools
import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from abm import policies, shocks
from abm.parameters import Choice, ConfigError, Declaration, Field, Quantity, Reference, config_folder
from abm.policies.instrument import Instrument
from abm.scenario import FOLDERS, InstrumentUse, Scenario, ShockUse, catalogue, load_scenario
from abm.shocks.shock import Shock, active_blocs

TITLE = 'title = { en = "A title", nl = "Een titel" }\n'
SUMMARY = 'summary = { en = "A summary", nl = "Een samenvatting" }\n'
JURISDICTIONS = {
    "world": {"level": "world"},
    "union": {"level": "union", "parent": "world", "government": True},
    "land": {"level": "national", "parent": "union", "government": True},
    "north": {"level": "regional", "parent": "land", "government": True, "domestic": True},
    "empire": {"level": "abroad", "parent": "world", "state_backed": True, "active": True},
    "duchy": {"level": "abroad", "parent": "world", "state_backed": True},
}
IDS = {
    "jurisdictions": list(JURISDICTIONS),
    "blocs": ["empire", "duchy"],
    "materials": ["iron", "zinc"],
    "producers": [],
    "products": ["lamp", "pump"],
    "components": ["coil"],
    "streams": ["heap"],
}
VALUES = {"start": 2026, "months": 24, "number": 100}


def written(field: Field) -> str | None:
    """A value for a field as it stands in a file, in the middle of its range."""
    if isinstance(field, Quantity):
        value = VALUES.get(field.name, (field.low + field.high) / 2)
        bounds = f"[{field.low!r}, {field.high!r}]"
        return f'{{ value = {value!r}, unit = "{field.unit}", range = {bounds}, source = "Made up" }}'
    if isinstance(field, Choice):
        return f'"{field.options[0]}"'
    return f'"{IDS[field.table][0]}"' if isinstance(field, Reference) and not field.optional else None


def body(declared: type[Declaration], given: dict[str, object]) -> str:
    """All fields of an entry."""
    lines = []
    for name, field in declared.fields.items():
        if name in given:
            lines.append(f"{name} = {json.dumps(given[name])}")
        elif field.per:
            lines += [f"{name}.{entry} = {written(field)}" for entry in IDS[field.per][:1]]
        elif (value := written(field)) is not None:
            lines.append(f"{name} = {value}")
    return "\n".join(lines) + "\n"


def entry(declared: type[Declaration], identifier: str) -> str:
    given = {"jurisdictions": JURISDICTIONS.get(identifier, {}), "blocs": {"jurisdiction": identifier}}
    return body(declared, given.get(declared.name, {}))


def write_world(root: Path) -> None:
    """A small config with every declared parameter."""
    files: dict[str, str] = {}
    for declared in Declaration.registry.values():
        if declared.section:
            files["base.toml"] = files.get("base.toml", "") + f"[{declared.section}]\n{body(declared, {})}"
        elif declared.folder and not declared.table:
            files |= {f"{declared.folder}/{item}.toml": TITLE + entry(declared, item) for item in IDS[declared.name]}
        elif declared.file:
            tables = [f"[{declared.table}.{item}]\n{TITLE}{entry(declared, item)}" for item in IDS[declared.name]]
            files[f"{declared.file}.toml"] = files.get(f"{declared.file}.toml", "") + "".join(tables)
    files["settings/default.toml"] = TITLE + 'mix = "push"\nshocks = "calm"\n'
    files["settings/small.toml"] = TITLE + 'mix = "push"\nmonths = 12\nhouseholds = 50\n[set]\nfirms.markup = 0.25\n'
    files["mixes/push.toml"] = f"""{TITLE}{SUMMARY}
[[instruments]]
use = "toy_grant"
jurisdiction = "land"
start = "2026-03"
end = "2027-06"
ramp = 6
announced = "2025-11"
intensity = 0.5
materials = ["zinc"]
cap = 5e6
share = {{ value = 0.1, unit = "1" }}
"""
    files["mixes/pull.toml"] = (
        f'{TITLE}{SUMMARY}[[instruments]]\nuse = "toy_grant"\njurisdiction = "union"\nstart = "2026-01"\n'
    )
    files["shock_scenarios/calm.toml"] = TITLE + SUMMARY
    files["shock_scenarios/storm.toml"] = f"""{TITLE}{SUMMARY}
[[shocks]]
use = "toy_storm"
start = "2026-07"
severity = 0.6
duration = 5
bloc = "empire"
[set]
"firms.markup" = 0.5
credit.interest = 0.03
"""
    files["shock_scenarios/drizzle.toml"] = (
        f'{TITLE}{SUMMARY}[[shocks]]\nuse = "toy_storm"\nhazard = {{ value = 0.2, unit = "1/yr" }}\nduration = 3\n'
    )
    for name, contents in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contents, encoding="utf-8")


class ToyGrant(Instrument):
    """An instrument that writes nothing."""

    name = "toy_grant"
    title = {"en": "Grant", "nl": "Gift"}
    level = ("union", "national")
    scopes = ("materials",)
    intensity = Quantity("Grant", "EUR/kg", 0, 10, default=1.0)
    share = Quantity("Share", "1", 0, 1, default=0.4)

    def at_full_strength(self, config: object) -> dict[str, object]:
        return {}


class ToyStorm(Shock):
    """A shock that does nothing."""

    name = "toy_storm"
    title = {"en": "Storm", "nl": "Storm"}
    scopes = ("materials", "bloc")
    severity = Quantity("Severity", "1", 0, 1, default=0.5)
    width = Quantity("Width", "1", 0, 9, default=2.0)

    def __init__(self, use: ShockUse, config: Any, streams: object = None, ordinal: int = 0) -> None:
        super().__init__(use, config, streams, ordinal)
        active_blocs(config, use.bloc)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("config")
    write_world(root)
    return root


@pytest.fixture
def world(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The small config in place of the real one, with a toy instrument and a toy shock."""
    monkeypatch.setenv("KRINGLOOP_CONFIG", str(tree))
    monkeypatch.setattr(policies, "registry", lambda: {"toy_grant": ToyGrant})
    monkeypatch.setattr(shocks, "registry", lambda: {"toy_storm": ToyStorm})
    return tree


def grant(**changes: object) -> dict[str, object]:
    return {"use": "toy_grant", "jurisdiction": "land", "start": "2026-03", **changes}


def storm(**changes: object) -> dict[str, object]:
    return {"use": "toy_storm", "start": "2026-03", **changes}


# --- Putting together


@pytest.mark.usefixtures("world")
def test_a_setting_names_its_mix_and_shocks() -> None:
    scenario = load_scenario()
    assert (scenario.setting, scenario.mix_name, scenario.shocks_name) == ("default", "push", "calm")
    assert (scenario.months, scenario.households) == (24, 100)
    assert scenario.name == "default / push / calm"
    assert scenario.shocks == ()
    assert scenario.mix == (
        InstrumentUse(
            use="toy_grant",
            jurisdiction="land",
            start=2,
            end=17,
            ramp=6,
            announced=-2,
            intensity=0.5,
            materials=("zinc",),
            cap=5e6,
            parameters={"share": 0.1},
        ),
    )


@pytest.mark.usefixtures("world")
def test_names_given_replace_the_settings_own_and_compose() -> None:
    scenario = load_scenario(mix="push+pull", shocks="storm+drizzle")
    assert scenario.mix_name == "push+pull"
    assert [use.jurisdiction for use in scenario.mix] == ["land", "union"]
    assert scenario.mix[1] == InstrumentUse("toy_grant", "union", 0, 1.0, announced=0, parameters={"share": 0.4})
    scripted, stochastic = scenario.shocks
    assert (scripted.start, scripted.hazard, scripted.severity, scripted.duration) == (6, None, 0.6, 5)
    assert (stochastic.start, stochastic.hazard, stochastic.parameters) == (None, 0.2, {"width": 2.0})
    assert load_scenario(mix="").mix == ()
    assert load_scenario(mix=[]).mix_name == "custom"


def test_a_name_may_be_a_path(world: Path, tmp_path: Path) -> None:
    path = tmp_path / "a+b.toml"
    path.write_text((world / "mixes/pull.toml").read_text(encoding="utf-8"), encoding="utf-8")
    for mix in (path, str(path)):
        scenario = load_scenario(mix=mix, shocks=world / "shock_scenarios/storm.toml")
        assert (scenario.mix_name, scenario.shocks_name) == ("a+b", "storm")
    assert load_scenario(world / "settings/small.toml").months == 12


@pytest.mark.usefixtures("world")
def test_uses_may_be_given_in_python() -> None:
    whole = load_scenario(mix="push", shocks="storm")
    assert load_scenario(mix=whole.mix, shocks=list(whole.shocks)).mix == whole.mix
    mixed = load_scenario(mix=[grant(start=4), replace(whole.mix[0], announced=None)], shocks=[storm()])
    assert [use.announced for use in mixed.mix] == [4, 2]
    assert mixed.shocks == (ShockUse("toy_storm", 0.5, start=2, parameters={"width": 2.0}),)


@pytest.mark.usefixtures("world")
def test_overrides_come_in_order_of_setting_shocks_and_request() -> None:
    assert load_scenario("small").config.firms.markup == 0.25
    stormy = load_scenario("small", shocks="storm")
    assert (stormy.config.firms.markup, stormy.config.credit.interest) == (0.5, 0.03)
    asked = load_scenario("small", shocks="storm", overrides={"firms.markup": 0.75}, households=60, months=9)
    assert asked.config.firms.markup == 0.75
    assert (asked.months, asked.households) == (9, 60)
    assert (asked.config.time.months, asked.config.households.number) == (9.0, 60.0)
    assert asked.overrides == {
        "firms.markup": 0.75,
        "credit.interest": 0.03,
        "households.number": 60,
        "time.months": 9,
    }


@pytest.mark.usefixtures("world")
def test_the_catalogue_lists_what_can_be_chosen() -> None:
    assert {folder: list(catalogue(folder)) for folder in FOLDERS} == {
        "settings": ["default", "small"],
        "mixes": ["pull", "push"],
        "shock_scenarios": ["calm", "drizzle", "storm"],
    }
    assert catalogue("mixes")["pull"].summary["nl"] == "Een samenvatting"


# --- Describing and rebuilding


@pytest.mark.usefixtures("world")
def test_a_description_rebuilds_the_scenario() -> None:
    scenario = load_scenario("small", mix="push+pull", shocks="storm+drizzle", overrides={"materials.zinc.price": 3})
    description = json.loads(json.dumps(scenario.describe(), allow_nan=False))
    assert description["mix"][0]["start"] == "2026-03"
    again = Scenario.from_description(description)
    assert again.describe() == scenario.describe()
    assert (again.mix, again.shocks) == (scenario.mix, scenario.shocks)
    assert (again.missing_paths, again.added_paths) == ((), ())
    assert again.config.materials.price[1] == 3.0


@pytest.mark.usefixtures("world")
def test_a_description_of_another_config_says_what_differs() -> None:
    description = load_scenario(overrides={"materials.iron.price": 5}).describe()
    values = description["config"]
    values["materials.tin.price"] = 4.0
    del values["firms.markup"], values["products.lamp.direct.iron"]
    again = Scenario.from_description(description)
    assert again.missing_paths == ("materials.tin.price",)
    assert again.added_paths == ("firms.markup",)
    assert again.config.products.direct[0, 0] == 0.0
    assert load_scenario().config.products.direct[0, 0] > 0.0
    with pytest.raises(ConfigError, match="mix_name: missing"):
        Scenario.from_description({"setting": "default", "config": {}})


@pytest.mark.usefixtures("world")
def test_a_scenario_survives_pickling() -> None:
    scenario = load_scenario("small", shocks="storm")
    assert pickle.loads(pickle.dumps(scenario)).describe() == scenario.describe()


# --- What contradictions get


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"use": "toy_grand"}, "instruments[0].use: unknown instrument 'toy_grand'"),
        ({"use": "toy_grand"}, "nearest valid name: 'toy_grant'"),
        ({"use": ["toy_grant"]}, "instruments[0].use: missing"),
        ({"jurisdiction": "lend"}, "instruments[0].jurisdiction: unknown entry of jurisdictions 'lend'"),
        ({"jurisdiction": "lend"}, "nearest valid name: 'land'"),
        ({"jurisdiction": "north"}, "expected level union or national"),
        ({"jurisdiction": "empire"}, "has no government"),
        ({"end": "2026-02"}, "instruments[0].end: 2026-02 lies before the start, 2026-03"),
        ({"announced": "2026-04"}, "instruments[0].announced: 2026-04 lies after the start, 2026-03"),
        ({"start": "2025-12"}, "start: 2025-12 lies outside the horizon; expected a month from 2026-01 to 2027-12"),
        ({"start": "2028-01"}, "lies outside the horizon"),
        ({"start": 2026}, "lies outside the horizon"),
        ({"start": "2026-13"}, "'2026-13' is not a month"),
        ({"start": 2026.5}, 'expected a month such as "2027-01"'),
        ({"start": True}, "True is not a month"),
        ({"materials": ["zink"]}, "instruments[0].materials: unknown entry of materials 'zink'"),
        ({"materials": ["iron", "iron"]}, "names an entry twice"),
        ({"materials": []}, "names no materials"),
        ({"materials": "iron"}, "names no materials"),
        ({"products": ["lamp"]}, "cannot be limited to products"),
        ({"products": ["lam"]}, "nearest valid name: 'lamp'"),
        ({"intensity": 11}, "instruments[0].intensity: 11 is out of range; expected a number from 0 to 10"),
        ({"intensity": {"value": 1, "unit": "EUR/t"}}, "intensity.unit: wrong unit 'EUR/t'; expected 'EUR/kg'"),
        ({"intensity": float("nan")}, "not a finite number"),
        ({"share": 2}, "instruments[0].share: 2 is out of range"),
        ({"shair": 1}, "instruments[0].shair: unknown key 'shair'"),
        ({"shair": 1}, "nearest valid name: 'share'"),
        ({"cap": -1}, "instruments[0].cap: -1 is out of range"),
        ({"ramp": 1.5}, "instruments[0].ramp: 1.5 is not a whole number"),
        ({"severity": 1}, "unknown key 'severity'"),
    ],
)
@pytest.mark.usefixtures("world")
def test_a_bad_instrument_is_explained(changes: dict[str, object], expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_scenario(mix=[grant(**changes)])
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"use": "toy_strom"}, "nearest valid name: 'toy_storm'"),
        ({"severity": 1.5}, "shocks[0].severity: 1.5 is out of range"),
        ({"start": "2030-01"}, "shocks[0].start: 2030-01 lies outside the horizon"),
        ({"hazard": 0.1}, "expected start or hazard"),
        ({"start": None, "hazard": -1, "duration": 3}, "shocks[0].hazard: -1 is out of range"),
        ({"start": None, "hazard": 0.1}, "shocks[0].duration: missing"),
        ({"duration": 0}, "shocks[0].duration: 0 is out of range"),
        ({"bloc": "empir"}, "nearest valid name: 'empire'"),
        ({"jurisdiction": "land"}, "cannot be limited by jurisdiction"),
        ({"materials": ["iron", 3]}, "shocks[0].materials: unknown entry of materials '3'"),
        ({"end": "2026-05"}, "unknown key 'end'"),
    ],
)
@pytest.mark.usefixtures("world")
def test_a_bad_shock_is_explained(changes: dict[str, object], expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_scenario(shocks=[storm(**changes)])
    assert expected in str(caught.value)


@pytest.mark.usefixtures("world")
def test_what_a_use_cannot_do_without() -> None:
    for key in ("jurisdiction", "start"):
        raw = {name: value for name, value in grant().items() if name != key}
        with pytest.raises(ConfigError, match=rf"instruments\[0\]\.{key}: missing"):
            load_scenario(mix=[raw])
    with pytest.raises(ConfigError, match="expected start or hazard"):
        load_scenario(shocks=[{"use": "toy_storm"}])
    with pytest.raises(ConfigError, match="is not a table"):
        load_scenario(mix=["push"])


@pytest.mark.usefixtures("world")
def test_a_run_that_is_cut_short_keeps_what_starts_after_it() -> None:
    short = load_scenario(months=2, shocks="storm")
    assert (short.months, short.mix[0].start, short.shocks[0].start) == (2, 2, 6)
    assert Scenario.from_description(short.describe()).mix == short.mix
    assert load_scenario(months=60, shocks=[storm(start="2030-12")]).shocks[0].start == 59


@pytest.mark.usefixtures("world")
def test_overlap_is_allowed_and_repetition_is_not() -> None:
    assert len(load_scenario(mix=[grant(), grant(intensity=2)]).mix) == 2
    with pytest.raises(ConfigError, match=r"instruments\[1\]: is the same as instruments\[0\]"):
        load_scenario(mix=[grant(), grant(intensity=1.0)])
    with pytest.raises(ConfigError, match="names a file twice"):
        load_scenario(mix="push+push")
    with pytest.raises(ConfigError, match=r"shocks\[1\]: is the same as shocks\[0\]"):
        load_scenario(shocks=[storm(), storm()])


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        ({"setting": "defolt"}, "settings: unknown setting 'defolt'; expected one of default, small; nearest valid"),
        ({"mix": "pus"}, "mixes: unknown mix 'pus'"),
        ({"mix": "push+pul"}, "nearest valid name: 'pull'"),
        ({"shocks": "strom"}, "shock_scenarios: unknown shock scenario 'strom'"),
        ({"mix": "nowhere.toml"}, "nowhere.toml: cannot be read"),
        ({"mix": {"instruments": []}}, "expected a name, or a list of tables"),
        ({"months": 0}, "time.months: 0 is out of range"),
        ({"months": 12.5}, "time.months: 12.5 is not a whole number"),
        ({"households": "many"}, "households.number: 'many' is not a number"),
        ({"months": 9, "overrides": {"time.months": 10}}, "time.months: is given as 10 and as 9"),
        ({"overrides": {"firms.markdown": 1}}, "firms.markdown: unknown parameter; nearest valid name: 'firms.mark"),
    ],
)
@pytest.mark.usefixtures("world")
def test_a_bad_request_is_explained(keywords: dict[str, object], expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_scenario(**keywords)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("folder", "contents", "expected"),
    [
        ("mixes", SUMMARY, "it.toml: title: None is not a table"),
        ("mixes", TITLE, "it.toml: summary: None is not a table"),
        ("mixes", TITLE + SUMMARY + "[[instrument]]\n", "it.toml: instrument: unknown key"),
        ("mixes", TITLE + SUMMARY + "[set]\n", "it.toml: set: unknown key"),
        ("mixes", TITLE + SUMMARY + "instruments = 3\n", "it.toml: instruments: 3 is not a list"),
        ("mixes", TITLE + SUMMARY + "instruments = [3]\n", "it.toml: instruments[0]: 3 is not a table"),
        ("shock_scenarios", TITLE + SUMMARY + "[set]\nfirms.markup = 9\n", "it.toml: firms.markup: 9 is out of range"),
        ("shock_scenarios", TITLE + SUMMARY + "set = 1\n", "it.toml: 1 is not a table; expected a table of path"),
        ("settings", "", "it.toml: title: None is not a table"),
        ("settings", TITLE + "mixes = 'push'\n", "it.toml: mixes: unknown key 'mixes'"),
        ("settings", TITLE + "mix = ['push']\n", "it.toml: mix: ['push'] is not a name"),
        ("settings", TITLE + "months = 'all'\n", "it.toml: time.months: 'all' is not a number"),
        ("settings", TITLE + "[set]\nfirms.markp = 1\n", "it.toml: firms.markp: unknown parameter"),
        ("settings", TITLE + "months = 3\n[set]\ntime.months = 4\n", "it.toml: time.months: is given as 4 and as 3"),
    ],
)
@pytest.mark.usefixtures("world")
def test_a_bad_file_is_explained(folder: str, contents: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "it.toml"
    path.write_text(contents, encoding="utf-8")
    keyword = {"mixes": "mix", "shock_scenarios": "shocks", "settings": "setting"}[folder]
    with pytest.raises(ConfigError) as caught:
        load_scenario(**{keyword: path})
    assert expected in str(caught.value)


@pytest.mark.usefixtures("world")
def test_shocks_may_not_contradict_each_other(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text(TITLE + SUMMARY + "[set]\nfirms.markup = 0.6\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"other\.toml: firms\.markup: is set to 0\.5 elsewhere"):
        load_scenario(shocks=f"storm+{path}")


@pytest.mark.usefixtures("world")
def test_a_shock_may_wake_the_bloc_that_it_needs() -> None:
    storm_by_duchy = [storm(bloc="duchy")]
    with pytest.raises(ConfigError, match=r"shocks\[0\]\.bloc: 'duchy' is not active"):
        load_scenario(shocks=storm_by_duchy)
    awake = load_scenario(shocks=storm_by_duchy, overrides={"jurisdictions.duchy.active": True})
    assert awake.shocks[0].bloc == "duchy"


# --- The real config


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_of_the_real_config_loads(folder: str) -> None:
    keyword = {"mixes": "mix", "shock_scenarios": "shocks", "settings": "setting"}[folder]
    names = list(catalogue(folder))
    assert names, config_folder() / folder
    for name in names:
        scenario = load_scenario(**{keyword: name})
        description = json.loads(json.dumps(scenario.describe(), allow_nan=False))
        assert Scenario.from_description(description).describe() == scenario.describe()


MIXES = sorted(path.stem for path in (config_folder() / "mixes").glob("*.toml"))


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(MIXES, 2)))
def test_any_two_mixes_compose_and_what_they_share_counts_once(one: str, other: str) -> None:
    alone = [load_scenario(mix=name).mix for name in (one, other)]
    together = load_scenario(mix=f"{one}+{other}").mix
    assert [use for use in together if use in alone[0]] == list(alone[0])
    assert len(together) == len(alone[0]) + sum(use not in alone[0] for use in alone[1])
