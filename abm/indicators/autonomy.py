"""Strategic autonomy: how dependent, how concentrated, how short, at what price?"""

from __future__ import annotations

import numpy as np

from abm.indicators.indicator import indicator
from abm.indicators.view import NAN, Array, View, ratio

LAW = "Regulation (EU) 2024/1252 (Critical Raw Materials Act), Article 5; a benchmark for the Union as a whole"


@indicator(
    "EUR/kg",
    {"en": "Price outside the blocs", "nl": "Prijs buiten de blokken"},
    {
        "en": "Price of refined material on the world market outside state-backed blocs, EUR of 2025.",
        "nl": "Prijs van geraffineerd materiaal op de wereldmarkt buiten de staatsgesteunde blokken, euro van 2025.",
    },
    axes=("material",),
)
def price_outside(view: View) -> Array:
    return view.price[0]


@indicator(
    "EUR/kg",
    {"en": "Price inside the bloc", "nl": "Prijs binnen het blok"},
    {
        "en": "Lowest price inside an active bloc; undefined without one.",
        "nl": "Laagste prijs binnen een actief blok; niet bepaald zonder blok.",
    },
    axes=("material",),
)
def price_inside(view: View) -> Array:
    return view.price[1:].min(axis=0) if len(view.price) > 1 else np.full(view.price.shape[1], NAN)


@indicator(
    "1",
    {"en": "Price multiple", "nl": "Prijsveelvoud"},
    {
        "en": "Price outside over the price that had become usual, by material.",
        "nl": "Prijs buiten gedeeld door de prijs die gebruikelijk was geworden, per materiaal.",
    },
    direction=-1,
    axes=("material",),
)
def price_multiple(view: View) -> Array:
    markets = view.model.materials
    return np.exp(markets.log_price[1, 0] - markets.anchor[1, 0])


@indicator(
    "1",
    {"en": "Highest price multiple", "nl": "Hoogste prijsveelvoud"},
    {"en": "The largest price multiple among the materials.", "nl": "Het grootste prijsveelvoud onder de materialen."},
    direction=-1,
    headline=True,
)
def highest_price_multiple(view: View) -> float:
    markets = view.model.materials
    return float(np.exp((markets.log_price[1, 0] - markets.anchor[1, 0]).max()))


def _covered(view: View) -> Array:
    """Use at home that home refining and home recycling cover (M,), at most one."""
    return np.minimum(ratio(view.home_output[1] + view.recovered, view.total_use), 1.0)


@indicator(
    "1",
    {"en": "Import dependence", "nl": "Importafhankelijkheid"},
    {
        "en": "Part of use at home, embedded in imported goods or not, that home refining and recycling do not "
        "cover, by material.",
        "nl": "Deel van het gebruik hier, al dan niet in ingevoerde goederen, dat eigen raffinage en recycling "
        "niet dekken, per materiaal.",
    },
    direction=-1,
    axes=("material",),
)
def import_dependence(view: View) -> Array:
    return 1.0 - _covered(view)


@indicator(
    "1",
    {"en": "Import dependence over all materials", "nl": "Importafhankelijkheid over alle materialen"},
    {
        "en": "The same over all materials, each with equal weight.",
        "nl": "Hetzelfde over alle materialen, elk even zwaar.",
    },
    direction=-1,
    headline=True,
)
def mean_import_dependence(view: View) -> float:
    return float(np.mean(1.0 - _covered(view)))


@indicator(
    "1",
    {"en": "Largest country's share", "nl": "Aandeel van het grootste land"},
    {
        "en": "Share of the largest country outside the Union in world output, by stage and material.",
        "nl": "Aandeel van het grootste land buiten de Unie in de wereldproductie, per schakel en materiaal.",
    },
    direction=-1,
    axes=("stage", "material"),
    target=0.65,
    target_source=LAW,
)
def largest_country_share(view: View) -> Array:
    return view.country_shares[0]


@indicator(
    "1",
    {"en": "Concentration of supply", "nl": "Concentratie van het aanbod"},
    {
        "en": "Herfindahl index of world output over countries, 0 to 1, by stage and material.",
        "nl": "Herfindahl-index van de wereldproductie over landen, 0 tot 1, per schakel en materiaal.",
    },
    direction=-1,
    axes=("stage", "material"),
)
def concentration(view: View) -> Array:
    return view.country_shares[1]


def _capacity_share(view: View, capacity: Array) -> float:
    """Capacity over use, all materials together by value at long-run cost."""
    return ratio(float((capacity * view.value).sum()), float((view.total_use * view.value).sum()))


@indicator(
    "1",
    {"en": "Extraction capacity over use", "nl": "Wincapaciteit gedeeld door gebruik"},
    {
        "en": "Capacity of mines in the Union over its use of the modelled materials together, by value. Not a "
        "national target.",
        "nl": "Capaciteit van mijnen in de Unie gedeeld door haar gebruik van de gemodelleerde materialen samen, "
        "naar waarde. Geen nationaal doel.",
    },
    direction=1,
    target=0.10,
    target_source=LAW,
    summary="end",
)
def extraction_capacity(view: View) -> float:
    return _capacity_share(view, view.home_capacity[0])


@indicator(
    "1",
    {"en": "Processing capacity over use", "nl": "Verwerkingscapaciteit gedeeld door gebruik"},
    {
        "en": "Capacity of refineries in the Union over its use of the modelled materials together, by value. Not "
        "a national target.",
        "nl": "Capaciteit van raffinaderijen in de Unie gedeeld door haar gebruik van de gemodelleerde materialen "
        "samen, naar waarde. Geen nationaal doel.",
    },
    direction=1,
    headline=True,
    target=0.40,
    target_source=LAW,
    summary="end",
)
def processing_capacity(view: View) -> float:
    return _capacity_share(view, view.home_capacity[1])


@indicator(
    "1",
    {"en": "Recycling capacity over use", "nl": "Recyclingcapaciteit gedeeld door gebruik"},
    {
        "en": "What recyclers in the Union could recover at full capacity from scrap of today's composition, over "
        "its use of the modelled materials together, by value. Not a national target.",
        "nl": "Wat recyclers in de Unie op volle capaciteit uit schroot van nu kunnen terugwinnen, gedeeld door "
        "het gebruik van de gemodelleerde materialen samen, naar waarde. Geen nationaal doel.",
    },
    direction=1,
    target=0.25,
    target_source=LAW,
    summary="end",
)
def recycling_capacity_share(view: View) -> float:
    recyclers = view.recyclers
    content = view.model.stream_content[recyclers.stream] * recyclers.recovery
    able = (content * (recyclers.capacity * view.alive)[:, None]).sum(axis=0)
    return _capacity_share(view, able)


@indicator(
    "1",
    {"en": "Unmet demand", "nl": "Onvervulde vraag"},
    {
        "en": "Share of what home makers wanted to buy of a material that was not to be had at the price.",
        "nl": "Deel van wat makers hier van een materiaal wilden kopen dat voor de prijs niet te krijgen was.",
    },
    direction=-1,
    axes=("material",),
)
def unmet_demand(view: View) -> Array:
    return view.model.materials_trade.home_rationed


@indicator(
    "EUR/month",
    {"en": "Output lost to shortage", "nl": "Productie verloren door tekorten"},
    {
        "en": "Value of goods that home makers had planned and could not make for want of inputs.",
        "nl": "Waarde van goederen die makers hier hadden gepland en bij gebrek aan grondstoffen niet konden maken.",
    },
    direction=-1,
    headline=True,
    summary="sum",
)
def output_lost(view: View) -> float:
    firms = view.firms
    return float((firms.planned * firms.shortage * firms.price * firms.active).sum())


@indicator(
    "month",
    {"en": "Months of cover", "nl": "Maanden voorraad"},
    {
        "en": "Stocks of home makers and public stockpiles over what makers put in in a month, by material; "
        "undefined where makers use none.",
        "nl": "Voorraden van makers hier en publieke voorraden gedeeld door wat makers per maand verbruiken, per "
        "materiaal; niet bepaald waar makers niets gebruiken.",
    },
    direction=1,
    axes=("material",),
)
def months_of_cover(view: View) -> Array:
    firms, books, model = view.firms, view.books, view.model
    held = books.stock[firms.inputs].sum(axis=0)
    for instrument in model.governments.traders:
        held = held + books.stock[model.stockpile_place(instrument)]
    return ratio(held, (firms.orders[:, None] * firms.gross_need).sum(axis=0))


@indicator(
    "1",
    {"en": "Regime of the bloc", "nl": "Regime van het blok"},
    {
        "en": "What a bloc does with a material: 0 normal, 1 restrict, 2 flood.",
        "nl": "Wat een blok met een materiaal doet: 0 gewoon, 1 beperken, 2 overspoelen.",
    },
    axes=("bloc", "material"),
)
def regime(view: View) -> Array:
    return np.array([bloc.regime for bloc in view.model.blocs], dtype=np.float64)
