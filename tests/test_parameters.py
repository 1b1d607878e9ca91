"""Declarations, and reading a config folder against them."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import abm.schema  # noqa: F401  (registers what the real config must hold)
from abm import parameters
from abm.parameters import (
    ConfigError,
    Declaration,
    Quantity,
    choice,
    config_folder,
    flag,
    load_config,
    nearest_name,
    parse_override,
    quantity,
    reference,
    series,
    text,
)


class Toy(Declaration):
    """The root of a small schema."""


class Place(Toy, file="jurisdictions", table="jurisdictions"):
    parent = reference("Part of", "jurisdictions", optional=True)
    domestic = flag("Whether people live here")
    government = flag("Whether it has a government")
    state_backed = flag("Whether it is a bloc")
    active = flag("Whether it acts")
    people = quantity("People", "1", 0, 100)
    budget = series("Budget", "EUR/yr", 0, 1000)


class Bloc(Toy, file="jurisdictions", table="blocs"):
    jurisdiction = reference("What it controls", "jurisdictions")


class Metal(Toy, folder="metals"):
    price = quantity("Price", "EUR/kg", 0, 100)
    colour = choice("Colour", ("red", "green"))
    shiny = flag("Whether it shines")
    nickname = text("What miners call it", default="")
    share = quantity("Share by place", "1", 0, 1, per="jurisdictions")
    weight = quantity("Weight", "kg", 1, 9, default=2.0)


class Mine(Toy, folder="metals", table="mines"):
    place = reference("Where", "jurisdictions")
    depth = quantity("Depth", "m", 0, 5000)
    route = reference("Metal that takes its waste", "metals", per="jurisdictions")


class Habits(Toy, section="habits"):
    markup = quantity("Markup", "1", 0, 2)
    brave = flag("Whether bold")


FILES = {
    "base.toml": '[habits]\nmarkup = { value = 0.2, unit = "1", range = [0.1, 0.4], source = "A book" }\n',
    "jurisdictions.toml": """
[jurisdictions.world]
title = { en = "World", nl = "Wereld" }
[jurisdictions.land]
title = { en = "Land", nl = "Land" }
parent = "world"
government = true
budget = { unit = "EUR/yr", source = "Law", values = [[2026, 10], [2027, 20.5]] }
[jurisdictions.north]
title = { en = "North", nl = "Noord" }
note = { en = "Cold", nl = "Koud" }
parent = "land"
domestic = true
people = { value = 7, unit = "1", range = [5, 9], source = "Count" }
[jurisdictions.empire]
title = { en = "Empire", nl = "Rijk" }
parent = "world"
state_backed = true
active = true
[blocs.empire]
title = { en = "Empire", nl = "Rijk" }
jurisdiction = "empire"
""",
    "metals/zinc.toml": """
title = { en = "Zinc", nl = "Zink" }
price = { value = 2, unit = "EUR/kg", range = [1, 3], source = "Market", assumed = true }
colour = "green"
[share]
north = { value = 0.25, unit = "1", range = [0.2, 0.3], source = "Count" }
[mines.zwart]
title = { en = "Black", nl = "Zwart" }
place = "north"
depth = { value = 30, unit = "m", range = [20, 40], source = "Rope" }
[mines.blauw]
title = { en = "Blue", nl = "Blauw" }
place = "empire"
depth = { value = 10, unit = "m", range = [0, 40], source = "Rope" }
route.land = "amber"
""",
    "metals/amber.toml": """
title = { en = "Amber", nl = "Barnsteen" }
price = { value = 50.5, unit = "EUR/kg", range = [40, 60], source = "Market" }
colour = "red"
shiny = true
nickname = "gold of the north"
weight = { value = 3, unit = "kg", range = [3, 3], source = "Scales" }
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, contents in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(contents, encoding="utf-8")
    return tmp_path


def load(folder: Path, overrides: dict[str, object] | None = None) -> parameters.Config:
    return load_config(folder, overrides, schema=Toy)


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    contents = path.read_text(encoding="utf-8")
    assert old in contents
    path.write_text(contents.replace(old, new), encoding="utf-8")


# --- What the model sees


def test_tables_are_arrays_in_the_promised_order(folder: Path) -> None:
    config = load(folder)
    metals = config.metals
    assert metals.ids == ("amber", "zinc")  # alphabetical: one file each
    assert config.jurisdictions.ids == ("world", "land", "north", "empire")  # as in the file
    assert len(metals) == 2
    assert metals.index("zinc") == 1
    assert metals.titles[0] == {"en": "Amber", "nl": "Barnsteen"}
    assert config.jurisdictions.notes[2] == {"en": "Cold", "nl": "Koud"}
    np.testing.assert_array_equal(metals.price, [50.5, 2.0])
    np.testing.assert_array_equal(metals.weight, [3.0, 2.0])
    np.testing.assert_array_equal(metals.share, [[0, 0, 0, 0], [0, 0, 0.25, 0]])
    np.testing.assert_array_equal(metals.shiny, [True, False])
    np.testing.assert_array_equal(metals.colour == "green", [False, True])
    assert metals.nickname == ("gold of the north", "")
    np.testing.assert_array_equal(config.jurisdictions.parent, [-1, 0, 1, 0])
    np.testing.assert_array_equal(config.jurisdictions.people, [0, 0, 7, 0])
    np.testing.assert_array_equal(config.jurisdictions.budget[1], [[2026, 10], [2027, 20.5]])
    assert config.jurisdictions.budget[0].shape == (0, 2)
    assert config.habits.markup == 0.2
    assert type(config.habits.markup) is float
    assert config.habits.brave is False


def test_tables_inside_files_know_their_file(folder: Path) -> None:
    mines = load(folder).mines
    assert mines.ids == ("zwart", "blauw")  # as in the file
    np.testing.assert_array_equal(mines.main_product, [1, 1])
    np.testing.assert_array_equal(mines.place, [2, 3])
    np.testing.assert_array_equal(mines.route, [[-1, -1, -1, -1], [-1, 0, -1, -1]])


def test_the_tree_of_jurisdictions(folder: Path) -> None:
    config = load(folder)
    assert config.ancestors == [[0], [1, 0], [2, 1, 0], [3, 0]]
    np.testing.assert_array_equal(config.leaves, [2])
    np.testing.assert_array_equal(config.governments, [1])
    np.testing.assert_array_equal(config.active_blocs, [0])


def test_config_is_read_only_also_after_pickling(folder: Path) -> None:
    for config in (load(folder), pickle.loads(pickle.dumps(load(folder, {"habits.markup": 0.3})))):
        for array in (config.metals.price, config.metals.share, config.mines.main_product, config.leaves):
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0
        with pytest.raises(ValueError, match="read-only"):
            config.jurisdictions.budget[1][0, 0] = 0
        with pytest.raises(AttributeError, match="read-only"):
            config.metals.price = np.zeros(2)


def test_a_misspelt_attribute_names_the_nearest(folder: Path) -> None:
    config = load(folder)
    with pytest.raises(AttributeError, match="nearest valid name: 'price'"):
        _ = config.metals.prise
    with pytest.raises(AttributeError, match="nearest valid name: 'metals'"):
        _ = config.metal
    with pytest.raises(ConfigError, match="nearest valid name: 'amber'"):
        config.metals.index("ambre")


def test_one_file_adds_an_entry_everywhere(folder: Path) -> None:
    before = load(folder)
    zinc = (folder / "metals/zinc.toml").read_text(encoding="utf-8")
    (folder / "metals/bronze.toml").write_text(zinc.replace("zwart", "wit").replace("blauw", "geel"), encoding="utf-8")
    after = load(folder)
    assert len(before.metals) == 2
    assert after.metals.ids == ("amber", "bronze", "zinc")
    assert after.mines.ids == ("wit", "geel", "zwart", "blauw")
    np.testing.assert_array_equal(after.mines.main_product, [1, 1, 2, 2])
    assert "mines.wit.depth" in dict(after.parameters())


# --- Evidence


def test_every_parameter_keeps_its_evidence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    evidence = load(folder).evidence("metals.zinc.price")
    assert (evidence.meaning, evidence.unit, evidence.value) == ("Price", "EUR/kg", 2.0)
    assert (evidence.range, evidence.admissible) == ((1.0, 3.0), (0.0, 100.0))
    assert (evidence.source, evidence.assumed) == ("Market", True)
    assert Path(evidence.file) == Path("metals/zinc.toml")
    assert not evidence.overridden
    assert load(folder).evidence("metals.zinc.colour").admissible == ("red", "green")


def test_parameters_lists_quantities_and_series_that_are_given(folder: Path) -> None:
    listed = dict(load(folder).parameters())
    assert {"metals.zinc.price", "metals.zinc.share.north", "mines.blauw.depth", "habits.markup"} <= set(listed)
    assert "metals.zinc.share.world" not in listed
    assert "metals.zinc.colour" not in listed
    assert listed["jurisdictions.land.budget"].value == [[2026.0, 10.0], [2027.0, 20.5]]
    assert listed["metals.zinc.weight"].range is None  # left out: the default, without a source of its own


# --- Overrides


def test_overrides_change_only_what_they_name(folder: Path) -> None:
    base = load(folder)
    other = load(
        folder,
        {
            "metals.zinc.price": 4,
            "metals.amber.share.world": np.float32(0.5),
            "metals.zinc.colour": "red",
            "habits.brave": True,
            "jurisdictions.land.budget": [[2030, 5]],
            "mines.zwart.route.north": "zinc",
        },
    )
    np.testing.assert_array_equal(other.metals.price, [50.5, 4.0])
    assert other.metals.share[0, 0] == 0.5
    assert list(other.metals.colour) == ["red", "red"]
    assert other.habits.brave is True
    np.testing.assert_array_equal(other.jurisdictions.budget[1], [[2030, 5]])
    assert other.mines.route[0, 2] == 1
    assert other.metals.weight is base.metals.weight
    assert base.metals.price[1] == 2.0
    evidence = other.evidence("metals.zinc.price")
    assert (evidence.value, evidence.range, evidence.overridden) == (4.0, (1.0, 3.0), True)


def test_all_values_can_be_set_again(folder: Path) -> None:
    config = load(folder, {"metals.zinc.price": 4})
    again = load(folder).with_overrides(config.values())
    assert again.values() == config.values()


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("metals.zink.price", 1, "nearest valid name: 'metals.zinc.price'"),
        ("metals.zinc.prise", 1, "metals.zinc.prise: unknown parameter; nearest valid name: 'metals.zinc.price'"),
        ("habit.markup", 1, "nearest valid name: 'habits.markup'"),
        ("habits.markup.more", 1, "nearest valid name: 'habits.markup'"),
        ("metals.zinc.share", 1, "nearest valid name: 'metals.zinc.share"),
        ("metals.zinc.share.nort", 1, "nearest valid name: 'metals.zinc.share.north'"),
        ("metals", 1, "unknown parameter"),
        ("", 1, "unknown parameter"),
        ("habits.markup", 2.5, "habits.markup: 2.5 is out of range; expected a number from 0 to 2 (unit 1)"),
        ("habits.markup", float("nan"), "not a finite number"),
        ("habits.markup", float("inf"), "not a finite number"),
        ("habits.markup", True, "is not a number"),
        ("habits.markup", "0.3", "is not a number"),
        ("habits.brave", 1, "neither true nor false"),
        ("metals.zinc.colour", "reed", "nearest valid name: 'red'"),
        ("mines.zwart.place", "nort", "nearest valid name: 'north'"),
        ("mines.zwart.place", None, "is not a name"),
        ("metals.zinc.nickname", 3, "is not a text"),
        ("jurisdictions.land.budget", 3, "is not a series"),
        ("jurisdictions.land.budget", [[2026, 3], [2026, 4]], "years in rising order"),
        ("jurisdictions.land.budget", [[2026, 3, 4]], "is not a pair"),
        ("jurisdictions.world.parent", "north", "is a part of itself"),
        ("jurisdictions.empire.state_backed", False, "active without being state-backed"),
        ("jurisdictions.empire.domestic", True, "jurisdictions.empire.people: missing"),
    ],
)
def test_a_bad_override_is_explained(folder: Path, path: str, value: object, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(folder, {path: value})
    assert expected in str(caught.value)


def test_a_jurisdiction_can_be_made_a_leaf_by_giving_it_all(folder: Path) -> None:
    config = load(folder, {"jurisdictions.empire.domestic": True, "jurisdictions.empire.people": 3})
    np.testing.assert_array_equal(config.leaves, [2, 3])
    with pytest.raises(ConfigError, match="without a bloc"):
        config.with_overrides({"jurisdictions.north.active": True, "jurisdictions.north.state_backed": True})


@pytest.mark.parametrize(
    ("written", "path", "value"),
    [
        ("firms.markup=0.3", "firms.markup", 0.3),
        (" firms.markup = 1e-3 ", "firms.markup", 1e-3),
        ("habits.brave=true", "habits.brave", True),
        ("metals.zinc.colour=red", "metals.zinc.colour", "red"),
        ('metals.zinc.nickname="a = b"', "metals.zinc.nickname", "a = b"),
        ("jurisdictions.land.budget=[[2026, 5.0]]", "jurisdictions.land.budget", [[2026, 5.0]]),
    ],
)
def test_overrides_on_the_command_line(written: str, path: str, value: object) -> None:
    assert parse_override(written) == (path, value)


@pytest.mark.parametrize("written", ["firms.markup", "=3", "firms.markup="])
def test_half_an_override_is_refused(written: str) -> None:
    with pytest.raises(ConfigError, match=r"expected path\.to\.parameter=value"):
        parse_override(written)


# --- What bad files get

PRICE = 'price = { value = 2, unit = "EUR/kg", range = [1, 3], source = "Market", assumed = true }'


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("metals/zinc.toml", "price = ", "prise = ", "zinc.toml: metals.zinc.prise: unknown key 'prise'"),
        ("metals/zinc.toml", "price = ", "prise = ", "nearest valid name: 'price'"),
        ("metals/zinc.toml", "mines.zwart", "mine.zwart", "nearest valid name: 'mines'"),
        ("metals/zinc.toml", "depth = { value = 30", "dept = { value = 30", "zinc.toml: mines.zwart.dept: unknown key"),
        ("base.toml", "[habits]", "[habit]", "base.toml: habit: unknown key 'habit'"),
        ("jurisdictions.toml", "[blocs.", "[bloc.", "nearest valid name: 'blocs'"),
        (
            "metals/zinc.toml",
            "EUR/kg",
            "EUR/t",
            "zinc.toml: metals.zinc.price.unit: wrong unit 'EUR/t'; expected 'EUR/kg'",
        ),
        ("metals/zinc.toml", ', unit = "EUR/kg"', "", "metals.zinc.price.unit: missing"),
        ("metals/zinc.toml", PRICE, "", "metals.zinc.price: missing; expected a quantity in EUR/kg: Price"),
        (
            "metals/zinc.toml",
            PRICE,
            "price = 2",
            "metals.zinc.price: 2 is not a table; expected a table with its evidence",
        ),
        ("metals/zinc.toml", "range = [1, 3], ", "", "metals.zinc.price.range: missing"),
        ("metals/zinc.toml", "value = 2,", "value = 4,", "metals.zinc.price: value 4 lies outside its own range"),
        ("metals/zinc.toml", "value = 2,", "value = 400,", "metals.zinc.price.value: 400 is out of range"),
        ("metals/zinc.toml", "[1, 3]", "[1, 300]", "metals.zinc.price.range: 300 is out of range"),
        ("metals/zinc.toml", "[1, 3]", "[3, 1]", "runs backwards"),
        ("metals/zinc.toml", "[1, 3]", "[1]", "is not a range"),
        ("metals/zinc.toml", "value = 2,", 'value = "2",', "metals.zinc.price.value: '2' is not a number"),
        ("metals/zinc.toml", "value = 2,", "value = true,", "metals.zinc.price.value: True is not a number"),
        ("metals/zinc.toml", "value = 2,", "value = nan,", "nan is not a finite number"),
        ("metals/zinc.toml", "value = 2,", "value = inf,", "inf is not a finite number"),
        ("metals/zinc.toml", "value = 2,", f"value = 1{'0' * 400},", "is out of range"),
        ("metals/zinc.toml", 'source = "Market"', 'source = " "', "metals.zinc.price.source: missing or empty source"),
        ("metals/zinc.toml", "assumed = true", 'assumed = "yes"', "price.assumed: 'yes' is neither true nor false"),
        ("metals/zinc.toml", "assumed = true", "asumed = true", "nearest valid name: 'assumed'"),
        ("metals/zinc.toml", "north = ", "norht = ", "metals.zinc.share.norht: unknown entry of jurisdictions 'norht'"),
        ("metals/zinc.toml", "north = ", "norht = ", "nearest valid name: 'north'"),
        ("metals/zinc.toml", "[share]", "[share.north]", "metals.zinc.share.north"),
        (
            "metals/zinc.toml",
            'place = "empire"',
            'place = "empires"',
            "mines.blauw.place: unknown entry of jurisdictions",
        ),
        ("metals/zinc.toml", 'place = "empire"', "", "mines.blauw.place: missing; expected a reference: Where"),
        (
            "metals/zinc.toml",
            'route.land = "amber"',
            'route.land = "ambr"',
            "mines.blauw.route.land: unknown entry of metals",
        ),
        ("metals/zinc.toml", 'route.land = "amber"', 'route = "amber"', "mines.blauw.route: 'amber' is not a table"),
        (
            "metals/zinc.toml",
            '"green"',
            '"blue"',
            "metals.zinc.colour: unknown choice 'blue'; expected one of red, green",
        ),
        ("metals/zinc.toml", 'colour = "green"', "", "metals.zinc.colour: missing"),
        ("metals/amber.toml", "shiny = true", 'shiny = "yes"', "metals.amber.shiny: 'yes' is neither true nor false"),
        ("metals/zinc.toml", 'title = { en = "Zinc", nl = "Zink" }', "", "metals.zinc.title: None is not a table"),
        ("metals/zinc.toml", ', nl = "Zink"', "", "metals.zinc.title.nl: missing or empty text"),
        ("metals/zinc.toml", "nl = ", "de = ", "unknown key 'de'"),
        ("metals/zinc.toml", "mines.blauw", 'mines."bl auw"', "'bl auw' is not a good name"),
        ("jurisdictions.toml", "[2027, 20.5]", "[2027, -1]", "jurisdictions.land.budget.values: -1 is out of range"),
        (
            "jurisdictions.toml",
            'parent = "land"',
            'parent = "north"',
            "jurisdictions.north.parent: is a part of itself",
        ),
        ("jurisdictions.toml", "people = ", "# people = ", "jurisdictions.north.people: missing"),
        (
            "jurisdictions.toml",
            "[blocs.empire]",
            "[blocs.other]\njurisdiction = 'empire'\ntitle = {en='a', nl='b'}\n[blocs.empire]",
            "2 blocs",
        ),
        ("base.toml", "[habits]", "[habits", "base.toml: is not valid TOML"),
        ("base.toml", "[habits]", "habits = 3\n[habit]", "base.toml"),
    ],
)
def test_a_bad_file_is_explained(folder: Path, file: str, old: str, new: str, expected: str) -> None:
    edit(folder, file, old, new)
    with pytest.raises(ConfigError) as caught:
        load(folder)
    assert expected in str(caught.value)
    assert Path(file).name in str(caught.value)


def test_missing_and_unreadable_files_are_named(folder: Path) -> None:
    (folder / "metals/amber.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"amber\.toml: is not valid TOML"):
        load(folder)
    for metal in (folder / "metals").iterdir():
        metal.unlink()
    with pytest.raises(ConfigError, match="metals: no entries"):
        load(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "base.toml").unlink()
    with pytest.raises(ConfigError, match=r"base\.toml: cannot be read .*; expected a TOML file"):
        load(folder)


def test_names_inside_files_must_differ_between_files(folder: Path) -> None:
    zinc = (folder / "metals/zinc.toml").read_text(encoding="utf-8")
    (folder / "metals/bronze.toml").write_text(zinc, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"zinc\.toml: mines\.zwart: also stands in .*bronze\.toml"):
        load(folder)


def test_a_missing_section_lacks_its_parameters(folder: Path) -> None:
    (folder / "base.toml").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"base\.toml: habits\.markup: missing"):
        load(folder)


# --- Declaring


def test_a_declaration_cannot_take_a_name_twice() -> None:
    class Root(Declaration):
        pass

    class First(Root, section="first"):
        size = quantity("Size", "m", 0, 1)

    assert Root.registry == {"first": First}
    with pytest.raises(TypeError, match="already declared by First"):
        type("Second", (Root,), {}, section="first")
    with pytest.raises(TypeError, match="reserved names: ids"):
        type("Third", (Root,), {"ids": flag("x")}, section="third")


@given(st.data())
def test_a_quantity_takes_what_lies_in_range_and_nothing_else(data: st.DataObject) -> None:
    bounds = st.floats(-1e9, 1e9)
    low, high = sorted((data.draw(bounds), data.draw(bounds)))
    declared = Quantity("Anything", "m", low, high)
    value = data.draw(st.one_of(st.floats(), st.integers(), st.sampled_from([low, high])))
    table = {"value": value, "unit": "m", "range": [low, high], "source": "A ruler"}
    if low <= value <= high:
        assert (
            declared.read(table) == declared.measure(value) == declared.measure({"value": value, "unit": "m"}) == value
        )
    else:
        for read in (lambda: declared.read(table), lambda: declared.measure(value)):
            with pytest.raises(ConfigError, match=r"out of range|not a finite number"):
                read()


@given(st.text(), st.lists(st.text(min_size=1)))
def test_the_nearest_name_is_a_valid_one(name: str, valid: list[str]) -> None:
    assert nearest_name(name, valid) in (valid or [""])
    if name in valid:
        assert nearest_name(name, valid) == name


# --- Sharing and finding


def test_a_config_is_shared_until_a_file_changes(folder: Path) -> None:
    first = load(folder)
    assert load(folder) is first
    edit(folder, "base.toml", "value = 0.2", "value = 0.3")
    os.utime(folder / "base.toml", ns=(1, 1))  # clocks may be too coarse to see the edit
    assert load(folder).habits.markup == 0.3


def test_where_the_config_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "abm"
    (package / "_config").mkdir(parents=True)
    monkeypatch.delenv("KRINGLOOP_CONFIG", raising=False)
    monkeypatch.setattr(parameters, "__file__", str(package / "parameters.py"))
    assert config_folder() == package / "_config"
    (tmp_path / "pyproject.toml").touch()
    with pytest.raises(ConfigError, match="config folder not found"):
        config_folder()
    (tmp_path / "config").mkdir()
    assert config_folder() == tmp_path / "config"
    monkeypatch.setenv("KRINGLOOP_CONFIG", str(tmp_path))
    assert config_folder() == tmp_path


# --- The real config


def test_the_real_config_is_complete() -> None:
    config = load_config(config_folder())
    assert len(config.leaves) > 0
    assert all(evidence.source for _, evidence in config.parameters() if evidence.range is not None)


def test_the_real_config_is_read_once_and_shared() -> None:
    parameters._configs.clear()
    parameters._documents.clear()
    assert load_config(config_folder()) is load_config(config_folder())
