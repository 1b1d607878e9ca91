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


@indicator(
    unit="EUR",
    title={"en": "Public cost per circular job", "nl": "Publieke kosten per circulaire baan"},
    meaning={
        "en": "Net public cost of the past twelve months over technical jobs in circular activities. It is an average: "
        "what policy adds per euro is the difference between two paired runs.",
        "nl": "Netto publieke kosten van de afgelopen twaalf maanden ten opzichte van de technische banen in "
        "circulaire activiteiten. Het is een gemiddelde: wat beleid per euro toevoegt is het verschil tussen twee "
        "gepaarde runs.",
    },
    undefined={"en": "Undefined without jobs.", "nl": "Niet bepaald zonder banen."},
    direction=-1,
)
def public_cost_per_job(view: Quantities) -> Ratio:
    return Ratio(across(view.year.public_net), view.jobs_by_activity @ view.frame.circular)


@indicator(
    unit="EUR/yr",
    title={"en": "Who pays and who gains by policy", "nl": "Wie betaalt en wie wint door beleid"},
    meaning={
        "en": "Payments under policy that each received less those that it made in the past twelve months: support, "
        "levies, certificates, premiums, programmes, tax relief on work, guarantees called and trade of stockpiles, "
        "before governments' budgets are balanced; deposits are held for households and left out. All "
        "together they are zero. What is passed on in prices shows in the total, between paired runs.",
        "nl": "Betalingen onder beleid die elk ontving min die het deed in de afgelopen twaalf maanden: steun, "
        "heffingen, certificaten, premies, programma's, belastingkorting op arbeid, geclaimde garanties en handel van "
        "strategische voorraden, voordat begrotingen van "
        "overheden sluitend worden gemaakt; statiegeld wordt voor huishoudens bewaard en telt niet mee. Samen zijn zij "
        "nul. Wat in prijzen wordt doorgegeven blijkt uit het totaal, tussen gepaarde runs.",
    },
    direction=0,
    axes=("party",),
)
def policy_incidence(view: Quantities) -> Array:
    return view.year.party_flows[..., 0, :]


@indicator(
    unit="EUR/yr",
    title={"en": "Net receipts of each party", "nl": "Netto ontvangsten van elke partij"},
    meaning={
        "en": "All payments that each received less those that it made in the past twelve months, without loans, "
        "equity, dividends, households' income from the rest of the economy and what is left by bankruptcies. All "
        "together they are zero. The difference between two paired runs is a change of cash, prices and all, not of "
        "welfare: who buys or invests less keeps more. Read it beside consumer surplus and value added.",
        "nl": "Alle betalingen die elk ontving min die het deed in de afgelopen twaalf maanden, zonder leningen, "
        "kapitaalinbreng, dividend, inkomen van huishoudens uit de rest van de economie en wat faillissementen "
        "nalaten. Samen zijn zij nul. Het verschil tussen twee gepaarde runs is "
        "een verandering van kasgeld, prijzen inbegrepen, niet van welvaart: wie minder koopt of investeert, houdt "
        "meer over. Lees het naast consumentensurplus en toegevoegde waarde.",
    },
    direction=0,
    axes=("party",),
)
def net_incidence(view: Quantities) -> Array:
    return view.year.party_flows[..., 1, :]


@indicator(
    unit="EUR/yr",
    title={"en": "Policy payments by jurisdiction", "nl": "Beleidsbetalingen per gebied"},
    meaning={
        "en": "Payments under policy that households, firms, recyclers, dealers and collectors in each jurisdiction "
        "received less those that they made in the past twelve months.",
        "nl": "Betalingen onder beleid die huishoudens, bedrijven, recyclingbedrijven, handelaren en inzamelaars in "
        "elk gebied ontvingen min die zij deden in de afgelopen twaalf maanden.",
    },
    direction=0,
    axes=("jurisdiction",),
)
def policy_incidence_by_jurisdiction(view: Quantities) -> Array:
    return view.year.leaf_flows[..., 0, :] @ view.frame.tree.T


@indicator(
    unit="EUR/yr",
    title={"en": "Net receipts by jurisdiction", "nl": "Netto ontvangsten per gebied"},
    meaning={
        "en": "All payments that households, firms, recyclers, dealers and collectors in each jurisdiction received "
        "less those that they made in the past twelve months, without loans, equity, dividends, households' income "
        "from the rest of the economy and what is left by bankruptcies.",
        "nl": "Alle betalingen die huishoudens, bedrijven, recyclingbedrijven, handelaren en inzamelaars in elk gebied "
        "ontvingen min die zij deden in de afgelopen twaalf maanden, zonder leningen, kapitaalinbreng, dividend, "
        "inkomen van huishoudens uit de rest van de economie en wat faillissementen nalaten.",
    },
    direction=0,
    axes=("jurisdiction",),
)
def net_incidence_by_jurisdiction(view: Quantities) -> Array:
    return view.year.leaf_flows[..., 1, :] @ view.frame.tree.T
