"""Value retention and circularity: how much is kept in use, comes back, and at what quality.

Manufacturing scrap and end-of-life goods are never mixed in an indicator unless it says so.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.indicators.indicator import Ratio, indicator
from abm.indicators.quantities import Quantities, across, down

Array = NDArray[np.float64]


@indicator(
    unit="1",
    title={"en": "End-of-life recycling rate", "nl": "Recyclingpercentage aan het einde van de levensduur"},
    meaning={
        "en": "Material recovered at functional grade from end-of-life goods over the material in goods that left use "
        "at home in the past twelve months. Goods exported for use elsewhere count as left; those in drawers do not. "
        "It can pass 1 for a while when recyclers work off stocks of scrap.",
        "nl": "Materiaal dat op functionele kwaliteit uit afgedankte goederen is teruggewonnen ten opzichte van het "
        "materiaal in goederen die in de afgelopen twaalf maanden in eigen gebied uit gebruik raakten. Goederen die "
        "voor gebruik elders zijn uitgevoerd tellen mee als afgedankt; goederen in lades niet. Het kan tijdelijk "
        "boven 1 liggen als recyclingbedrijven voorraden schroot wegwerken.",
    },
    undefined={"en": "Undefined if nothing left use.", "nl": "Niet bepaald als niets uit gebruik raakte."},
    direction=1,
    axes=("material",),
)
def end_of_life_recycling_rate(view: Quantities) -> Ratio:
    return Ratio(view.year.end_of_life_recovered, view.year.end_of_life)


@indicator(
    unit="1",
    title={"en": "High-grade recycling by value", "nl": "Hoogwaardige recycling naar waarde"},
    meaning={
        "en": "End-of-life recycling rate of all materials together, weighted by their value at long-run marginal "
        "cost.",
        "nl": "Recyclingpercentage aan het einde van de levensduur van alle materialen samen, gewogen naar waarde "
        "tegen de marginale kosten op lange termijn.",
    },
    undefined={"en": "Undefined if nothing left use.", "nl": "Niet bepaald als niets uit gebruik raakte."},
    direction=1,
    headline=True,
)
def high_grade_recycling(view: Quantities) -> Ratio:
    price = view.frame.reference
    return Ratio(view.year.end_of_life_recovered @ price, view.year.end_of_life @ price)


@indicator(
    unit="1",
    title={"en": "End-of-life recycling input rate", "nl": "Inzet van recyclaat uit afgedankte goederen"},
    meaning={
        "en": "Material recovered from end-of-life goods and brought to functional grade at home, over all material "
        "that home makers take in, refined or in components; past twelve months. Intermediates that leave for "
        "processing abroad do not count, and neither does scrap of goods outside the model, so that it is lower than "
        "official rates.",
        "nl": "Materiaal dat uit afgedankte goederen is teruggewonnen en in eigen gebied op functionele kwaliteit is "
        "gebracht, ten opzichte van al het materiaal dat eigen producenten inzetten, geraffineerd of in componenten; "
        "afgelopen twaalf maanden. Tussenproducten die voor bewerking het land uitgaan tellen niet mee, en schroot "
        "van goederen buiten het model evenmin, zodat het lager is dan officiële cijfers.",
    },
    undefined={"en": "Undefined without use.", "nl": "Niet bepaald zonder gebruik."},
    direction=1,
    axes=("material",),
)
def end_of_life_recycling_input_rate(view: Quantities) -> Ratio:
    year = view.year
    intake = year.makers_primary + year.makers_secondary + year.component_import
    return Ratio(year.graded_at_home, intake)


@indicator(
    unit="1",
    title={"en": "End-of-life-derived share of use", "nl": "Aandeel uit afgedankte goederen in het gebruik"},
    meaning={
        "en": "Material recovered from end-of-life goods over the material in the products bought at home, what "
        "imported products contain included; past twelve months.",
        "nl": "Materiaal dat uit afgedankte goederen is teruggewonnen ten opzichte van het materiaal in de producten "
        "die in eigen gebied zijn gekocht, ook wat ingevoerde producten bevatten; afgelopen twaalf maanden.",
    },
    undefined={"en": "Undefined without use.", "nl": "Niet bepaald zonder gebruik."},
    direction=1,
    axes=("material",),
)
def end_of_life_share_of_use(view: Quantities) -> Ratio:
    return Ratio(view.year.end_of_life_recovered, view.consumption)


@indicator(
    unit="1",
    title={"en": "Manufacturing-scrap-derived share of use", "nl": "Aandeel uit productieafval in het gebruik"},
    meaning={
        "en": "Material recovered from manufacturing scrap over the material in the products bought at home; past "
        "twelve months. It returns losses of production and saves no goods from the bin.",
        "nl": "Materiaal dat uit productieafval is teruggewonnen ten opzichte van het materiaal in de producten die "
        "in eigen gebied zijn gekocht; afgelopen twaalf maanden. Het beperkt productieverliezen en houdt geen "
        "goederen uit de vuilnisbak.",
    },
    undefined={"en": "Undefined without use.", "nl": "Niet bepaald zonder gebruik."},
    direction=0,
    axes=("material",),
)
def manufacturing_scrap_share_of_use(view: Quantities) -> Ratio:
    return Ratio(np.maximum(view.year.recovered - view.year.end_of_life_recovered, 0.0), view.consumption)


@indicator(
    unit="1",
    title={"en": "Circular material use rate", "nl": "Gebruik van secundair materiaal"},
    meaning={
        "en": "Material recovered from end-of-life goods over the material in the products bought at home, all "
        "modelled metals and minerals together by mass; past twelve months. Not comparable with Eurostat's rate, "
        "which covers all materials.",
        "nl": "Materiaal dat uit afgedankte goederen is teruggewonnen ten opzichte van het materiaal in de producten "
        "die in eigen gebied zijn gekocht, alle gemodelleerde metalen en mineralen samen naar massa; afgelopen "
        "twaalf maanden. Niet vergelijkbaar met het cijfer van Eurostat, dat alle materialen omvat.",
    },
    undefined={"en": "Undefined without use.", "nl": "Niet bepaald zonder gebruik."},
    direction=1,
    headline=True,
)
def circular_material_use_rate(view: Quantities) -> Ratio:
    return Ratio(across(view.year.end_of_life_recovered), across(view.consumption))


@indicator(
    unit="1",
    title={"en": "Recycled content", "nl": "Recyclaatgehalte"},
    meaning={
        "en": "Secondary material, from end-of-life goods and manufacturing scrap together as the Battery Regulation "
        "counts it, over the refined material that home makers bought in the past twelve months.",
        "nl": "Secundair materiaal, uit afgedankte goederen en productieafval samen zoals de Batterijverordening het "
        "telt, ten opzichte van het geraffineerde materiaal dat eigen producenten in de afgelopen twaalf maanden "
        "kochten.",
    },
    undefined={"en": "Undefined if none was bought.", "nl": "Niet bepaald als er niets is gekocht."},
    direction=1,
    axes=("material",),
)
def recycled_content(view: Quantities) -> Ratio:
    return Ratio(view.year.makers_secondary, view.year.makers_secondary + view.year.makers_primary)


@indicator(
    unit="1",
    title={"en": "Collection rate by product", "nl": "Inzamelpercentage per product"},
    meaning={
        "en": "Share of households' products that left use at home that is collected apart; past twelve months. The "
        "rest goes into the bin or abroad.",
        "nl": "Aandeel van de producten van huishoudens die in eigen gebied uit gebruik raakten dat gescheiden is "
        "ingezameld; afgelopen twaalf maanden. De rest gaat in de vuilnisbak of naar het buitenland.",
    },
    undefined={"en": "Undefined if nothing left use.", "nl": "Niet bepaald als niets uit gebruik raakte."},
    direction=1,
    axes=("product",),
)
def collection_rate(view: Quantities) -> Ratio:
    return Ratio(view.year.collected_units, view.year.left_units)


@indicator(
    unit="1",
    title={"en": "Collection rate by material", "nl": "Inzamelpercentage per materiaal"},
    meaning={
        "en": "Share of the material in goods that left use at home, of households, business and government, that is "
        "collected apart; past twelve months.",
        "nl": "Aandeel van het materiaal in goederen van huishoudens, bedrijven en overheid die in eigen gebied uit "
        "gebruik raakten dat gescheiden is ingezameld; afgelopen twaalf maanden.",
    },
    undefined={"en": "Undefined if nothing left use.", "nl": "Niet bepaald als niets uit gebruik raakte."},
    direction=1,
    axes=("material",),
)
def collected_material(view: Quantities) -> Ratio:
    return Ratio(view.year.collected, view.year.end_of_life)


@indicator(
    unit="1",
    title={"en": "Repair share", "nl": "Reparatieaandeel"},
    meaning={
        "en": "Repairs over repairs and replacements by households in the past twelve months.",
        "nl": "Reparaties ten opzichte van reparaties en vervangingen door huishoudens in de afgelopen twaalf maanden.",
    },
    undefined={"en": "Undefined without either.", "nl": "Niet bepaald zonder een van beide."},
    direction=1,
    axes=("product",),
)
def repair_share(view: Quantities) -> Ratio:
    repairs = view.year.bought[..., 1]
    return Ratio(repairs, repairs + view.year.replaced[..., 0, :])


@indicator(
    unit="1",
    title={"en": "Reuse share", "nl": "Hergebruikaandeel"},
    meaning={
        "en": "Used and refurbished products over all products that households bought in the past twelve months.",
        "nl": "Tweedehands en gereviseerde producten ten opzichte van alle producten die huishoudens in de afgelopen "
        "twaalf maanden kochten.",
    },
    undefined={"en": "Undefined if none was bought.", "nl": "Niet bepaald als er niets is gekocht."},
    direction=1,
    axes=("product",),
)
def reuse_share(view: Quantities) -> Ratio:
    bought = view.year.bought
    return Ratio(bought[..., 2], across(bought[..., 2:]))


@indicator(
    unit="yr",
    title={"en": "Time in use", "nl": "Gebruiksduur"},
    meaning={
        "en": "Mean years that products replaced by households in the past twelve months were with their owner. Where "
        "stocks grow fast, old products are few and the mean is short.",
        "nl": "Gemiddeld aantal jaren dat producten die huishoudens in de afgelopen twaalf maanden vervingen bij hun "
        "eigenaar waren. Waar het bezit snel groeit zijn oude producten schaars en is het gemiddelde kort.",
    },
    undefined={"en": "Undefined if none was replaced.", "nl": "Niet bepaald als er niets is vervangen."},
    direction=1,
    axes=("product",),
)
def time_in_use(view: Quantities) -> Ratio:
    replaced = view.year.replaced
    return Ratio(replaced[..., 1, :], replaced[..., 0, :])


@indicator(
    unit="1",
    title={"en": "Life extension", "nl": "Levensduurverlenging"},
    meaning={
        "en": "Years that products replaced by households were with their owner over the mean life for which they "
        "were designed, all product groups together, weighted by mean life; past twelve months.",
        "nl": "Aantal jaren dat door huishoudens vervangen producten bij hun eigenaar waren ten opzichte van de "
        "gemiddelde ontworpen levensduur, alle productgroepen samen, gewogen naar levensduur; afgelopen twaalf "
        "maanden.",
    },
    undefined={"en": "Undefined if none was replaced.", "nl": "Niet bepaald als er niets is vervangen."},
    direction=1,
    headline=True,
)
def life_extension(view: Quantities) -> Ratio:
    replaced = view.year.replaced
    return Ratio(across(replaced[..., 1, :]), replaced[..., 0, :] @ view.frame.lifetime)


@indicator(
    unit="1",
    title={"en": "Value retained at end of life", "nl": "Waardebehoud aan het einde van de levensduur"},
    meaning={
        "en": "Value of products refurbished and of material recovered from end-of-life goods, over what the products "
        "that left use would cost new; past twelve months. Other recoverables and goods exported for reuse are left "
        "out.",
        "nl": "Waarde van gereviseerde producten en van materiaal dat uit afgedankte goederen is teruggewonnen, ten "
        "opzichte van wat de producten die uit gebruik raakten nieuw zouden kosten; afgelopen twaalf maanden. Andere "
        "opbrengsten en goederen die voor hergebruik zijn uitgevoerd tellen niet mee.",
    },
    undefined={"en": "Undefined if nothing left use.", "nl": "Niet bepaald als niets uit gebruik raakte."},
    direction=1,
    headline=True,
)
def value_retention(view: Quantities) -> Ratio:
    return Ratio(view.year.retained_value, view.year.discarded_value)


@indicator(
    unit="1",
    title={"en": "Functional recycling", "nl": "Recycling op functionele kwaliteit"},
    meaning={
        "en": "Material recovered at functional grade from end-of-life goods, over the end-of-life material that "
        "enters any recycling, that of other metals included; past twelve months. The rest is dissipated in other "
        "metals or slag.",
        "nl": "Materiaal dat op functionele kwaliteit uit afgedankte goederen is teruggewonnen, ten opzichte van het "
        "materiaal uit afgedankte goederen dat in enige vorm van recycling terechtkomt, ook die van andere metalen; "
        "afgelopen twaalf maanden. De rest gaat op in andere metalen of slakken.",
    },
    undefined={"en": "Undefined if none enters recycling.", "nl": "Niet bepaald als niets in recycling komt."},
    direction=1,
    axes=("material",),
)
def functional_recycling(view: Quantities) -> Ratio:
    recovered = view.year.end_of_life_recovered
    return Ratio(recovered, recovered + view.year.end_of_life_dissipated)


@indicator(
    unit="1",
    title={"en": "Recovered at home to functional grade", "nl": "In eigen gebied op kwaliteit gebracht"},
    meaning={
        "en": "Share of the material recovered from end-of-life goods that processors at home bring to functional "
        "grade; the rest leaves as an intermediate such as black mass. Past twelve months.",
        "nl": "Aandeel van het uit afgedankte goederen teruggewonnen materiaal dat verwerkers in eigen gebied op "
        "functionele kwaliteit brengen; de rest vertrekt als tussenproduct, zoals zwarte massa. Afgelopen twaalf "
        "maanden.",
    },
    undefined={"en": "Undefined if none was recovered.", "nl": "Niet bepaald als er niets is teruggewonnen."},
    direction=1,
    axes=("material",),
)
def graded_at_home(view: Quantities) -> Ratio:
    return Ratio(view.year.graded_at_home, view.year.end_of_life_recovered)


@indicator(
    unit="t",
    title={"en": "Hoarded material", "nl": "Materiaal in lades"},
    meaning={
        "en": "Material in products that households keep unused in drawers and sheds.",
        "nl": "Materiaal in producten die huishoudens ongebruikt in lades en schuren bewaren.",
    },
    direction=-1,
    axes=("material",),
    summary="end",
)
def hoarded_stock(view: Quantities) -> Array:
    return view.hoarded / 1000.0


@indicator(
    unit="1",
    title={"en": "Hoarded products", "nl": "Producten in lades"},
    meaning={
        "en": "Number of products that households keep unused in drawers and sheds.",
        "nl": "Aantal producten dat huishoudens ongebruikt in lades en schuren bewaren.",
    },
    direction=-1,
    axes=("product",),
    summary="end",
)
def hoarded_products(view: Quantities) -> Array:
    return view.hoarded_products


@indicator(
    unit="t",
    title={"en": "Material in use", "nl": "Materiaal in gebruik"},
    meaning={
        "en": "Material in the products that households, business and government use: the mine of later years.",
        "nl": "Materiaal in producten die huishoudens, bedrijven en overheid gebruiken: de mijn van later jaren.",
    },
    direction=0,
    axes=("jurisdiction", "material"),
    summary="end",
)
def stock_in_use(view: Quantities) -> Array:
    return view.frame.tree @ view.in_use / 1000.0


@indicator(
    unit="t/yr",
    title={"en": "Material recovered from end-of-life goods", "nl": "Materiaal uit afgedankte goederen"},
    meaning={
        "en": "Material that recyclers at home recovered from end-of-life goods in the past twelve months.",
        "nl": "Materiaal dat eigen recyclingbedrijven in de afgelopen twaalf maanden uit afgedankte goederen "
        "terugwonnen.",
    },
    direction=1,
    axes=("material",),
)
def end_of_life_recovery(view: Quantities) -> Array:
    return view.year.end_of_life_recovered / 1000.0


@indicator(
    unit="1",
    title={"en": "Turnover of a kilogram", "nl": "Omloop van een kilogram"},
    meaning={
        "en": "How often a kilogram is used before it is lost, if it goes on as in the past twelve months: one over "
        "the share lost of what leaves use or is refurbished. Goods and scrap exported count as lost; what recyclers "
        "recover from end-of-life goods does not.",
        "nl": "Hoe vaak een kilogram wordt gebruikt voordat hij verloren gaat, als het doorgaat zoals in de afgelopen "
        "twaalf maanden: één gedeeld door het deel dat verloren gaat van wat uit gebruik raakt of wordt gereviseerd. "
        "Uitgevoerde goederen en schroot tellen als verloren; wat recyclingbedrijven uit afgedankte goederen "
        "terugwinnen niet.",
    },
    undefined={"en": "Undefined if nothing is lost.", "nl": "Niet bepaald als niets verloren gaat."},
    direction=1,
    axes=("material",),
)
def turnover(view: Quantities) -> Ratio:
    year = view.year
    whole = year.end_of_life + year.refurbished_content
    return Ratio(whole, np.maximum(whole - year.refurbished_content - year.end_of_life_recovered, 0.0))


@indicator(
    unit="1",
    title={"en": "Reuse of components", "nl": "Hergebruik van componenten"},
    meaning={
        "en": "Mass of components in products that were refurbished, over that in all products that were refurbished "
        "or left use in the past twelve months. Components reused one by one, in repairs, are not counted.",
        "nl": "Massa van componenten in gereviseerde producten, ten opzichte van die in alle producten die in de "
        "afgelopen twaalf maanden zijn gereviseerd of uit gebruik raakten. Componenten die los zijn hergebruikt, bij "
        "reparatie, tellen niet mee.",
    },
    undefined={"en": "Undefined if nothing left use.", "nl": "Niet bepaald als niets uit gebruik raakte."},
    direction=1,
    axes=("component",),
)
def component_reuse(view: Quantities) -> Ratio:
    year, mass = view.year, view.frame.component_mass
    kept = year.refurbished @ mass
    return Ratio(kept, kept + (year.left_units + year.business_units) @ mass)


@indicator(
    unit="1",
    title={"en": "Dilution", "nl": "Verdunning"},
    meaning={
        "en": "Share of the material in end-of-life goods that ends as an impurity in other metals or in slag, and so "
        "loses its physical quality; past twelve months.",
        "nl": "Aandeel van het materiaal in afgedankte goederen dat als verontreiniging in andere metalen of in slak "
        "eindigt en zo zijn fysieke kwaliteit verliest; afgelopen twaalf maanden.",
    },
    undefined={"en": "Undefined if nothing left use.", "nl": "Niet bepaald als niets uit gebruik raakte."},
    direction=-1,
    axes=("material",),
)
def dilution(view: Quantities) -> Ratio:
    return Ratio(view.year.end_of_life_dissipated, view.year.end_of_life)


@indicator(
    unit="t/yr",
    title={"en": "Hazardous content in loops", "nl": "Gevaarlijke stoffen in kringlopen"},
    meaning={
        "en": "Substances of concern in products that were refurbished or collected for recycling in the past twelve "
        "months, at the content of products of today. More loops bring back more of them; design can take them out.",
        "nl": "Zorgwekkende stoffen in producten die in de afgelopen twaalf maanden zijn gereviseerd of voor recycling "
        "ingezameld, bij het gehalte van de producten van nu. Meer kringlopen brengen er meer van terug; ontwerp kan "
        "ze wegnemen.",
    },
    direction=-1,
    axes=("product",),
)
def hazardous_content(view: Quantities) -> Array:
    units = view.year.refurbished + view.year.collected_units + view.year.business_units
    return units * view.frame.hazardous * 1e-3


@indicator(
    unit="1",
    title={"en": "Raw-material budget used", "nl": "Gebruikt grondstoffenbudget"},
    meaning={
        "en": "Primary material in products bought at home in the past twelve months, over a budget that falls in a "
        "straight line from that of the start to the share of it that the goal allows; above one the budget is "
        "overspent.",
        "nl": "Primair materiaal in producten die in de afgelopen twaalf maanden in eigen gebied zijn gekocht, ten "
        "opzichte van een budget dat in een rechte lijn daalt van het gebruik aan het begin naar het deel daarvan dat "
        "het doel toestaat; boven één is het budget overschreden.",
    },
    undefined={"en": "Undefined without a budget.", "nl": "Niet bepaald zonder budget."},
    direction=-1,
    headline=True,
)
def raw_material_budget_used(view: Quantities) -> Ratio:
    return Ratio(across(down(view.year.sold_primary)), view.frame.primary_budget[view.month])
