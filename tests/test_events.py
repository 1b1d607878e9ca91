"""The log of events: cheap to write, put into words when read."""

import math

import pytest

from abm.events import COLUMNS, TEXTS, EventLog, month_name


def test_events_become_a_table_in_words() -> None:
    log = EventLog()
    log.append(0, "exit", "recycler 3", "north", "bankrupt", "squeeze", 2.5e6, "EUR")
    log.append(13, "shortage", "world", "world", "short", "stocks_empty", material="Zinc", share=0.25)
    log.append(14, "regime", "empire", "empire", "regime_flood", "rivals have left", material="Zinc")
    log.append(15, "instrument", "land", "land", "a sentence of one's own", "with {no} places")
    table = log.frame(2026.0)
    assert tuple(table.columns) == COLUMNS
    assert list(table["month"]) == ["2026-01", "2027-02", "2027-03", "2027-04"]
    assert list(table["what"]) == [
        "went bankrupt",
        "25% of wanted Zinc could not be had",
        "floods the market for Zinc",
        "a sentence of one's own",
    ]
    assert list(table["why"])[2:] == ["rivals have left", "with {no} places"]
    assert table["amount"][0] == 2.5e6
    assert math.isnan(table["amount"][1])


def test_the_same_events_in_dutch() -> None:
    log = EventLog()
    log.append(0, "regime", "empire", "empire", "regime_flood", "rivals have left", material="zink")
    row = log.frame(2026, "nl").iloc[0]
    assert (row["what"], row["why"]) == ("overspoelt de markt voor zink", "de rivalen zijn vertrokken")


def test_a_log_without_events_has_the_same_columns() -> None:
    empty, full = EventLog(), EventLog()
    full.append(0, "entry", "a", "b", "entered")
    assert empty.frame(2026).dtypes.equals(full.frame(2026).dtypes)
    assert len(empty.frame(2026)) == len(empty) == 0


def test_a_log_that_is_not_enabled_keeps_nothing() -> None:
    log = EventLog(enabled=False)
    log.append(0, "entry", "a", "b", "entered")
    assert len(log) == 0


def test_slips_are_found_when_an_event_is_written() -> None:
    log = EventLog()
    with pytest.raises(ValueError, match="nearest valid name: 'entry'"):
        log.append(0, "entries", "a", "b", "entered")
    with pytest.raises(ValueError, match="nearest valid name: 'bankrupt'"):
        log.append(0, "exit", "a", "b", "bankrup")
    with pytest.raises(ValueError, match="'short' lacks a value for share"):
        log.append(0, "shortage", "a", "b", "short", material="zinc")


def test_every_text_has_the_same_places_in_both_languages() -> None:
    for code, texts in TEXTS.items():
        log = EventLog()
        values = {"material": "m", "subject": "s", "share": 0.5, "multiple": 2.0, "scope": ""}
        log.append(0, "entry", "a", "b", code, **values)
        for language in ("en", "nl"):
            assert log.frame(2026, language)["what"][0], (code, texts)


@pytest.mark.parametrize(("month", "name"), [(0, "2026-01"), (11, "2026-12"), (12, "2027-01"), (-2, "2025-11")])
def test_month_names(month: int, name: str) -> None:
    assert month_name(month, 2026.0) == name
