"""Economy and society: value added, jobs and wages of circular work, prices, and who can afford what."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.indicators.indicator import Ratio, indicator
from abm.indicators.quantities import Quantities, across, down

Array = NDArray[np.float64]


@indicator(
    unit="EUR/yr",
    title={"en": "Value added of circular activities", "nl": "Toegevoegde waarde van circulaire activiteiten"},
    meaning={
        "en": "Receipts less purchases from others, without subsidies, of recyclers, refurbishers, service providers "
        "and makers of circular design at home in the past twelve months. Repair shops are left out.",
        "nl": "Ontvangsten min inkopen bij anderen, zonder subsidies, van recyclingbedrijven, refurbishers, "
        "dienstverleners en producenten met een circulair ontwerp in eigen gebied in de afgelopen twaalf maanden. "
        "Reparatiebedrijven tellen niet mee.",
    },
    direction=1,
    headline=True,
)
def circular_value_added(view: Quantities) -> Array:
    return view.year.activity_value @ view.frame.circular


@indicator(
    unit="EUR/yr",
    title={"en": "Value added by activity", "nl": "Toegevoegde waarde per activiteit"},
    meaning={
        "en": "Receipts less purchases from others, without subsidies, at home in the past twelve months.",
        "nl": "Ontvangsten min inkopen bij anderen, zonder subsidies, in eigen gebied in de afgelopen twaalf maanden.",
    },
    direction=1,
    axes=("activity",),
)
def value_added(view: Quantities) -> Array:
    return view.year.activity_value


@indicator(
    unit="1",
    title={"en": "Circular jobs over all jobs", "nl": "Aandeel circulaire banen"},
    meaning={
        "en": "Technical jobs in circular activities over those in all modelled activities at home; past twelve "
        "months.",
        "nl": "Technische banen in circulaire activiteiten ten opzichte van die in alle gemodelleerde activiteiten in "
        "eigen gebied; afgelopen twaalf maanden.",
    },
    undefined={"en": "Undefined without jobs.", "nl": "Niet bepaald zonder banen."},
    direction=1,
)
def circular_job_share(view: Quantities) -> Ratio:
    return Ratio(view.jobs_by_activity @ view.frame.circular, across(view.jobs_by_activity))


@indicator(
    unit="1",
    title={"en": "Jobs in circular activities", "nl": "Banen in circulaire activiteiten"},
    meaning={
        "en": "Technical jobs, full time, of recyclers, refurbishers, service providers and makers of circular design "
        "at home, mean over the past twelve months. Repair shops and collection are left out.",
        "nl": "Technische voltijdbanen bij recyclingbedrijven, refurbishers, dienstverleners en producenten met een "
        "circulair ontwerp in eigen gebied, gemiddeld over de afgelopen twaalf maanden. Reparatiebedrijven en "
        "inzameling tellen niet mee.",
    },
    direction=1,
    headline=True,
)
def circular_jobs(view: Quantities) -> Array:
    return view.jobs_by_activity @ view.frame.circular


@indicator(
    unit="1",
    title={"en": "Jobs in circular activities by jurisdiction", "nl": "Banen in circulaire activiteiten per gebied"},
    meaning={
        "en": "Technical jobs, full time, in circular activities in each jurisdiction, mean over the past twelve "
        "months.",
        "nl": "Technische voltijdbanen in circulaire activiteiten per gebied, gemiddeld over de afgelopen twaalf "
        "maanden.",
    },
    direction=1,
    axes=("jurisdiction",),
)
def circular_jobs_by_jurisdiction(view: Quantities) -> Array:
    return (view.frame.circular @ view.jobs) @ view.frame.tree.T


@indicator(
    unit="1",
    title={"en": "Jobs by activity", "nl": "Banen per activiteit"},
    meaning={
        "en": "Technical jobs, full time, in each modelled activity at home, mean over the past twelve months.",
        "nl": "Technische voltijdbanen per gemodelleerde activiteit in eigen gebied, gemiddeld over de afgelopen "
        "twaalf maanden.",
    },
    direction=1,
    axes=("activity",),
)
def jobs(view: Quantities) -> Array:
    return view.jobs_by_activity


@indicator(
    unit="1",
    title={"en": "Wage of technicians", "nl": "Loon van technici"},
    meaning={
        "en": "Wage of technical workers over that at the start, weighted by the workers available.",
        "nl": "Loon van technisch personeel ten opzichte van het begin, gewogen naar beschikbaar personeel.",
    },
    direction=0,
    axes=("jurisdiction",),
)
def wage(view: Quantities) -> Ratio:
    pool, tree = view.technicians, view.frame.tree.T
    return Ratio((pool * view.wage_factor) @ tree, pool @ tree)


@indicator(
    unit="1",
    title={"en": "Tightness of technical labour", "nl": "Krapte op de technische arbeidsmarkt"},
    meaning={
        "en": "Open technical jobs for each filled one, over that at the start; as it rises, vacancies stay open "
        "longer. Above 1 plants take longer to build.",
        "nl": "Openstaande technische banen per vervulde baan, ten opzichte van het begin; hoe hoger, hoe langer "
        "vacatures openstaan. Boven 1 duurt de bouw van fabrieken langer.",
    },
    direction=0,
    axes=("jurisdiction",),
)
def labour_tightness(view: Quantities) -> Ratio:
    pool, tree = view.technicians, view.frame.tree.T
    return Ratio((pool * view.tightness) @ tree, pool @ tree)


@indicator(
    unit="1",
    title={"en": "Vacancies for technicians", "nl": "Vacatures voor technici"},
    meaning={
        "en": "Technical jobs that the work at hand and the building of plants ask for and that are not filled.",
        "nl": "Technische banen waar het werk en de bouw van fabrieken om vragen en die niet zijn vervuld.",
    },
    direction=-1,
    axes=("jurisdiction",),
)
def vacancies(view: Quantities) -> Array:
    return view.vacancies @ view.frame.tree.T


@indicator(
    unit="1",
    title={"en": "Price index of products", "nl": "Prijsindex van producten"},
    meaning={
        "en": "Price without tax of the basket of products bought at the start by households, business and "
        "government, over its price then (Laspeyres).",
        "nl": "Prijs zonder belasting van het mandje producten dat huishoudens, bedrijven en overheid aan het begin "
        "kochten, ten opzichte van de prijs toen (Laspeyres).",
    },
    direction=-1,
    headline=True,
)
def product_price_index(view: Quantities) -> Array:
    return across(down(view.frame.basket_weight * view.product_price))


@indicator(
    unit="EUR",
    title={"en": "Price of a new product", "nl": "Prijs van een nieuw product"},
    meaning={
        "en": "Price of a new product of linear design without tax.",
        "nl": "Prijs van een nieuw product met een lineair ontwerp zonder belasting.",
    },
    direction=-1,
    axes=("product",),
)
def product_price(view: Quantities) -> Array:
    return view.product_price[..., 0]


@indicator(
    unit="1",
    title={"en": "Premium of circular products", "nl": "Meerprijs van circulaire producten"},
    meaning={
        "en": "Price of a new product of circular design over that of linear design, minus one.",
        "nl": "Prijs van een nieuw product met een circulair ontwerp ten opzichte van een lineair ontwerp, min één.",
    },
    undefined={"en": "Undefined without a price.", "nl": "Niet bepaald zonder prijs."},
    direction=-1,
    axes=("product",),
)
def circular_premium(view: Quantities) -> Ratio:
    linear, circular = view.product_price[..., 0], view.product_price[..., 1]
    return Ratio(circular - linear, linear)


@indicator(
    unit="1",
    title={"en": "Affordability by income", "nl": "Betaalbaarheid naar inkomen"},
    meaning={
        "en": "What the products that a household bought in a year at the start, on average, cost now with tax, as a "
        "share of the mean income of each fifth of households by income.",
        "nl": "Wat de producten die een huishouden aan het begin gemiddeld in een jaar kocht nu kosten, met "
        "belasting, als aandeel van het gemiddelde inkomen van elk vijfde deel van de huishoudens naar inkomen.",
    },
    undefined={"en": "Undefined without income.", "nl": "Niet bepaald zonder inkomen."},
    direction=-1,
    axes=("quintile",),
)
def affordability(view: Quantities) -> Ratio:
    cost = across(down(view.frame.household_basket * view.product_price))
    return Ratio(cost[..., None], view.frame.income_each)


@indicator(
    unit="1",
    title={"en": "Spending share by income", "nl": "Bestedingsaandeel naar inkomen"},
    meaning={
        "en": "What households really spent on products and repairs in the past twelve months, with tax, as a share "
        "of income, by fifth of households by income.",
        "nl": "Wat huishoudens in de afgelopen twaalf maanden werkelijk aan producten en reparaties uitgaven, met "
        "belasting, als aandeel van het inkomen, per vijfde deel van de huishoudens naar inkomen.",
    },
    undefined={"en": "Undefined without income.", "nl": "Niet bepaald zonder inkomen."},
    direction=0,
    axes=("quintile",),
)
def spending_share(view: Quantities) -> Ratio:
    return Ratio(view.year.spending, view.frame.income)


@indicator(
    unit="EUR/yr",
    title={"en": "Sales of products at home", "nl": "Afzet van producten in eigen gebied"},
    meaning={
        "en": "Value without tax of new and used products sold at home in the past twelve months.",
        "nl": "Waarde zonder belasting van nieuwe en tweedehands producten die in de afgelopen twaalf maanden in "
        "eigen gebied zijn verkocht.",
    },
    direction=0,
)
def product_sales(view: Quantities) -> Array:
    return across(down(view.year.turnover))


@indicator(
    unit="EUR/yr",
    title={"en": "Exports of home makers", "nl": "Uitvoer van eigen producenten"},
    meaning={
        "en": "Value of products that home makers sold abroad in the past twelve months.",
        "nl": "Waarde van producten die eigen producenten in de afgelopen twaalf maanden in het buitenland verkochten.",
    },
    direction=1,
)
def exports(view: Quantities) -> Array:
    return view.year.exports


@indicator(
    unit="1",
    title={"en": "Purchases put off for want of products", "nl": "Uitgestelde aankopen door tekorten"},
    meaning={
        "en": "Number of products that households wanted this month and that were not to be had. Those who wait are "
        "counted every month, so that months do not add up.",
        "nl": "Aantal producten dat huishoudens deze maand wilden en dat er niet was. Wie wacht telt elke maand mee, "
        "zodat maanden niet optellen.",
    },
    direction=-1,
    axes=("product",),
)
def purchases_put_off(view: Quantities) -> Array:
    return view.waiting


@indicator(
    unit="1",
    title={"en": "Energy price", "nl": "Energieprijs"},
    meaning={
        "en": "Energy price for industry at home over its usual level, mean over places.",
        "nl": "Energieprijs voor de industrie in eigen gebied ten opzichte van het gebruikelijke niveau, gemiddeld "
        "over plaatsen.",
    },
    direction=-1,
)
def energy_price(view: Quantities) -> Array:
    return across(view.energy) / view.frame.leaves


@indicator(
    unit="1",
    title={"en": "Circular share of value added", "nl": "Circulair aandeel in de toegevoegde waarde"},
    meaning={
        "en": "Value added of circular activities over that of all modelled activities at home; past twelve months.",
        "nl": "Toegevoegde waarde van circulaire activiteiten ten opzichte van die van alle gemodelleerde activiteiten "
        "in eigen gebied; afgelopen twaalf maanden.",
    },
    undefined={"en": "Undefined without value added.", "nl": "Niet bepaald zonder toegevoegde waarde."},
    direction=1,
    headline=True,
)
def circular_value_share(view: Quantities) -> Ratio:
    value = view.year.activity_value
    return Ratio(value @ view.frame.circular, across(value))


@indicator(
    unit="1",
    title={"en": "Quality of work", "nl": "Kwaliteit van werk"},
    meaning={
        "en": "Mean over technical jobs of the past twelve months of three parts with equal weight: the wage over "
        "that at the start, the skill that the activity asks, and its safety (one over the rate of accidents), both "
        "over those of manufacturing. Geometric mean; one is work of manufacturing at the start.",
        "nl": "Gemiddelde over de technische banen van de afgelopen twaalf maanden van drie delen met gelijk gewicht: "
        "het loon ten opzichte van het begin, de vaardigheid die de activiteit vraagt en de veiligheid (één gedeeld "
        "door de kans op ongevallen), beide ten opzichte van de industrie. Meetkundig gemiddelde; één is werk in de "
        "industrie aan het begin.",
    },
    undefined={"en": "Undefined without jobs.", "nl": "Niet bepaald zonder banen."},
    direction=1,
    axes=("jurisdiction",),
)
def quality_of_work(view: Quantities) -> Ratio:
    tree, by_leaf = view.frame.tree.T, down(view.jobs)
    good = np.einsum("...al,a->...l", view.jobs, view.frame.work_quality) * np.cbrt(view.wage_factor)
    return Ratio(good @ tree, by_leaf @ tree)


@indicator(
    unit="1",
    title={"en": "Vacancy rate for technicians", "nl": "Vacaturegraad voor technici"},
    meaning={
        "en": "Open technical jobs over all technical jobs, open and filled.",
        "nl": "Openstaande technische banen ten opzichte van alle technische banen, open en vervuld.",
    },
    undefined={"en": "Undefined without jobs.", "nl": "Niet bepaald zonder banen."},
    direction=-1,
    axes=("jurisdiction",),
    headline=True,
)
def vacancy_rate(view: Quantities) -> Ratio:
    tree = view.frame.tree.T
    open_jobs = view.vacancies @ tree
    return Ratio(open_jobs, open_jobs + view.employed_technicians @ tree)


@indicator(
    unit="EUR/yr",
    title={"en": "Consumer surplus", "nl": "Consumentensurplus"},
    meaning={
        "en": "What the offers of today are worth to a household that buys as much as at the start, over those of the "
        "start, in a year, by fifth of households by income: change of the expected utility of choice, in euros "
        "(logsum). Cheaper, longer-lived and newly known offers raise it.",
        "nl": "Wat het aanbod van nu waard is voor een huishouden dat evenveel koopt als aan het begin, ten opzichte "
        "van het aanbod toen, per jaar en per vijfde deel van de huishoudens naar inkomen: verandering van het "
        "verwachte nut van de keuze, in euro's (logsom). Goedkoper, langer meegaand en nieuw bekend aanbod verhoogt "
        "het.",
    },
    direction=1,
    axes=("quintile",),
)
def consumer_surplus(view: Quantities) -> Array:
    return view.surplus - view.frame.start_surplus


@indicator(
    unit="EUR/yr",
    title={"en": "Investment by activity", "nl": "Investeringen per activiteit"},
    meaning={
        "en": "What firms and recyclers at home spent on plant and equipment in the past twelve months.",
        "nl": "Wat bedrijven en recyclingbedrijven in eigen gebied in de afgelopen twaalf maanden aan installaties en "
        "apparatuur uitgaven.",
    },
    direction=1,
    axes=("activity",),
)
def investment(view: Quantities) -> Array:
    return view.year.plant_spending
