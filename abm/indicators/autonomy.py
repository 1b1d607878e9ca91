"""Strategic autonomy: prices, dependence, concentration, capacity at home, and what shortages cost.

Home is the modelled area, by default the European Union. The benchmarks of Regulation (EU) 2024/1252
hold for the Union and all strategic materials together; they are no national targets.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.indicators.indicator import SMALL, Ratio, indicator
from abm.indicators.quantities import Quantities, across

Array = NDArray[np.float64]

LAW = "Regulation (EU) 2024/1252 (Critical Raw Materials Act), article 5"
LIMIT = 0.65  # share of one third country in supply


@indicator(
    unit="EUR/kg",
    title={"en": "Price outside the blocs", "nl": "Prijs buiten de blokken"},
    meaning={
        "en": "Price of refined material on the market on which home makers buy, outside the state-backed blocs.",
        "nl": "Prijs van geraffineerd materiaal op de markt waarop eigen producenten kopen, buiten de door de staat "
        "gesteunde blokken.",
    },
    direction=0,
    axes=("material",),
)
def price_outside(view: Quantities) -> Array:
    return view.price_outside


@indicator(
    unit="EUR/kg",
    title={"en": "Price inside the blocs", "nl": "Prijs binnen de blokken"},
    meaning={
        "en": "Price of refined material inside each state-backed bloc. It stays behind the price outside when "
        "exports are restricted: the advantage of the bloc's own makers.",
        "nl": "Prijs van geraffineerd materiaal binnen elk door de staat gesteund blok. Bij een uitvoerbeperking "
        "blijft die achter bij de prijs erbuiten: het voordeel van de producenten in het blok.",
    },
    direction=0,
    axes=("bloc", "material"),
)
def price_inside(view: Quantities) -> Array:
    return view.price[..., 1:, :]


@indicator(
    unit="1",
    title={"en": "Price multiple", "nl": "Prijsveelvoud"},
    meaning={
        "en": "Price outside the blocs over its mean in the twelve months before; 1 is a quiet market. Months before "
        "the run count with the price at the start.",
        "nl": "Prijs buiten de blokken ten opzichte van het gemiddelde van de twaalf maanden ervoor; 1 is een rustige "
        "markt. Maanden vóór het begin tellen mee met de beginprijs.",
    },
    direction=-1,
    axes=("material",),
)
def price_multiple(view: Quantities) -> Ratio:
    return Ratio(view.price_outside, view.year.mean_before("price_outside"))


@indicator(
    unit="1",
    title={"en": "Cost of materials", "nl": "Kosten van materialen"},
    meaning={
        "en": "What the materials that home makers and imports contain cost now, over what they would cost at "
        "long-run marginal cost.",
        "nl": "Wat de materialen in het gebruik van eigen producenten en in invoer nu kosten, ten opzichte van wat ze "
        "tegen de marginale kosten op lange termijn zouden kosten.",
    },
    undefined={"en": "Undefined without use.", "nl": "Niet bepaald zonder gebruik."},
    direction=-1,
    headline=True,
)
def material_cost_index(view: Quantities) -> Ratio:
    need = view.requirement
    return Ratio(across(need * view.price_outside), need @ view.frame.reference)


def _dependence(use: Array, output: Array) -> Ratio:
    """Share of use (M,) that output at home (M,) does not cover, between 0 and 1."""
    return Ratio(np.maximum(use - output, 0.0), use)


@indicator(
    unit="1",
    title={"en": "Import dependence of direct use", "nl": "Importafhankelijkheid van direct gebruik"},
    meaning={
        "en": "Share of the refined material used at home, by the makers of the model and by other industry, that is "
        "neither refined nor recovered at home; past twelve months, zero for a net exporter.",
        "nl": "Aandeel van het geraffineerde materiaal dat in eigen gebied wordt gebruikt, door de producenten in het "
        "model en door andere industrie, dat daar niet is geraffineerd of teruggewonnen; afgelopen twaalf maanden, "
        "nul voor een netto-exporteur.",
    },
    undefined={"en": "Undefined without use.", "nl": "Niet bepaald zonder gebruik."},
    direction=-1,
    axes=("material",),
)
def import_dependence(view: Quantities) -> Ratio:
    return _dependence(view.year.home_use, view.home_supply)


@indicator(
    unit="1",
    title={"en": "Import dependence at extraction", "nl": "Importafhankelijkheid bij winning"},
    meaning={
        "en": "Share of the refined material used at home that is neither mined nor recovered at home; past twelve "
        "months, zero for a net exporter.",
        "nl": "Aandeel van het geraffineerde materiaal dat in eigen gebied wordt gebruikt dat daar niet is gewonnen "
        "of teruggewonnen; afgelopen twaalf maanden, nul voor een netto-exporteur.",
    },
    undefined={"en": "Undefined without use.", "nl": "Niet bepaald zonder gebruik."},
    direction=-1,
    axes=("material",),
)
def import_dependence_extraction(view: Quantities) -> Ratio:
    return _dependence(view.year.home_use, view.year.home_mined + view.year.recovered)


@indicator(
    unit="1",
    title={"en": "Import dependence, embedded imports included", "nl": "Importafhankelijkheid met invoer in goederen"},
    meaning={
        "en": "Share of the material used at home, or contained in imported components and products, that is neither "
        "refined nor recovered at home; past twelve months, zero for a net exporter.",
        "nl": "Aandeel van het materiaal dat in eigen gebied wordt gebruikt of in ingevoerde componenten en producten "
        "zit, dat daar niet is geraffineerd of teruggewonnen; afgelopen twaalf maanden, nul voor een "
        "netto-exporteur.",
    },
    undefined={"en": "Undefined without use.", "nl": "Niet bepaald zonder gebruik."},
    direction=-1,
    axes=("material",),
)
def import_dependence_embedded(view: Quantities) -> Ratio:
    return _dependence(view.wide_use, view.home_supply)


@indicator(
    unit="1",
    title={"en": "Import dependence by value", "nl": "Importafhankelijkheid naar waarde"},
    meaning={
        "en": "Import dependence, embedded imports included, of all materials together, weighted by their value at "
        "long-run marginal cost.",
        "nl": "Importafhankelijkheid, met invoer in goederen, van alle materialen samen, gewogen naar waarde tegen de "
        "marginale kosten op lange termijn.",
    },
    undefined={"en": "Undefined without use.", "nl": "Niet bepaald zonder gebruik."},
    direction=-1,
    headline=True,
)
def import_dependence_overall(view: Quantities) -> Ratio:
    missing, use = _dependence(view.wide_use, view.home_supply)
    return Ratio(missing @ view.frame.reference, use @ view.frame.reference)


@indicator(
    unit="1",
    title={"en": "Largest share of one country in supply", "nl": "Grootste aandeel van één land in het aanbod"},
    meaning={
        "en": "Largest share of a single country abroad in the primary supply that reaches the market of home buyers, "
        "by stage of the chain; past twelve months. At the stages of components and products only state-backed "
        "countries count as one; the others are groups of countries. The Union should not depend for more than 65 % "
        "on one third country.",
        "nl": "Grootste aandeel van één land buiten het eigen gebied in het primaire aanbod op de markt van eigen "
        "kopers, per schakel van de keten; afgelopen twaalf maanden. Bij componenten en producten tellen alleen door "
        "de staat gesteunde landen als één land; de overige zijn landengroepen. De Unie zou voor niet meer dan 65 % "
        "van één derde land afhankelijk moeten zijn.",
    },
    undefined={"en": "Undefined where there is no supply.", "nl": "Niet bepaald waar geen aanbod is."},
    direction=-1,
    axes=("stage", "material"),
    target=LIMIT,
    target_source=LAW,
)
def largest_country_share(view: Quantities) -> Array:
    return view.largest_share


@indicator(
    unit="1",
    title={
        "en": "Materials that depend on one country for more than 65 %",
        "nl": "Materialen die voor meer dan 65 % van één land afhangen",
    },
    meaning={
        "en": "Number of materials of whose supply one country abroad delivers more than 65 % at any stage of the "
        "chain.",
        "nl": "Aantal materialen waarvan één land buiten het eigen gebied in een schakel van de keten meer dan 65 % "
        "van het aanbod levert.",
    },
    direction=-1,
    headline=True,
)
def materials_over_limit(view: Quantities) -> Array:
    return across(np.logical_or.reduce(view.largest_share > LIMIT, axis=-2).astype(np.float64))


@indicator(
    unit="1",
    title={"en": "Concentration of supply", "nl": "Concentratie van het aanbod"},
    meaning={
        "en": "Herfindahl–Hirschman index of the sources of primary supply on the market of home buyers in the past "
        "twelve months, by stage: 0 is spread out, 1 a single source. Home counts as one source, groups of countries "
        "as one too.",
        "nl": "Herfindahl-Hirschman-index van de bronnen van primair aanbod op de markt van eigen kopers in de "
        "afgelopen twaalf maanden, per schakel: 0 is gespreid, 1 is één bron. Het eigen gebied telt als één bron, "
        "landengroepen ook.",
    },
    undefined={"en": "Undefined where there is no supply.", "nl": "Niet bepaald waar geen aanbod is."},
    direction=-1,
    axes=("stage", "material"),
)
def supply_concentration(view: Quantities) -> Array:
    return view.concentration


@indicator(
    unit="1",
    title={"en": "Capacity at home over use", "nl": "Eigen capaciteit ten opzichte van gebruik"},
    meaning={
        "en": "Capacity at home to extract, to process and to recycle, over yearly use at home, by material. Plants "
        "that are mothballed or under construction do not count. Recycling stands against the material in the "
        "modelled products bought at home.",
        "nl": "Capaciteit in eigen gebied om te winnen, te verwerken en te recyclen, ten opzichte van het jaarlijkse "
        "gebruik daar, per materiaal. Stilgelegde installaties en installaties in aanbouw tellen niet mee. Recycling "
        "staat tegenover het materiaal in de gemodelleerde producten die daar worden gekocht.",
    },
    undefined={"en": "Undefined without use.", "nl": "Niet bepaald zonder gebruik."},
    direction=1,
    axes=("step", "material"),
)
def home_capacity(view: Quantities) -> Ratio:
    return Ratio(view.home_capacity, view.step_use)


@indicator(
    unit="1",
    title={"en": "Output at home over use", "nl": "Eigen productie ten opzichte van gebruik"},
    meaning={
        "en": "Material mined, refined and recovered at home in the past twelve months over use at home, by material: "
        "what capacity really delivers.",
        "nl": "Materiaal dat in de afgelopen twaalf maanden in eigen gebied is gewonnen, geraffineerd en "
        "teruggewonnen, ten opzichte van het gebruik daar, per materiaal: wat capaciteit werkelijk oplevert.",
    },
    undefined={"en": "Undefined without use.", "nl": "Niet bepaald zonder gebruik."},
    direction=1,
    axes=("step", "material"),
)
def home_output(view: Quantities) -> Ratio:
    return Ratio(view.home_output, view.step_use)


@indicator(
    unit="1",
    title={
        "en": "Output at home over use, materials together",
        "nl": "Eigen productie ten opzichte van gebruik, samen",
    },
    meaning={
        "en": "Material mined, refined and recovered at home over use at home, all materials together by mass; to be "
        "read beside capacity.",
        "nl": "Materiaal dat in eigen gebied is gewonnen, geraffineerd en teruggewonnen, ten opzichte van het gebruik "
        "daar, alle materialen samen naar massa; te lezen naast de capaciteit.",
    },
    undefined={"en": "Undefined without use.", "nl": "Niet bepaald zonder gebruik."},
    direction=1,
    axes=("step",),
)
def home_output_together(view: Quantities) -> Ratio:
    return Ratio(across(view.home_output), across(view.step_use))


@indicator(
    unit="1",
    title={"en": "Breadth of capacity at home", "nl": "Breedte van de eigen capaciteit"},
    meaning={
        "en": "Mean over the materials used of capacity at home over use at home, each material counting alike and "
        "for no more than its own use, so that one bulk metal cannot stand in for the rest.",
        "nl": "Gemiddelde over gebruikte materialen van eigen capaciteit ten opzichte van eigen gebruik. Elk "
        "materiaal telt even zwaar en niet verder dan het eigen gebruik, zodat één bulkmetaal de rest niet verhult.",
    },
    undefined={"en": "Undefined without use.", "nl": "Niet bepaald zonder gebruik."},
    direction=1,
    axes=("step",),
)
def capacity_breadth(view: Quantities) -> Ratio:
    used = view.step_use > SMALL
    covered = np.minimum(view.home_capacity / np.maximum(view.step_use, SMALL), 1.0) * used
    return Ratio(across(covered), across(used.astype(np.float64)))


def _together(view: Quantities, step: int) -> Ratio:
    """Capacity of a step over use, all materials together."""
    return Ratio(across(view.home_capacity[..., step, :]), across(view.step_use[..., step, :]))


@indicator(
    unit="1",
    title={"en": "Extraction capacity over use", "nl": "Winningscapaciteit ten opzichte van gebruik"},
    meaning={
        "en": "Capacity of mines at home over the yearly use of all modelled materials at home together, by mass. "
        "Bulk metals weigh most: see also capacity by material. The Union aims at 10 % in 2030.",
        "nl": "Capaciteit van eigen mijnen ten opzichte van het jaarlijkse eigen gebruik van alle gemodelleerde "
        "materialen samen, naar massa. Bulkmetalen wegen het zwaarst: zie ook de capaciteit per materiaal. De Unie "
        "streeft naar 10 % in 2030.",
    },
    undefined={"en": "Undefined without use.", "nl": "Niet bepaald zonder gebruik."},
    direction=1,
    target=0.10,
    target_source=LAW,
    headline=True,
)
def extraction_capacity(view: Quantities) -> Ratio:
    return _together(view, 0)


@indicator(
    unit="1",
    title={"en": "Processing capacity over use", "nl": "Verwerkingscapaciteit ten opzichte van gebruik"},
    meaning={
        "en": "Capacity of refineries at home over the yearly use of all modelled materials at home together, by "
        "mass. Bulk metals weigh most: see also capacity by material. The Union aims at 40 % in 2030.",
        "nl": "Capaciteit van eigen raffinaderijen ten opzichte van het jaarlijkse eigen gebruik van alle "
        "gemodelleerde materialen samen, naar massa. Bulkmetalen wegen het zwaarst: zie ook de capaciteit per "
        "materiaal. De Unie streeft naar 40 % in 2030.",
    },
    undefined={"en": "Undefined without use.", "nl": "Niet bepaald zonder gebruik."},
    direction=1,
    target=0.40,
    target_source=LAW,
    headline=True,
)
def processing_capacity(view: Quantities) -> Ratio:
    return _together(view, 1)


@indicator(
    unit="1",
    title={"en": "Recycling capacity over use", "nl": "Recyclingcapaciteit ten opzichte van gebruik"},
    meaning={
        "en": "Material that recyclers at home could recover in a year from scrap of usual composition, over the "
        "material in the modelled products bought at home, all materials together, by mass. Metal scrap from goods "
        "outside the model is on neither side. The Union aims at 25 % in 2030.",
        "nl": "Materiaal dat eigen recyclingbedrijven in een jaar uit schroot van gewone samenstelling kunnen "
        "terugwinnen, ten opzichte van het materiaal in de gemodelleerde producten die in eigen gebied worden "
        "gekocht, alle materialen samen naar massa. Schroot van goederen buiten het model telt aan geen van beide "
        "kanten. De Unie streeft naar 25 % in 2030.",
    },
    undefined={"en": "Undefined without use.", "nl": "Niet bepaald zonder gebruik."},
    direction=1,
    target=0.25,
    target_source=LAW,
    headline=True,
    summary="end",
)
def recycling_capacity(view: Quantities) -> Ratio:
    return _together(view, 2)


@indicator(
    unit="1",
    title={"en": "Unmet demand", "nl": "Onvervulde vraag"},
    meaning={
        "en": "Share of the material that home makers asked for in the past twelve months, refined and in components, "
        "that did not come: withheld, rationed, or too dear to be worth its use.",
        "nl": "Aandeel van het materiaal dat eigen producenten in de afgelopen twaalf maanden vroegen, geraffineerd en "
        "in componenten, dat niet kwam: achtergehouden, gerantsoeneerd of te duur voor het gebruik.",
    },
    undefined={"en": "Undefined if nothing was asked for.", "nl": "Niet bepaald als er niets werd gevraagd."},
    direction=-1,
    axes=("material",),
)
def unmet_demand(view: Quantities) -> Ratio:
    return Ratio(view.year.missed_inputs, view.year.wanted_inputs)


@indicator(
    unit="EUR/yr",
    title={"en": "Value added lost to shortage", "nl": "Toegevoegde waarde verloren door tekorten"},
    meaning={
        "en": "Labour and profit in the output that home makers planned in the past twelve months and could not make "
        "for want of material.",
        "nl": "Arbeidsinkomen en winst in de productie die eigen producenten in de afgelopen twaalf maanden hadden "
        "gepland maar door gebrek aan materiaal niet konden maken.",
    },
    direction=-1,
    headline=True,
)
def shortage_loss(view: Quantities) -> Array:
    return view.year.shortage_loss


@indicator(
    unit="month",
    title={"en": "Months of cover", "nl": "Maanden voorraaddekking"},
    meaning={
        "en": "Stocks of home makers and public stockpiles over the monthly use of home makers in the past twelve "
        "months.",
        "nl": "Voorraden van eigen producenten en strategische voorraden ten opzichte van het maandelijkse gebruik "
        "van eigen producenten in de afgelopen twaalf maanden.",
    },
    undefined={"en": "Undefined without use.", "nl": "Niet bepaald zonder gebruik."},
    direction=1,
    axes=("material",),
)
def months_of_cover(view: Quantities) -> Ratio:
    return Ratio(12.0 * (view.makers_stock + view.stockpiles), view.year.used_inputs)


@indicator(
    unit="t",
    title={"en": "Strategic stockpiles", "nl": "Strategische voorraden"},
    meaning={
        "en": "Material in stockpiles that governments hold, share in or demand.",
        "nl": "Materiaal in strategische voorraden die overheden aanhouden, delen of opleggen.",
    },
    direction=0,
    axes=("material",),
    summary="end",
)
def stockpile(view: Quantities) -> Array:
    return view.stockpiles / 1000.0


@indicator(
    unit="t/yr",
    title={"en": "Exports withheld by the blocs", "nl": "Uitvoer die de blokken achterhouden"},
    meaning={
        "en": "Refined material that state-backed blocs kept back against their usual exports in the past twelve "
        "months, without what used to go into stockpiles that buy no longer.",
        "nl": "Geraffineerd materiaal dat door de staat gesteunde blokken in de afgelopen twaalf maanden achterhielden "
        "ten opzichte van hun gewone uitvoer, zonder wat naar voorraden ging die niet meer inkopen.",
    },
    direction=-1,
    axes=("material",),
)
def exports_withheld(view: Quantities) -> Array:
    return view.year.withheld / 1000.0


@indicator(
    unit="1",
    title={"en": "Regime of the blocs", "nl": "Regime van de blokken"},
    meaning={
        "en": "What each state-backed bloc does with a material: 0 trades as usual, 1 restricts exports, 2 floods the "
        "market, 3 withholds exports in answer to duties.",
        "nl": "Wat elk door de staat gesteund blok met een materiaal doet: 0 gewone handel, 1 uitvoer beperken, 2 de "
        "markt overspoelen, 3 uitvoer achterhouden als antwoord op heffingen.",
    },
    direction=0,
    axes=("bloc", "material"),
    summary="end",
)
def regime(view: Quantities) -> Array:
    return view.regime


@indicator(
    unit="month",
    title={"en": "Time to recover", "nl": "Hersteltijd"},
    meaning={
        "en": "Months since supply of a material was last undisturbed, at most sixty, and zero while it is: it is "
        "disturbed when its price outside the blocs is over one and a half times long-run cost, or home makers lack "
        "more than a twentieth of what they ask for. The largest value in a run is the time it took to recover.",
        "nl": "Maanden sinds de levering van een materiaal voor het laatst ongestoord was, hoogstens zestig, en nul "
        "zolang zij dat is: zij is verstoord als de prijs buiten de blokken hoger is dan anderhalf keer de kosten op "
        "lange termijn, of als eigen producenten meer dan een twintigste missen van wat zij vragen. De hoogste waarde "
        "in een run is de tijd die herstel kostte.",
    },
    direction=-1,
    axes=("material",),
)
def time_to_recover(view: Quantities) -> Array:
    return view.disturbed
