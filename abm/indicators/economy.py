"""Economy and society: value added, jobs, wages and affordability."""

from __future__ import annotations

import numpy as np

from abm.agents.firms import CIRCULAR, REFURBISHER, SERVICE
from abm.indicators.indicator import indicator
from abm.indicators.view import NAN, Array, View, ratio


def _circular_labour(view: View) -> float:
    """What recyclers, refurbishers, service providers and circular makers pay for labour in a month, EUR."""
    paid = -view.books.month_flow("labour")
    firms = view.firms.account[view.firms.of_kind(CIRCULAR, REFURBISHER, SERVICE)]
    return float(paid[view.recyclers.account].sum() + paid[firms].sum())


@indicator(
    "EUR/month",
    {"en": "Value added of circular activities", "nl": "Toegevoegde waarde van circulaire activiteiten"},
    {
        "en": "Labour paid and profit made by recyclers, refurbishers, service providers and circular makers.",
        "nl": "Loon en winst van recyclers, opknappers, dienstverleners en circulaire makers.",
    },
    direction=1,
    headline=True,
)
def circular_value_added(view: View) -> float:
    rows = view.firms.of_kind(CIRCULAR, REFURBISHER, SERVICE)
    profit = view.firms.profit[rows].sum() + view.recyclers.profit[view.alive].sum()
    return _circular_labour(view) + float(profit)


@indicator(
    "1",
    {"en": "Circular jobs", "nl": "Circulaire banen"},
    {
        "en": "Full-time jobs that circular activities pay for, at the technical wage.",
        "nl": "Voltijdbanen die circulaire activiteiten betalen, tegen het technische loon.",
    },
    direction=1,
    headline=True,
)
def circular_jobs(view: View) -> float:
    labour = view.model.labour
    wage = float(labour.base_wage @ labour.pool / labour.pool.sum()) * float(labour.wage_factor.mean())
    return 12.0 * _circular_labour(view) / wage


@indicator(
    "1",
    {"en": "Technical wage", "nl": "Technisch loon"},
    {
        "en": "Wage of technical workers over that at the start, by place.",
        "nl": "Loon van technisch personeel gedeeld door dat aan het begin, per plaats.",
    },
    axes=("leaf",),
)
def technical_wage(view: View) -> Array:
    return view.model.labour.wage_factor


@indicator(
    "1",
    {"en": "Vacancies in technical work", "nl": "Vacatures in technisch werk"},
    {
        "en": "Technical jobs that cannot be filled, by place.",
        "nl": "Technische banen die niet te vervullen zijn, per plaats.",
    },
    direction=-1,
    axes=("leaf",),
)
def vacancies(view: View) -> Array:
    return view.model.labour.vacancies


@indicator(
    "1",
    {"en": "Price of products", "nl": "Prijs van producten"},
    {
        "en": "Price of a new linear product over that at the start, by product group.",
        "nl": "Prijs van een nieuw lineair product gedeeld door die aan het begin, per productgroep.",
    },
    direction=-1,
    axes=("product",),
)
def product_price(view: View) -> Array:
    sales = view.model.product_trade
    return sales.price[:, 0] / sales.start_price[:, 0]


@indicator(
    "1",
    {"en": "Burden of the modelled goods on income", "nl": "Last van de goederen op het inkomen"},
    {
        "en": "What households spend on the modelled goods in a month over their monthly income.",
        "nl": "Wat huishoudens per maand aan de gemodelleerde goederen uitgeven gedeeld door hun maandinkomen.",
    },
    direction=-1,
    headline=True,
)
def burden(view: View) -> float:
    income = float((view.model.households.income.astype(np.float64) * view.weight).sum()) / 12.0
    return ratio(float(view.purchases.spending_by_leaf.sum()), income)


@indicator(
    "1",
    {"en": "Burden by income quintile", "nl": "Last per inkomenskwintiel"},
    {
        "en": "The same by quintile of income within the place; 1 has the lowest.",
        "nl": "Hetzelfde per kwintiel van het inkomen binnen de plaats; 1 heeft het laagste.",
    },
    direction=-1,
    axes=("quintile",),
)
def burden_by_quintile(view: View) -> Array:
    return ratio(view.purchases.spending_by_quintile, view.model.quintile_income / 12.0)


@indicator(
    "1",
    {"en": "Energy price", "nl": "Energieprijs"},
    {
        "en": "Energy price for industry over its usual level, mean over places.",
        "nl": "Energieprijs voor de industrie gedeeld door het gebruikelijke niveau, gemiddeld over plaatsen.",
    },
    direction=-1,
)
def energy_price(view: View) -> float:
    return float(view.model.energy.mean()) if len(view.model.energy) else NAN
