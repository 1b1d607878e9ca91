"""Environment: raw material from the ground, greenhouse gases by origin, and what is lost.

Avoided emissions are no indicator: they are the difference between two paired runs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.indicators.indicator import Ratio, indicator
from abm.indicators.quantities import Quantities, across, down

Array = NDArray[np.float64]
TONNES = 1e-3  # per kg


@indicator(
    unit="t/yr",
    title={"en": "Primary material for home consumption", "nl": "Primaire grondstoffen voor eigen consumptie"},
    meaning={
        "en": "Primary material in the products bought at home, wherever they were made; past twelve months.",
        "nl": "Primair materiaal in de producten die in eigen gebied zijn gekocht, waar ook gemaakt; afgelopen twaalf "
        "maanden.",
    },
    direction=-1,
    axes=("jurisdiction", "material"),
)
def primary_use(view: Quantities) -> Array:
    return view.frame.tree @ view.year.sold_primary * TONNES


@indicator(
    unit="t/yr",
    title={"en": "Use of primary raw materials", "nl": "Gebruik van primaire grondstoffen"},
    meaning={
        "en": "Primary material in the products bought at home, all modelled materials together by mass; past twelve "
        "months.",
        "nl": "Primair materiaal in de producten die in eigen gebied zijn gekocht, alle gemodelleerde materialen "
        "samen naar massa; afgelopen twaalf maanden.",
    },
    direction=-1,
    headline=True,
)
def primary_use_total(view: Quantities) -> Array:
    return across(down(view.year.sold_primary)) * TONNES


@indicator(
    unit="kg/1000 EUR",
    title={
        "en": "Primary material per thousand euro of products",
        "nl": "Primaire grondstoffen per duizend euro product",
    },
    meaning={
        "en": "Primary material in the products bought at home over what was paid for them without tax; past twelve "
        "months. Absolute use may grow while this falls.",
        "nl": "Primair materiaal in de producten die in eigen gebied zijn gekocht ten opzichte van wat ervoor is "
        "betaald zonder belasting; afgelopen twaalf maanden. Het absolute gebruik kan groeien terwijl dit daalt.",
    },
    undefined={"en": "Undefined if nothing was sold.", "nl": "Niet bepaald als er niets is verkocht."},
    direction=-1,
)
def primary_intensity(view: Quantities) -> Ratio:
    return Ratio(1000.0 * across(down(view.year.sold_primary)), across(down(view.year.turnover)))


@indicator(
    unit="t/yr",
    title={"en": "World mining", "nl": "Wereldwijde mijnbouw"},
    meaning={
        "en": "Material mined in the whole world for all uses in the past twelve months.",
        "nl": "Materiaal dat in de afgelopen twaalf maanden in de hele wereld voor alle toepassingen is gewonnen.",
    },
    direction=0,
    axes=("material",),
)
def world_mining(view: Quantities) -> Array:
    return TONNES * view.year.world_mining


@indicator(
    unit="t CO2e/yr",
    title={"en": "Greenhouse gases of materials", "nl": "Broeikasgassen van materialen"},
    meaning={
        "en": "Greenhouse gases, from mine to refined material, of the materials that home makers take in and that "
        "imported components and products contain; past twelve months. Making and using the goods is left out.",
        "nl": "Broeikasgassen, van mijn tot geraffineerd materiaal, van de materialen die eigen producenten inzetten "
        "en die ingevoerde componenten en producten bevatten; afgelopen twaalf maanden. Productie en gebruik van de "
        "goederen tellen niet mee.",
    },
    direction=-1,
    headline=True,
)
def greenhouse_gases(view: Quantities) -> Array:
    return across(down(view.gases)) * TONNES


@indicator(
    unit="t CO2e/yr",
    title={"en": "Greenhouse gases of materials by origin", "nl": "Broeikasgassen van materialen naar herkomst"},
    meaning={
        "en": "The same by where the material was refined or recovered: at home or abroad. Material refined at home "
        "counts as home with all its stages, though the ore may come from elsewhere.",
        "nl": "Hetzelfde naar de plaats waar het materiaal is geraffineerd of teruggewonnen: in eigen gebied of "
        "elders. Materiaal dat in eigen gebied is geraffineerd telt daar met alle stappen mee, al kan het erts van "
        "elders komen.",
    },
    direction=-1,
    axes=("origin",),
)
def greenhouse_gases_by_origin(view: Quantities) -> Array:
    return across(view.gases) * TONNES


@indicator(
    unit="t CO2e/yr",
    title={"en": "Greenhouse gases by material", "nl": "Broeikasgassen per materiaal"},
    meaning={
        "en": "Greenhouse gases of the materials that home makers take in and that imports contain, by material.",
        "nl": "Broeikasgassen van de materialen die eigen producenten inzetten en die invoer bevat, per materiaal.",
    },
    direction=-1,
    axes=("material",),
)
def greenhouse_gases_by_material(view: Quantities) -> Array:
    return down(view.gases) * TONNES


@indicator(
    unit="t/yr",
    title={"en": "Material landfilled or incinerated", "nl": "Materiaal gestort of verbrand"},
    meaning={
        "en": "Modelled material that went to landfill or incineration at home in the past twelve months, from bins "
        "and from scrap that nobody bought.",
        "nl": "Gemodelleerd materiaal dat in de afgelopen twaalf maanden in eigen gebied is gestort of verbrand, uit "
        "vuilnisbakken en uit schroot dat niemand kocht.",
    },
    direction=-1,
    axes=("material",),
)
def landfilled(view: Quantities) -> Array:
    return view.year.landfilled * TONNES


@indicator(
    unit="t/yr",
    title={"en": "Material lost at home", "nl": "Materiaalverlies in eigen gebied"},
    meaning={
        "en": "Modelled material landfilled, incinerated or dissipated in other metals and slag at home in the past "
        "twelve months, all materials together by mass.",
        "nl": "Gemodelleerd materiaal dat in de afgelopen twaalf maanden in eigen gebied is gestort, verbrand of "
        "opgegaan in andere metalen en slakken, alle materialen samen naar massa.",
    },
    direction=-1,
    headline=True,
)
def material_lost(view: Quantities) -> Array:
    return across(view.year.landfilled + view.year.dissipated) * TONNES


@indicator(
    unit="t/yr",
    title={"en": "Material dissipated", "nl": "Materiaal verstrooid"},
    meaning={
        "en": "Material that ended in the stream of another metal or in slag at home in the past twelve months, where "
        "its function is lost.",
        "nl": "Materiaal dat in de afgelopen twaalf maanden in eigen gebied in de stroom van een ander metaal of in "
        "slakken terechtkwam, waar zijn functie verloren gaat.",
    },
    direction=-1,
    axes=("material",),
)
def dissipated(view: Quantities) -> Array:
    return view.year.dissipated * TONNES


@indicator(
    unit="t/yr",
    title={"en": "Material exported as scrap", "nl": "Materiaal uitgevoerd als schroot"},
    meaning={
        "en": "Material in scrap that left for recyclers abroad in the past twelve months; intermediates not counted.",
        "nl": "Materiaal in schroot dat in de afgelopen twaalf maanden naar recyclers in het buitenland ging; zonder "
        "tussenproducten.",
    },
    direction=-1,
    axes=("material",),
)
def scrap_exported(view: Quantities) -> Array:
    return view.year.scrap_exported * TONNES


@indicator(
    unit="t/yr",
    title={"en": "Rock and ore moved by origin", "nl": "Verplaatst gesteente en erts naar herkomst"},
    meaning={
        "en": "Rock, overburden and ore moved to mine the primary material that home needed in the past twelve months, "
        "imported goods included, at home and abroad (total material requirement). What rises abroad as it falls at "
        "home is burden shifted.",
        "nl": "Gesteente, deklaag en erts die zijn verplaatst voor de winning van het primaire materiaal dat in eigen "
        "gebied in de afgelopen twaalf maanden nodig was, ingevoerde goederen inbegrepen, in eigen gebied en elders "
        "(totale materiaalbehoefte). Wat elders stijgt terwijl het hier daalt, is afgewenteld.",
    },
    direction=-1,
    axes=("origin",),
)
def rock_moved(view: Quantities) -> Array:
    return across(view.rock) * TONNES


@indicator(
    unit="t CO2e/yr",
    title={"en": "Greenhouse gases of materials by form", "nl": "Broeikasgassen van materialen naar vorm"},
    meaning={
        "en": "Greenhouse gases of the materials that home needed in the past twelve months by the stage at which they "
        "come in: as primary material refined at home or abroad, from home recyclers, or within imported components "
        "and products.",
        "nl": "Broeikasgassen van de materialen die eigen gebied in de afgelopen twaalf maanden nodig had, naar de "
        "schakel waarin zij binnenkomen: als primair materiaal dat in eigen gebied of elders is geraffineerd, van "
        "eigen recyclingbedrijven, of in ingevoerde componenten en producten.",
    },
    direction=-1,
    axes=("form",),
)
def greenhouse_gases_by_form(view: Quantities) -> Array:
    return view.gases_by_form * TONNES
