"""Viability of circular business: do recyclers and circular firms stay alive, earn and grow?"""

from __future__ import annotations

import numpy as np

from abm.agents.firms import CIRCULAR, LINEAR, REFURBISHER
from abm.indicators.indicator import indicator
from abm.indicators.view import TONNE, Array, View, ratio
from abm.markets import products as goods


@indicator(
    "1",
    {"en": "Recyclers at work", "nl": "Recyclers in bedrijf"},
    {"en": "Number of recyclers that have not failed.", "nl": "Aantal recyclers dat niet failliet is."},
    direction=1,
    headline=True,
    summary="end",
)
def recyclers_active(view: View) -> float:
    return float(view.alive.sum())


@indicator(
    "t/yr",
    {"en": "Recycling capacity", "nl": "Recyclingcapaciteit"},
    {
        "en": "Scrap that recyclers at home can process in a year, by stream.",
        "nl": "Schroot dat recyclers hier per jaar kunnen verwerken, per stroom.",
    },
    direction=1,
    axes=("stream",),
    summary="end",
)
def recycling_capacity(view: View) -> Array:
    recyclers = view.recyclers
    return 12.0 * TONNE * np.bincount(recyclers.stream, recyclers.capacity * view.alive, len(view.config.streams))


@indicator(
    "1",
    {"en": "Recyclers' margin", "nl": "Marge van recyclers"},
    {
        "en": "Result of recyclers over their receipts, support included, over the last year. Undefined without "
        "recyclers.",
        "nl": "Resultaat van recyclers gedeeld door hun opbrengsten, steun inbegrepen, over het laatste jaar. "
        "Niet bepaald zonder recyclers.",
    },
    direction=1,
    headline=True,
)
def recycler_margin(view: View) -> float:
    receipts, support, scrap, operations, interest, _ = view.recycler_books
    return ratio(receipts + support - scrap - operations - interest, receipts + support)


@indicator(
    "1",
    {"en": "Recyclers' margin without support", "nl": "Marge van recyclers zonder steun"},
    {
        "en": "The same without subsidies, floors, contracts and certificates. Undefined without sales.",
        "nl": "Hetzelfde zonder subsidies, bodemprijzen, contracten en certificaten. Niet bepaald zonder verkopen.",
    },
    direction=1,
)
def recycler_market_margin(view: View) -> float:
    receipts, _, scrap, operations, interest, _ = view.recycler_books
    return ratio(receipts - scrap - operations - interest, receipts)


@indicator(
    "1/yr",
    {"en": "Return on capital of recyclers", "nl": "Rendement op kapitaal van recyclers"},
    {
        "en": "Yearly profit after depreciation over the book value of plant; undefined without recyclers.",
        "nl": "Jaarwinst gedeeld door de boekwaarde van de installaties; niet bepaald zonder recyclers.",
    },
    direction=1,
)
def recycler_return(view: View) -> float:
    return view.return_of(view.recyclers, np.flatnonzero(view.alive), 1.0 / view.config.recyclers.plant_life)


@indicator(
    "1/yr",
    {"en": "Return on capital of circular makers", "nl": "Rendement op kapitaal van circulaire makers"},
    {
        "en": "Yearly profit over book value; undefined without circular makers.",
        "nl": "Jaarwinst gedeeld door boekwaarde; niet bepaald zonder circulaire makers.",
    },
    direction=1,
)
def circular_maker_return(view: View) -> float:
    return view.return_of(view.firms, view.firms.of_kind(CIRCULAR), view.config.firms.depreciation)


@indicator(
    "1/yr",
    {"en": "Return on capital of linear makers", "nl": "Rendement op kapitaal van lineaire makers"},
    {
        "en": "Yearly profit over book value; undefined without linear makers.",
        "nl": "Jaarwinst gedeeld door boekwaarde; niet bepaald zonder lineaire makers.",
    },
)
def linear_maker_return(view: View) -> float:
    return view.return_of(view.firms, view.firms.of_kind(LINEAR), view.config.firms.depreciation)


@indicator(
    "1/yr",
    {"en": "Return on capital of refurbishers", "nl": "Rendement op kapitaal van opknappers"},
    {
        "en": "Yearly profit over book value; undefined without refurbishers.",
        "nl": "Jaarwinst gedeeld door boekwaarde; niet bepaald zonder opknappers.",
    },
    direction=1,
)
def refurbisher_return(view: View) -> float:
    return view.return_of(view.firms, view.firms.of_kind(REFURBISHER), view.config.firms.depreciation)


@indicator(
    "1",
    {"en": "Recyclers that earn their cost of capital", "nl": "Recyclers die hun kapitaalkosten verdienen"},
    {
        "en": "Share of recyclers whose return is at least the hurdle rate; undefined without recyclers.",
        "nl": "Aandeel recyclers met een rendement van ten minste de rendementseis; niet bepaald zonder recyclers.",
    },
    direction=1,
)
def recyclers_earning_capital(view: View) -> float:
    recyclers = view.recyclers
    terms = view.config.recyclers
    earned = 12.0 * recyclers.profit > (terms.hurdle_rate + 1.0 / terms.plant_life) * recyclers.capital
    return ratio(float((earned & view.alive).sum()), float(view.alive.sum()))


@indicator(
    "1",
    {"en": "Circular share of the market", "nl": "Circulair marktaandeel"},
    {
        "en": "Share of households' spending on products that goes to circular designs, services and used goods; "
        "undefined in a month in which nobody in the sample buys.",
        "nl": "Aandeel van de bestedingen van huishoudens aan producten dat naar circulaire ontwerpen, diensten en "
        "tweedehands gaat; niet bepaald in een maand waarin niemand in de steekproef koopt.",
    },
    direction=1,
    headline=True,
)
def circular_market_share(view: View) -> float:
    spent = view.new_value.sum(axis=0)
    circular = spent[goods.USED] + spent[goods.CIRCULAR] + spent[goods.SERVICE]
    return ratio(circular, circular + spent[goods.LINEAR])


@indicator(
    "1",
    {"en": "Circular share by product", "nl": "Circulair aandeel per product"},
    {
        "en": "The same by product group; undefined in a month without sales.",
        "nl": "Hetzelfde per productgroep; niet bepaald in een maand zonder verkopen.",
    },
    direction=1,
    axes=("product",),
)
def circular_share_by_product(view: View) -> Array:
    spent = view.new_value
    circular = spent[:, [goods.USED, goods.CIRCULAR, goods.SERVICE]].sum(axis=1)
    return ratio(circular, circular + spent[:, goods.LINEAR])


@indicator(
    "1",
    {"en": "Price of secondary over primary", "nl": "Prijs van secundair gedeeld door primair"},
    {
        "en": "What recyclers receive for a kilogram over the primary price outside; undefined in a month "
        "without sales.",
        "nl": "Wat recyclers per kilo ontvangen gedeeld door de primaire prijs buiten; niet bepaald in een maand "
        "zonder verkoop.",
    },
    direction=1,
    axes=("material",),
)
def secondary_price(view: View) -> Array:
    sold = view.recyclers.sold
    received = (sold * view.recyclers.price_received).sum(axis=0)
    return ratio(received, sold.sum(axis=0) * view.price[0])


@indicator(
    "1",
    {"en": "Recyclers surviving a year", "nl": "Recyclers die een jaar overleven"},
    {
        "en": "Share of the recyclers at work twelve months ago that still are; undefined in the first year.",
        "nl": "Aandeel van de recyclers van twaalf maanden geleden dat er nog is; niet bepaald in het eerste jaar.",
    },
    direction=1,
)
def survival_12_months(view: View) -> float:
    return view.survival(12)


@indicator(
    "1",
    {"en": "Recyclers surviving five years", "nl": "Recyclers die vijf jaar overleven"},
    {
        "en": "Share of the recyclers at work sixty months ago that still are; undefined in the first five years.",
        "nl": "Aandeel van de recyclers van zestig maanden geleden dat er nog is; niet bepaald in de eerste vijf jaar.",
    },
    direction=1,
    headline=True,
    summary="end",
)
def survival_60_months(view: View) -> float:
    return view.survival(60)


@indicator(
    "1",
    {"en": "Failures of recyclers", "nl": "Faillissementen van recyclers"},
    {"en": "Recyclers that failed this month.", "nl": "Recyclers die deze maand failliet gingen."},
    direction=-1,
    headline=True,
    summary="sum",
)
def recycler_failures(view: View) -> float:
    return float(sum(kind == "recycler" for kind, _ in view.model.renewal.failures))


@indicator(
    "1",
    {"en": "Failures of recyclers by cause", "nl": "Faillissementen van recyclers naar oorzaak"},
    {
        "en": "The same by the cause computed from their books.",
        "nl": "Hetzelfde naar de oorzaak die uit hun boeken volgt.",
    },
    direction=-1,
    axes=("cause",),
    summary="sum",
)
def recycler_failures_by_cause(view: View) -> Array:
    return _by_cause(view, recyclers=True)


@indicator(
    "1",
    {"en": "Failures of firms by cause", "nl": "Faillissementen van bedrijven naar oorzaak"},
    {
        "en": "Makers, refurbishers and service providers that failed this month, by cause.",
        "nl": "Makers, opknappers en dienstverleners die deze maand failliet gingen, naar oorzaak.",
    },
    direction=-1,
    axes=("cause",),
    summary="sum",
)
def firm_failures_by_cause(view: View) -> Array:
    return _by_cause(view, recyclers=False)


def _by_cause(view: View, recyclers: bool) -> Array:
    renewal = view.model.renewal
    causes = [cause for kind, cause in renewal.failures if (kind == "recycler") == recyclers]
    return np.array([float(causes.count(cause)) for cause in renewal.causes])


@indicator(
    "EUR/month",
    {"en": "Investment in recycling", "nl": "Investeringen in recycling"},
    {"en": "Spending on new recycling capacity.", "nl": "Uitgaven aan nieuwe recyclingcapaciteit."},
    direction=1,
    headline=True,
    summary="sum",
)
def recycling_investment(view: View) -> float:
    return float(view.model.renewal.recycler_spending.sum())
