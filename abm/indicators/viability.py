"""Viability of circular business: do recyclers and circular firms live, earn and grow?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.indicators.indicator import Ratio, indicator
from abm.indicators.quantities import Quantities, across, down

Array = NDArray[np.float64]


@indicator(
    unit="1",
    title={"en": "Recyclers at work", "nl": "Recyclingbedrijven in bedrijf"},
    meaning={
        "en": "Number of recyclers that exist at the end of the month, plants that stand still included, plants under "
        "construction not.",
        "nl": "Aantal recyclingbedrijven aan het eind van de maand, stilliggende inbegrepen, installaties in aanbouw "
        "niet.",
    },
    direction=1,
    headline=True,
)
def recyclers_active(view: Quantities) -> Array:
    return across(view.plants)


@indicator(
    unit="1",
    title={"en": "Recyclers at work by jurisdiction", "nl": "Recyclingbedrijven in bedrijf per gebied"},
    meaning={
        "en": "Number of recyclers at work in each jurisdiction, those in the areas below it included.",
        "nl": "Aantal recyclingbedrijven in bedrijf per gebied, met de gebieden die eronder vallen.",
    },
    direction=1,
    axes=("jurisdiction",),
)
def recyclers_by_jurisdiction(view: Quantities) -> Array:
    return view.plants @ view.frame.tree.T


@indicator(
    unit="t/yr",
    title={"en": "Recycling capacity", "nl": "Recyclingcapaciteit"},
    meaning={
        "en": "Scrap that recyclers at work can process in a year, by stream of scrap.",
        "nl": "Afval en schroot dat recyclingbedrijven in een jaar kunnen verwerken, per afvalstroom.",
    },
    direction=1,
    axes=("stream",),
    summary="end",
)
def recycler_capacity(view: Quantities) -> Array:
    return 12.0 / 1000.0 * view.stream_capacity


@indicator(
    unit="1",
    title={"en": "Use of recycling capacity", "nl": "Bezetting van recyclingcapaciteit"},
    meaning={
        "en": "Scrap processed in the past twelve months over what recyclers at work could process. Low use means "
        "too little scrap, or plants that stand still because they do not pay.",
        "nl": "In de afgelopen twaalf maanden verwerkt schroot ten opzichte van wat recyclingbedrijven konden "
        "verwerken. Een lage bezetting wijst op te weinig schroot, of op installaties die stilliggen omdat ze niet "
        "renderen.",
    },
    undefined={"en": "Undefined without recyclers at work.", "nl": "Niet bepaald zonder recyclingbedrijven."},
    direction=1,
)
def recycler_utilisation(view: Quantities) -> Ratio:
    return Ratio(across(view.year.processed), across(view.year.stream_capacity))


@indicator(
    unit="1",
    title={"en": "Operating margin of recyclers", "nl": "Operationele marge van recyclingbedrijven"},
    meaning={
        "en": "Cash margin of all recyclers over their receipts in the past twelve months: sales and support per kg, "
        "less scrap, energy, labour and other inputs. Investment support and interest are left out.",
        "nl": "Kasmarge van alle recyclingbedrijven ten opzichte van hun ontvangsten in de afgelopen twaalf maanden: "
        "verkopen en steun per kg, min schroot, energie, arbeid en overige kosten. Investeringssteun en rente tellen "
        "niet mee.",
    },
    undefined={"en": "Undefined if nothing was sold.", "nl": "Niet bepaald als er niets is verkocht."},
    direction=1,
    headline=True,
)
def recycler_margin(view: Quantities) -> Ratio:
    sales, support, result = view.recycler_result
    return Ratio(result, sales + support)


@indicator(
    unit="1",
    title={"en": "Margin of recyclers without support", "nl": "Marge van recyclingbedrijven zonder steun"},
    meaning={
        "en": "Cash margin of all recyclers over their sales in the past twelve months, with neither subsidies, "
        "floors, contracts for difference nor certificates.",
        "nl": "Kasmarge van alle recyclingbedrijven ten opzichte van hun verkopen in de afgelopen twaalf maanden, "
        "zonder subsidies, bodemprijzen, contracts for difference en certificaten.",
    },
    undefined={"en": "Undefined if nothing was sold.", "nl": "Niet bepaald als er niets is verkocht."},
    direction=1,
)
def recycler_market_margin(view: Quantities) -> Ratio:
    sales, support, result = view.recycler_result
    return Ratio(result - support, sales)


@indicator(
    unit="1",
    title={
        "en": "Price of secondary over primary material",
        "nl": "Prijs van secundair ten opzichte van primair materiaal",
    },
    meaning={
        "en": "What recyclers received for a kilogram, without support, over the price of primary material at the "
        "time; past twelve months.",
        "nl": "Wat recyclingbedrijven per kilogram ontvingen, zonder steun, ten opzichte van de prijs van primair "
        "materiaal op dat moment; afgelopen twaalf maanden.",
    },
    undefined={"en": "Undefined if none was recovered.", "nl": "Niet bepaald als er niets is teruggewonnen."},
    direction=1,
    axes=("material",),
)
def secondary_price(view: Quantities) -> Ratio:
    return Ratio(down(view.year.stream_value), view.year.recovered_primary_value)


@indicator(
    unit="1",
    title={"en": "Failures of recyclers", "nl": "Faillissementen van recyclingbedrijven"},
    meaning={
        "en": "Number of recyclers that failed this month. A run is summed up by the total.",
        "nl": "Aantal recyclingbedrijven dat deze maand failliet ging. Een run wordt samengevat door het totaal.",
    },
    direction=-1,
    headline=True,
    summary="sum",
)
def recycler_failures(view: Quantities) -> Array:
    return across(view.failures[..., 0, :])


@indicator(
    unit="1",
    title={"en": "Dependence of recyclers on support", "nl": "Afhankelijkheid van recyclingbedrijven van steun"},
    meaning={
        "en": "Operating support and certificates over all receipts of recyclers in the past twelve months; below "
        "zero when they pay back under contracts for difference.",
        "nl": "Exploitatiesteun en certificaten ten opzichte van alle ontvangsten van recyclingbedrijven in de "
        "afgelopen twaalf maanden; onder nul als zij terugbetalen onder een contract for difference.",
    },
    undefined={"en": "Undefined if nothing was received.", "nl": "Niet bepaald als er niets is ontvangen."},
    direction=0,
)
def recycler_support_share(view: Quantities) -> Ratio:
    sales, support, _ = view.recycler_result
    return Ratio(support, sales + support)


@indicator(
    unit="1",
    title={"en": "Operating margin by activity", "nl": "Operationele marge per activiteit"},
    meaning={
        "en": "Cash margin over receipts in the past twelve months of linear and circular makers, makers of "
        "components, refurbishers, service providers and recyclers: sales and support per unit, less inputs, energy, "
        "labour and levies. Investment support and interest are left out.",
        "nl": "Kasmarge ten opzichte van ontvangsten in de afgelopen twaalf maanden van lineaire en circulaire "
        "producenten, componentenmakers, refurbishers, dienstverleners en recyclingbedrijven: verkopen en steun per "
        "eenheid, min inkoop, energie, arbeid en heffingen. Investeringssteun en rente tellen niet mee.",
    },
    undefined={
        "en": "Undefined for an activity without sales.",
        "nl": "Niet bepaald voor een activiteit zonder omzet.",
    },
    direction=1,
    axes=("activity",),
)
def operating_margin(view: Quantities) -> Ratio:
    return Ratio(view.year.activity_result, view.year.activity_receipts)


@indicator(
    unit="1/yr",
    title={"en": "Return on capital by activity", "nl": "Rendement op kapitaal per activiteit"},
    meaning={
        "en": "Cash result of the past twelve months less wear, over the book value of plant and stocks in that year, "
        "before interest and without investment support: circular firms beside their linear rivals.",
        "nl": "Kasresultaat van de afgelopen twaalf maanden min slijtage, ten opzichte van de boekwaarde van "
        "installaties en voorraden in dat jaar, vóór rente en zonder investeringssteun: circulaire bedrijven naast "
        "hun lineaire concurrenten.",
    },
    undefined={
        "en": "Undefined for an activity without firms.",
        "nl": "Niet bepaald voor een activiteit zonder bedrijven.",
    },
    direction=1,
    axes=("activity",),
)
def return_on_capital(view: Quantities) -> Ratio:
    capital = view.year.activity_capital / 12.0  # the mean over twelve months
    return Ratio(view.year.activity_result - view.frame.wear * capital, capital)


@indicator(
    unit="1",
    title={
        "en": "Recyclers that earn their cost of capital",
        "nl": "Recyclingbedrijven die hun kapitaalkosten verdienen",
    },
    meaning={
        "en": "Share of recyclers at work whose return on capital, without investment support, reaches the return "
        "that an investment must promise; past twelve months, or for a younger plant the months that it worked.",
        "nl": "Aandeel van de recyclingbedrijven waarvan het rendement op kapitaal, zonder investeringssteun, het "
        "rendement haalt dat een investering moet beloven; afgelopen twaalf maanden, of bij een jongere installatie "
        "de maanden dat zij werkte.",
    },
    undefined={"en": "Undefined without recyclers at work.", "nl": "Niet bepaald zonder recyclingbedrijven."},
    direction=1,
    headline=True,
)
def recyclers_earning_cost_of_capital(view: Quantities) -> Ratio:
    return Ratio(view.earning, across(view.plants))


@indicator(
    unit="1",
    title={"en": "Market share of circular products", "nl": "Marktaandeel van circulaire producten"},
    meaning={
        "en": "Value of products of circular design, as a service, refurbished and used, over that of all products "
        "sold at home in the past twelve months.",
        "nl": "Waarde van producten met een circulair ontwerp, als dienst, gereviseerd en tweedehands, ten opzichte "
        "van alle producten die in de afgelopen twaalf maanden in eigen gebied zijn verkocht.",
    },
    undefined={"en": "Undefined if nothing was sold.", "nl": "Niet bepaald als er niets is verkocht."},
    direction=1,
    headline=True,
)
def circular_market_share(view: Quantities) -> Ratio:
    turnover = down(view.year.turnover)
    return Ratio(across(turnover[..., 1:]), across(turnover))


@indicator(
    unit="1",
    title={
        "en": "Market share of circular products by product",
        "nl": "Marktaandeel van circulaire producten per product",
    },
    meaning={
        "en": "Value of products of circular design, as a service, refurbished and used, over that of all products of "
        "the group sold at home in the past twelve months.",
        "nl": "Waarde van producten met een circulair ontwerp, als dienst, gereviseerd en tweedehands, ten opzichte "
        "van alle producten van de groep die in de afgelopen twaalf maanden in eigen gebied zijn verkocht.",
    },
    undefined={"en": "Undefined if nothing was sold.", "nl": "Niet bepaald als er niets is verkocht."},
    direction=1,
    axes=("product",),
)
def circular_market_share_by_product(view: Quantities) -> Ratio:
    turnover = view.year.turnover
    return Ratio(across(turnover[..., 1:]), across(turnover))


@indicator(
    unit="EUR/kg",
    title={"en": "Cost of recovered material", "nl": "Kostprijs van teruggewonnen materiaal"},
    meaning={
        "en": "Full cost of a recovered kilogram in the past twelve months: scrap, processing, wear and the required "
        "return on capital, without support. Costs of joint recovery are allocated by value, other recoverables "
        "included.",
        "nl": "Volledige kostprijs van een teruggewonnen kilogram in de afgelopen twaalf maanden: schroot, "
        "verwerking, slijtage en vereist rendement, zonder steun. Gezamenlijke kosten zijn naar waarde toegerekend, "
        "ook aan andere opbrengsten.",
    },
    undefined={"en": "Undefined if none was recovered.", "nl": "Niet bepaald als er niets is teruggewonnen."},
    direction=-1,
    axes=("material",),
)
def recovery_cost(view: Quantities) -> Ratio:
    return Ratio(view.recovery_cost, view.year.recovered)


@indicator(
    unit="1",
    title={
        "en": "Price gap of secondary to primary material",
        "nl": "Prijsverschil van secundair met primair materiaal",
    },
    meaning={
        "en": "Full cost of a recovered kilogram over the price of primary material at the time, minus one, in the "
        "past twelve months: above zero recycling does not pay without support or a premium.",
        "nl": "Volledige kostprijs van een teruggewonnen kilogram ten opzichte van de prijs van primair materiaal op "
        "dat moment, min één, in de afgelopen twaalf maanden: boven nul loont recycling niet zonder steun of premie.",
    },
    undefined={"en": "Undefined if none was recovered.", "nl": "Niet bepaald als er niets is teruggewonnen."},
    direction=-1,
    axes=("material",),
)
def price_gap(view: Quantities) -> Ratio:
    primary = view.year.recovered_primary_value
    return Ratio(view.recovery_cost - primary, primary)


def _survivors(view: Quantities, window: int, measure: int) -> Ratio:
    """Share of recyclers of 12 or 60 months ago that still exist, by number or by capacity."""
    survival = view.survival[..., window, measure, :]
    return Ratio(survival[..., 0], survival[..., 1])


def _not_before(months: int) -> dict[str, str]:
    return {
        "en": f"Undefined in the first {months} months and where there was none then.",
        "nl": f"Niet bepaald in de eerste {months} maanden en als er toen geen was.",
    }


@indicator(
    unit="1",
    title={"en": "Twelve-month survival of recyclers", "nl": "Overleving van recyclingbedrijven na twaalf maanden"},
    meaning={
        "en": "Share of the recyclers of twelve months ago that still exist.",
        "nl": "Aandeel van de recyclingbedrijven van twaalf maanden geleden dat nog bestaat.",
    },
    undefined=_not_before(12),
    direction=1,
    headline=True,
)
def recycler_survival_12(view: Quantities) -> Ratio:
    return _survivors(view, 0, 0)


@indicator(
    unit="1",
    title={"en": "Sixty-month survival of recyclers", "nl": "Overleving van recyclingbedrijven na zestig maanden"},
    meaning={
        "en": "Share of the recyclers of sixty months ago that still exist.",
        "nl": "Aandeel van de recyclingbedrijven van zestig maanden geleden dat nog bestaat.",
    },
    undefined=_not_before(60),
    direction=1,
    headline=True,
)
def recycler_survival_60(view: Quantities) -> Ratio:
    return _survivors(view, 1, 0)


@indicator(
    unit="1",
    title={
        "en": "Twelve-month survival of recycling capacity",
        "nl": "Overleving van recyclingcapaciteit na twaalf maanden",
    },
    meaning={
        "en": "Share of the recycling capacity of twelve months ago that belongs to recyclers that still exist.",
        "nl": "Aandeel van de recyclingcapaciteit van twaalf maanden geleden van bedrijven die nog bestaan.",
    },
    undefined=_not_before(12),
    direction=1,
)
def recycler_capacity_survival_12(view: Quantities) -> Ratio:
    return _survivors(view, 0, 1)


@indicator(
    unit="1",
    title={
        "en": "Sixty-month survival of recycling capacity",
        "nl": "Overleving van recyclingcapaciteit na zestig maanden",
    },
    meaning={
        "en": "Share of the recycling capacity of sixty months ago that belongs to recyclers that still exist.",
        "nl": "Aandeel van de recyclingcapaciteit van zestig maanden geleden van bedrijven die nog bestaan.",
    },
    undefined=_not_before(60),
    direction=1,
)
def recycler_capacity_survival_60(view: Quantities) -> Ratio:
    return _survivors(view, 1, 1)


@indicator(
    unit="1",
    title={"en": "Bankruptcies of recyclers by cause", "nl": "Faillissementen van recyclingbedrijven naar oorzaak"},
    meaning={
        "en": "Recyclers that failed this month, by the largest cause of the fall in their result since their best "
        "year; 'dumping' is a low price while a state-backed bloc floods the market.",
        "nl": "Recyclingbedrijven die deze maand failliet gingen, naar de grootste oorzaak van de daling van hun "
        "resultaat sinds hun beste jaar; 'dumping' is een lage prijs terwijl een door de staat gesteund blok de "
        "markt overspoelt.",
    },
    direction=-1,
    axes=("cause",),
    summary="sum",
)
def recycler_failures_by_cause(view: Quantities) -> Array:
    return view.failures[..., 0, :]


@indicator(
    unit="1/yr",
    title={"en": "Bankruptcy rate of recyclers", "nl": "Faillissementsgraad van recyclingbedrijven"},
    meaning={
        "en": "Recyclers that failed in the past twelve months over the mean number that existed.",
        "nl": "Recyclingbedrijven die in de afgelopen twaalf maanden failliet gingen ten opzichte van het gemiddelde "
        "aantal dat bestond.",
    },
    undefined={"en": "Undefined without recyclers.", "nl": "Niet bepaald zonder recyclingbedrijven."},
    direction=-1,
)
def recycler_bankruptcy_rate(view: Quantities) -> Ratio:
    return Ratio(across(view.year.failures[..., 0, :]), view.year.organisations[..., -1] / 12.0)


@indicator(
    unit="1",
    title={"en": "Bankruptcies of firms by cause", "nl": "Faillissementen van bedrijven naar oorzaak"},
    meaning={
        "en": "Makers, refurbishers and service providers at home that failed this month, by the largest cause of the "
        "fall in their result since their best year.",
        "nl": "Producenten, refurbishers en dienstverleners in eigen gebied die deze maand failliet gingen, naar de "
        "grootste oorzaak van de daling van hun resultaat sinds hun beste jaar.",
    },
    direction=-1,
    axes=("cause",),
    summary="sum",
)
def firm_failures_by_cause(view: Quantities) -> Array:
    return view.failures[..., 1, :]


@indicator(
    unit="1",
    title={"en": "Organisations by activity", "nl": "Organisaties per activiteit"},
    meaning={
        "en": "Number of firms and recyclers that exist at the end of the month.",
        "nl": "Aantal bedrijven en recyclingbedrijven aan het eind van de maand.",
    },
    direction=0,
    axes=("activity",),
)
def organisations(view: Quantities) -> Array:
    return view.organisations


@indicator(
    unit="EUR/yr",
    title={"en": "Investment of recyclers", "nl": "Investeringen van recyclingbedrijven"},
    meaning={
        "en": "Spending on new recycling capacity in the past twelve months, entrants included, upkeep left out.",
        "nl": "Uitgaven aan nieuwe recyclingcapaciteit in de afgelopen twaalf maanden, nieuwkomers inbegrepen, zonder "
        "onderhoud.",
    },
    direction=1,
    headline=True,
)
def recycler_investment(view: Quantities) -> Array:
    return view.year.investment


@indicator(
    unit="1",
    title={"en": "Share of output under contract", "nl": "Aandeel van de productie onder contract"},
    meaning={
        "en": "Value, at long-run marginal cost, of the recovered material sold under a contract for difference over "
        "that of all that recyclers sold in the past twelve months.",
        "nl": "Waarde, tegen marginale kosten op lange termijn, van teruggewonnen materiaal dat in de afgelopen twaalf "
        "maanden onder een contract for difference is verkocht, ten opzichte van alles wat recyclingbedrijven "
        "verkochten.",
    },
    undefined={"en": "Undefined if nothing was sold.", "nl": "Niet bepaald als er niets is verkocht."},
    direction=0,
)
def share_under_contract(view: Quantities) -> Ratio:
    price = view.frame.reference
    return Ratio(view.year.contracted @ price, view.year.recycler_sales @ price)
