"""Environment: primary extraction, greenhouse gases and waste of what is used at home."""

from __future__ import annotations

import numpy as np

from abm.indicators.indicator import indicator
from abm.indicators.view import TONNE, Array, View


def _primary_use(view: View) -> Array:
    """Primary material behind products sold at home (M,), kg."""
    secondary = (view.model.product_trade.content_sold * view.model.secondary_content).sum(axis=(0, 1))
    return np.maximum(view.use - secondary, 0.0)


@indicator(
    "t/month",
    {"en": "Primary material for home use", "nl": "Primair materiaal voor gebruik hier"},
    {
        "en": "Primary material in products sold at home, wherever it was mined.",
        "nl": "Primair materiaal in hier verkochte producten, waar het ook gewonnen is.",
    },
    direction=-1,
    axes=("material",),
    summary="sum",
)
def primary_use(view: View) -> Array:
    return _primary_use(view) * TONNE


@indicator(
    "t/month",
    {
        "en": "Primary extraction for home use, all materials",
        "nl": "Primaire winning voor gebruik hier, alle materialen",
    },
    {
        "en": "The same, all modelled materials together by mass; copper dominates it.",
        "nl": "Hetzelfde, alle gemodelleerde materialen samen naar massa; koper overheerst.",
    },
    direction=-1,
    headline=True,
    summary="sum",
)
def primary_use_total(view: View) -> float:
    return float(_primary_use(view).sum()) * TONNE


@indicator(
    "t CO2e/month",
    {"en": "Greenhouse gases of materials, at home", "nl": "Broeikasgassen van materialen, hier"},
    {
        "en": "From refining and recycling at home of the modelled materials, cradle to gate for the part made here.",
        "nl": "Van raffinage en recycling hier van de gemodelleerde materialen, voor het deel dat hier is gemaakt.",
    },
    direction=-1,
    summary="sum",
)
def emissions_at_home(view: View) -> float:
    materials = view.config.materials
    carbon = np.asarray(materials.carbon)
    refined = view.home_output[1] * carbon * np.asarray(materials.refining_share)
    recycled = view.recovered * carbon * (1.0 - np.asarray(materials.carbon_saving))
    return float((refined + recycled).sum()) * TONNE


@indicator(
    "t CO2e/month",
    {"en": "Greenhouse gases of materials in use", "nl": "Broeikasgassen van gebruikte materialen"},
    {
        "en": "Cradle to gate, of primary and secondary material in products sold at home, wherever emitted.",
        "nl": "Van wieg tot poort, van primair en secundair materiaal in hier verkochte producten, waar ook "
        "uitgestoten.",
    },
    direction=-1,
    headline=True,
    summary="sum",
)
def emissions_of_use(view: View) -> float:
    materials = view.config.materials
    carbon, primary = np.asarray(materials.carbon), _primary_use(view)
    secondary = (view.use - primary) * (1.0 - np.asarray(materials.carbon_saving))
    return float(((primary + secondary) * carbon).sum()) * TONNE


@indicator(
    "t/month",
    {"en": "Landfilled or burnt", "nl": "Gestort of verbrand"},
    {
        "en": "Modelled materials that go to landfill or incineration.",
        "nl": "Gemodelleerde materialen die gestort of verbrand worden.",
    },
    direction=-1,
    axes=("material",),
    summary="sum",
)
def landfilled(view: View) -> Array:
    return view.books.month_moved("landfill") * TONNE


@indicator(
    "t/month",
    {"en": "Lost in other metals", "nl": "Verloren in andere metalen"},
    {
        "en": "Modelled materials that end in the stream of another metal and cannot be recovered.",
        "nl": "Gemodelleerde materialen die in de stroom van een ander metaal belanden en niet terugkomen.",
    },
    direction=-1,
    axes=("material",),
    summary="sum",
)
def dissipated(view: View) -> Array:
    return view.books.month_moved("dissipation") * TONNE


@indicator(
    "t/month",
    {"en": "Scrap exported", "nl": "Uitgevoerd schroot"},
    {
        "en": "Modelled materials in scrap that leaves for foreign recyclers.",
        "nl": "Gemodelleerde materialen in schroot dat naar buitenlandse recyclers gaat.",
    },
    axes=("material",),
    summary="sum",
)
def scrap_exported(view: View) -> Array:
    return view.books.month_moved("scrap_export") * TONNE
