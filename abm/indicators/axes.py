"""What indicators can be split by, and the labels of the columns that result.

Labels fill the fields jurisdiction, material and product of a column; those of other axes go to `detail`.
`WORDS` says in both languages what labels are called that are no entries of the config.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Label = tuple[str, str]  # field of a column, and what stands there

STAGES = ("extraction", "refining", "component", "product")
STEPS = ("extraction", "processing", "recycling")
# Kinds of firms in the order of their codes, and recyclers.
ACTIVITIES = ("linear_maker", "circular_maker", "component_maker", "refurbisher", "service_provider", "recycler")
CIRCULAR_ACTIVITIES = ("circular_maker", "refurbisher", "service_provider", "recycler")
QUINTILES = ("poorest", "second", "third", "fourth", "richest")
ORIGINS = ("home", "abroad")
FORMS = ("primary_home", "primary_abroad", "secondary", "in_components", "in_products")
PARTIES = (
    "households",
    "firms",
    "recyclers",
    "dealers",
    "collectors",
    "producers",
    "lenders",
    "governments",
    "bloc_states",
    "rest_of_economy",
    "rest_of_world",
)

WORDS: dict[str, Mapping[str, str]] = {
    "extraction": {"en": "Extraction", "nl": "Winning"},
    "refining": {"en": "Refining", "nl": "Raffinage"},
    "component": {"en": "Components", "nl": "Componenten"},
    "product": {"en": "Products", "nl": "Producten"},
    "processing": {"en": "Processing", "nl": "Verwerking"},
    "recycling": {"en": "Recycling", "nl": "Recycling"},
    "linear_maker": {"en": "Makers of linear design", "nl": "Producenten met lineair ontwerp"},
    "circular_maker": {"en": "Makers of circular design", "nl": "Producenten met circulair ontwerp"},
    "component_maker": {"en": "Makers of components", "nl": "Componentenmakers"},
    "refurbisher": {"en": "Refurbishers", "nl": "Refurbishers"},
    "service_provider": {"en": "Service providers", "nl": "Dienstverleners"},
    "recycler": {"en": "Recyclers", "nl": "Recyclingbedrijven"},
    "poorest": {"en": "Lowest incomes (first fifth)", "nl": "Laagste inkomens (eerste vijfde)"},
    "second": {"en": "Second fifth", "nl": "Tweede vijfde"},
    "third": {"en": "Third fifth", "nl": "Derde vijfde"},
    "fourth": {"en": "Fourth fifth", "nl": "Vierde vijfde"},
    "richest": {"en": "Highest incomes (last fifth)", "nl": "Hoogste inkomens (laatste vijfde)"},
    "home": {"en": "At home", "nl": "In eigen gebied"},
    "abroad": {"en": "Abroad", "nl": "Elders"},
    "primary_home": {"en": "Primary, refined at home", "nl": "Primair, in eigen gebied geraffineerd"},
    "primary_abroad": {"en": "Primary, refined abroad", "nl": "Primair, elders geraffineerd"},
    "secondary": {"en": "Secondary, from home recyclers", "nl": "Secundair, van eigen recyclingbedrijven"},
    "in_components": {"en": "In imported components", "nl": "In ingevoerde componenten"},
    "in_products": {"en": "In imported products", "nl": "In ingevoerde producten"},
    "households": {"en": "Households", "nl": "Huishoudens"},
    "firms": {"en": "Makers, refurbishers and service providers", "nl": "Producenten, refurbishers en dienstverleners"},
    "recyclers": {"en": "Recyclers", "nl": "Recyclingbedrijven"},
    "dealers": {"en": "Dealers and importers", "nl": "Handelaren en importeurs"},
    "collectors": {"en": "Collectors", "nl": "Inzamelaars"},
    "producers": {"en": "Mines and refineries", "nl": "Mijnen en raffinaderijen"},
    "lenders": {"en": "Lenders", "nl": "Financiers"},
    "governments": {"en": "Governments and public buyers", "nl": "Overheden en publieke inkopers"},
    "bloc_states": {"en": "States of the blocs", "nl": "Staten van de blokken"},
    "rest_of_economy": {"en": "Rest of the economy at home", "nl": "Rest van de eigen economie"},
    "rest_of_world": {"en": "Rest of the world", "nl": "Rest van de wereld"},
    "dumping": {"en": "Dumping", "nl": "Dumping"},
    "low_price": {"en": "Low prices", "nl": "Lage prijzen"},
    "feedstock": {"en": "Too little scrap", "nl": "Te weinig schroot"},
    "inputs": {"en": "Dear inputs", "nl": "Dure grondstoffen"},
    "support_withdrawn": {"en": "Support withdrawn", "nl": "Steun weggevallen"},
    "debt": {"en": "Debt", "nl": "Schuld"},
    "demand": {"en": "Too little demand", "nl": "Te weinig vraag"},
    "operations": {"en": "Cost of operations", "nl": "Bedrijfskosten"},
}


def nodes(config: Any) -> tuple[list[int], Array]:
    """Jurisdictions with inhabitants below them, and whether each leaf lies below each (D, L), 1 or 0.

    Of two with the same leaves only the lower one stands for both, so that a world in which only a union
    is modelled does not appear twice.
    """
    found: dict[tuple[bool, ...], int] = {}
    for row in range(len(config.jurisdictions)):
        below = tuple(row in config.ancestors[leaf] for leaf in config.leaves)
        if any(below) and (below not in found or found[below] in config.ancestors[row]):
            found[below] = row
    pairs = sorted((row, below) for below, row in found.items())
    return [row for row, _ in pairs], np.array([below for _, below in pairs], dtype=np.float64)


def _words(field: str, words: tuple[str, ...]) -> Callable[[Any], list[Label]]:
    return lambda model: [(field, word) for word in words]


def _table(field: str, name: str) -> Callable[[Any], list[Label]]:
    return lambda model: [(field, entry) for entry in getattr(model.config, name).ids]


def _jurisdictions(model: Any) -> list[Label]:
    return [("jurisdiction", model.config.jurisdictions.ids[row]) for row in nodes(model.config)[0]]


def _governments(model: Any) -> list[Label]:
    return [("jurisdiction", government.name) for government in model.governments.members]


def _blocs(model: Any) -> list[Label]:
    return [("jurisdiction", model.config.jurisdictions.ids[bloc.jurisdiction]) for bloc in model.blocs]


def _causes(model: Any) -> list[Label]:
    return [("detail", cause.replace(" ", "_")) for cause in model.renewal.causes]


def _instruments(model: Any) -> list[Label]:
    return [("detail", label) for label in model.governments.labels]


AXES: dict[str, Callable[[Any], list[Label]]] = {
    "jurisdiction": _jurisdictions,
    "leaf": lambda model: [("jurisdiction", model.config.jurisdictions.ids[leaf]) for leaf in model.config.leaves],
    "government": _governments,
    "bloc": _blocs,
    "material": _table("material", "materials"),
    "product": _table("product", "products"),
    "stream": _table("detail", "streams"),
    "component": _table("detail", "components"),
    "stage": _words("detail", STAGES),
    "step": _words("detail", STEPS),
    "activity": _words("detail", ACTIVITIES),
    "quintile": _words("detail", QUINTILES),
    "origin": _words("detail", ORIGINS),
    "party": _words("detail", PARTIES),
    "form": _words("detail", FORMS),
    "cause": _causes,
    "instrument": _instruments,
}


def shape(axes: tuple[str, ...], model: Any) -> tuple[int, ...]:
    """Number of entries of each axis in a model."""
    return tuple(len(AXES[axis](model)) for axis in axes)


def columns(name: str, unit: str, axes: tuple[str, ...], model: Any) -> list[dict[str, str]]:
    """Labels of the columns of an indicator, the last axis running fastest."""
    return [_column(name, unit, labels) for labels in itertools.product(*(AXES[axis](model) for axis in axes))]


def _column(name: str, unit: str, labels: tuple[Label, ...]) -> dict[str, str]:
    words = ",".join(word for _, word in labels)
    column = {"name": f"{name}[{words}]" if words else name, "indicator": name}
    column |= {"jurisdiction": "", "material": "", "product": "", "detail": "", "unit": unit}
    for field, word in labels:
        column[field] = f"{column[field]} {word}".strip()
    return column
