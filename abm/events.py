"""What happened to whom, when and why: a log that is cheap to write and put into words only when read."""

from __future__ import annotations

import math
import string
from typing import TYPE_CHECKING, Any, NamedTuple

from abm.parameters import unknown

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("entry", "exit", "regime", "shortage", "capacity", "instrument", "shock", "price", "stockpile")
COLUMNS = ("month", "kind", "who", "where", "what", "why", "amount", "unit")

TEXTS: dict[str, dict[str, str]] = {
    # entries and exits
    "entered": {"en": "entered the market", "nl": "trad toe tot de markt"},
    "bankrupt": {"en": "went bankrupt", "nl": "ging failliet"},
    "closed": {"en": "closed down", "nl": "stopte ermee"},
    "niche_pays": {
        "en": "the niche promised more than the hurdle rate",
        "nl": "de niche beloofde meer dan de rendementseis",
    },
    "squeeze": {"en": "dumping squeezed the margin", "nl": "dumping drukte de marge weg"},
    "low_price": {"en": "prices fell below cost", "nl": "de prijzen zakten onder de kosten"},
    "feedstock": {"en": "too little scrap to run on", "nl": "te weinig schroot om op te draaien"},
    "inputs": {"en": "inputs were too dear or could not be had", "nl": "grondstoffen waren te duur of niet te krijgen"},
    "support_withdrawn": {"en": "support was withdrawn", "nl": "de steun viel weg"},
    "debt": {"en": "debt could not be serviced", "nl": "de schuld was niet op te brengen"},
    "demand": {"en": "demand fell short", "nl": "de vraag schoot tekort"},
    "energy": {"en": "energy became too dear", "nl": "energie werd te duur"},
    "operations": {
        "en": "operating costs rose above receipts",
        "nl": "de bedrijfskosten liepen uit boven de opbrengst",
    },
    "wages": {"en": "technical labour became too dear", "nl": "technisch personeel werd te duur"},
    # state-backed blocs
    "regime_normal": {"en": "trades normally in {material} again", "nl": "handelt weer gewoon in {material}"},
    "regime_restrict": {"en": "restricts exports of {material}", "nl": "beperkt de uitvoer van {material}"},
    "regime_flood": {"en": "floods the market for {material}", "nl": "overspoelt de markt voor {material}"},
    "restriction_ordered": {"en": "export restriction ordered", "nl": "uitvoerbeperking afgekondigd"},
    "dumping_ordered": {"en": "dumping campaign ordered", "nl": "dumpingcampagne afgekondigd"},
    "order_ended": {"en": "the order has ended", "nl": "de opdracht is afgelopen"},
    "tension": {"en": "tension, and leverage over the material", "nl": "spanning, en macht over de grondstof"},
    "purpose_served": {
        "en": "the restriction has served its purpose",
        "nl": "de beperking heeft haar doel gediend",
    },
    "rivals_grow": {
        "en": "rivals' share of capacity passed the threshold",
        "nl": "het aandeel van rivalen in de capaciteit kwam boven de drempel",
    },
    "regime_retaliate": {
        "en": "retaliates by withholding {material}",
        "nl": "vergeldt door {material} achter te houden",
    },
    "duties_charged": {"en": "duties are charged on its goods", "nl": "op zijn goederen wordt een heffing gelegd"},
    "duties_announced": {
        "en": "duties on its goods are announced",
        "nl": "op zijn goederen is een heffing aangekondigd",
    },
    "duties_ended": {"en": "the duties have ended", "nl": "de heffing is afgelopen"},
    "others_stockpile": {"en": "others stockpile the material", "nl": "anderen leggen een voorraad aan"},
    "rivals_left": {"en": "rivals have left", "nl": "de rivalen zijn vertrokken"},
    "purse_exhausted": {"en": "patience or purse is exhausted", "nl": "het geduld of de beurs is uitgeput"},
    # shortages, prices and capacity
    "short": {
        "en": "{share:.0%} of wanted {material} could not be had",
        "nl": "{share:.0%} van het gewenste {material} was niet te krijgen",
    },
    "short_over": {"en": "the shortage of {material} is over", "nl": "het tekort aan {material} is voorbij"},
    "price_high": {
        "en": "{material} costs {multiple:.1f} times its usual price",
        "nl": "{material} kost {multiple:.1f} maal de gewone prijs",
    },
    "price_low": {
        "en": "{material} costs {multiple:.2f} of its usual price",
        "nl": "{material} kost {multiple:.2f} van de gewone prijs",
    },
    "price_usual": {"en": "the price of {material} is back to usual", "nl": "de prijs van {material} is weer gewoon"},
    "stocks_empty": {"en": "stocks ran out", "nl": "de voorraden raakten op"},
    "stocks_full": {"en": "stocks are full", "nl": "de voorraden zijn vol"},
    "opened": {"en": "opened capacity for {subject}", "nl": "opende capaciteit voor {subject}"},
    "shut": {"en": "shut its plant for {subject}", "nl": "legde de fabriek voor {subject} stil"},
    "mothballed": {
        "en": "mothballed capacity for {subject}",
        "nl": "zette capaciteit voor {subject} in de mottenballen",
    },
    "restarted": {"en": "restarted capacity for {subject}", "nl": "startte capaciteit voor {subject} weer op"},
    "design_circular": {"en": "switched to a circular design", "nl": "stapte over op een circulair ontwerp"},
    "design_linear": {"en": "went back to a linear design", "nl": "keerde terug naar een lineair ontwerp"},
    # governments and circumstances
    "announced": {"en": "{subject} announced", "nl": "{subject} aangekondigd"},
    "started": {"en": "{subject} started", "nl": "{subject} begonnen"},
    "ended": {"en": "{subject} ended", "nl": "{subject} beëindigd"},
    "capped": {"en": "{subject} reached its cap", "nl": "{subject} bereikte het plafond"},
    "budget_spent": {"en": "the year's budget is spent", "nl": "het jaarbudget is op"},
    "stockpile_bought": {"en": "bought {material} for the stockpile", "nl": "kocht {material} voor de voorraad"},
    "stockpile_released": {"en": "released {material} from the stockpile", "nl": "gaf {material} vrij uit de voorraad"},
}
"""Sentences in every language by code, with places for values; instruments and shocks may add their own."""

_codes_by_sentence: dict[str, str] = {}


class Event(NamedTuple):
    """One line of the log; `month` is a month index, `what` and `why` are codes of `TEXTS` or sentences."""

    month: int
    kind: str
    who: str
    where: str
    what: str
    why: str
    amount: float
    unit: str
    values: dict[str, Any]


class EventLog:
    """The log of one run. Not enabled, it keeps nothing and costs nothing."""

    def __init__(self, enabled: bool = True) -> None:
        self.enabled = enabled
        self.events: list[Event] = []

    def __len__(self) -> int:
        return len(self.events)

    def append(
        self,
        month: int,
        kind: str,
        who: str,
        where: str,
        what: str,
        why: str = "",
        amount: float = math.nan,
        unit: str = "",
        **values: Any,
    ) -> None:
        """Note an event.

        `what` and `why` are codes of `TEXTS`, whose places `values` must fill, or whole sentences.
        `amount` is in `unit`; leave it out where there is none. Raises ValueError for an unknown
        kind or code, or a value that a text needs and that is not given.
        """
        if not self.enabled:
            return
        if kind not in KINDS:
            raise unknown("kind of event", kind, KINDS)
        for phrase in (what, why):
            check_phrase(phrase, values)
        self.events.append(Event(int(month), kind, who, where, what, why, float(amount), unit, values))

    def frame(self, start_year: float, language: str = "en") -> pd.DataFrame:
        """The log as a table with the columns `COLUMNS`, months written as YYYY-MM."""
        import pandas as pd

        rows = [
            (
                month_name(event.month, start_year),
                event.kind,
                event.who,
                event.where,
                in_words(event.what, event.values, language),
                in_words(event.why, event.values, language),
                event.amount,
                event.unit,
            )
            for event in self.events
        ]
        table = pd.DataFrame(rows, columns=list(COLUMNS))
        return table.astype({column: "float64" if column == "amount" else "str" for column in COLUMNS})


def month_name(month: int, start_year: float) -> str:
    """A month index as YYYY-MM."""
    year, rest = divmod(int(month), 12)
    return f"{int(start_year) + year:04d}-{rest + 1:02d}"


def check_phrase(phrase: str, values: dict[str, Any]) -> None:
    """Raise ValueError unless the phrase is empty, a whole sentence, or a code whose places are all filled."""
    if not phrase or " " in phrase:
        return
    if phrase not in TEXTS:
        raise unknown("text of an event", phrase, list(TEXTS))
    if missing := _places(TEXTS[phrase]["en"]) - set(values):
        raise ValueError(f"event '{phrase}' lacks a value for {', '.join(sorted(missing))}")


def in_words(phrase: str, values: dict[str, Any], language: str = "en") -> str:
    """The sentence for a code, or the sentence itself, translated if it is one of the known ones."""
    texts = TEXTS.get(phrase) or TEXTS.get(_code_of(phrase))
    return texts[language].format(**values) if texts else phrase


def _places(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def _code_of(sentence: str) -> str:
    """The code of a known English sentence, so that one that was written out can be translated too."""
    if len(_codes_by_sentence) != len(TEXTS):
        _codes_by_sentence.clear()
        _codes_by_sentence.update({texts["en"]: code for code, texts in TEXTS.items()})
    return _codes_by_sentence.get(sentence, "")
