"""Public finance: what policy costs and earns, by government and instrument, and what it buys."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.indicators.indicator import Ratio, indicator
from abm.indicators.quantities import Quantities, across

Array = NDArray[np.float64]


@indicator(
    unit="EUR/month",
    title={"en": "Net public cost", "nl": "Netto publieke kosten"},
    meaning={
        "en": "What all governments pay through their instruments less what they receive, in the month; below zero "
        "where instruments earn. Deposits are held for households and left out. A run is summed up by the total.",
        "nl": "Wat alle overheden via hun instrumenten betalen min wat zij ontvangen, in de maand; onder nul waar "
        "instrumenten geld opleveren. Statiegeld wordt voor huishoudens bewaard en telt niet mee. Een run wordt "
        "samengevat door het totaal.",
    },
    direction=-1,
    headline=True,
    summary="sum",
)
def public_cost(view: Quantities) -> Array:
    return across(view.public_net)


@indicator(
    unit="EUR/month",
    title={"en": "Discounted net public cost", "nl": "Verdisconteerde netto publieke kosten"},
    meaning={
        "en": "Net public cost of the month, discounted to the start at the public rate; the total over a run is what "
        "mixes are compared at.",
        "nl": "Netto publieke kosten van de maand, verdisconteerd naar het begin tegen de publieke discontovoet; op "
        "het totaal van een run worden beleidsmixen vergeleken.",
    },
    direction=-1,
    headline=True,
    summary="sum",
)
def public_cost_discounted(view: Quantities) -> Array:
    return public_cost.compute(view) * view.frame.discount[view.month]


@indicator(
    unit="EUR/month",
    title={"en": "Net public cost by government", "nl": "Netto publieke kosten per overheid"},
    meaning={
        "en": "What each government pays through its own instruments less what it receives, in the month, deposits "
        "left out. A run is summed up by the total.",
        "nl": "Wat elke overheid via haar eigen instrumenten betaalt min wat zij ontvangt, in de maand, zonder "
        "statiegeld. Een run wordt samengevat door het totaal.",
    },
    direction=-1,
    axes=("government",),
    summary="sum",
)
def public_cost_by_government(view: Quantities) -> Array:
    return view.public_net


@indicator(
    unit="EUR/month",
    title={"en": "Cost by instrument", "nl": "Kosten per instrument"},
    meaning={
        "en": "What governments paid through each instrument in the month, refunds of deposits included. A run is "
        "summed up by the total.",
        "nl": "Wat overheden in de maand via elk instrument betaalden, teruggegeven statiegeld inbegrepen. Een run "
        "wordt samengevat door het totaal.",
    },
    direction=0,
    axes=("instrument",),
    summary="sum",
)
def instrument_paid(view: Quantities) -> Array:
    return view.paid


@indicator(
    unit="EUR/month",
    title={"en": "Revenue by instrument", "nl": "Opbrengst per instrument"},
    meaning={
        "en": "What governments received through each instrument in the month, deposits included. A run is summed up "
        "by the total.",
        "nl": "Wat overheden in de maand via elk instrument ontvingen, statiegeld inbegrepen. Een run wordt "
        "samengevat door het totaal.",
    },
    direction=0,
    axes=("instrument",),
    summary="sum",
)
def instrument_received(view: Quantities) -> Array:
    return view.received


@indicator(
    unit="1",
    title={"en": "Use of the budget", "nl": "Beslag op het budget"},
    meaning={
        "en": "What each government paid through its instruments in the past twelve months, refunds of deposits left "
        "out, over its yearly budget for the circular economy.",
        "nl": "Wat elke overheid in de afgelopen twaalf maanden via haar instrumenten betaalde, zonder teruggegeven "
        "statiegeld, ten opzichte van haar jaarlijkse budget voor de circulaire economie.",
    },
    undefined={"en": "Undefined without a budget.", "nl": "Niet bepaald zonder budget."},
    direction=0,
    axes=("government",),
)
def budget_use(view: Quantities) -> Ratio:
    return Ratio(view.year.public_paid, view.frame.budget[view.month])


@indicator(
    unit="EUR/kg",
    title={"en": "Public cost per kilogram secured", "nl": "Publieke kosten per veiliggestelde kilogram"},
    meaning={
        "en": "Net public cost over all material recovered at home in the past twelve months. It is an average: what "
        "policy adds per euro is the difference between two paired runs.",
        "nl": "Netto publieke kosten ten opzichte van al het materiaal dat in de afgelopen twaalf maanden in eigen "
        "gebied is teruggewonnen. Het is een gemiddelde: wat beleid per euro toevoegt is het verschil tussen twee "
        "gepaarde runs.",
    },
    undefined={"en": "Undefined if nothing was recovered.", "nl": "Niet bepaald als er niets is teruggewonnen."},
    direction=-1,
    headline=True,
)
def public_cost_per_kg(view: Quantities) -> Ratio:
    return Ratio(across(view.year.public_net), across(view.year.recovered))


@indicator(
    unit="1",
    title={"en": "Private money per euro of investment support", "nl": "Privaat geld per euro investeringssteun"},
    meaning={
        "en": "Recyclers' own investment in new capacity over the investment support that they received in the past "
        "twelve months.",
        "nl": "Eigen investeringen van recyclingbedrijven in nieuwe capaciteit ten opzichte van de investeringssteun "
        "die zij in de afgelopen twaalf maanden ontvingen.",
    },
    undefined={"en": "Undefined without investment support.", "nl": "Niet bepaald zonder investeringssteun."},
    direction=1,
)
def private_leverage(view: Quantities) -> Ratio:
    support = view.recycler_flow("investment_support")
    return Ratio(view.year.settled_investment - support, support)


@indicator(
    unit="EUR/yr",
    title={"en": "Spending of state-backed blocs", "nl": "Uitgaven van door de staat gesteunde blokken"},
    meaning={
        "en": "What each state-backed bloc lost in the past twelve months on selling under cost and on supporting its "
        "producers: the price it pays to flood a market.",
        "nl": "Wat elk door de staat gesteund blok in de afgelopen twaalf maanden verloor op verkoop onder de "
        "kostprijs en op steun aan de eigen producenten: de prijs van het overspoelen van een markt.",
    },
    direction=0,
    axes=("bloc",),
)
def state_spending(view: Quantities) -> Array:
    return view.year.state_spending


@indicator(
    unit="EUR/month",
    title={"en": "Rents from export licences", "nl": "Rente uit uitvoervergunningen"},
    meaning={
        "en": "What holders of export licences in a bloc earn because a quota keeps prices inside and outside apart.",
        "nl": "Wat houders van uitvoervergunningen in een blok verdienen doordat een quotum de prijzen binnen en "
        "buiten uiteenhoudt.",
    },
    direction=0,
    axes=("bloc",),
    summary="sum",
)
def licence_rents(view: Quantities) -> Array:
    return view.licence_rents


@indicator(
    unit="EUR",
    title={"en": "Lenders' equity", "nl": "Eigen vermogen van financiers"},
    meaning={
        "en": "Net worth of those who lend to the modelled organisations: loans outstanding less what they owe.",
        "nl": "Vermogen van wie aan de gemodelleerde organisaties leent: uitstaande leningen min schulden.",
    },
    direction=1,
    summary="end",
)
def lender_equity(view: Quantities) -> Array:
    return view.lender_equity
