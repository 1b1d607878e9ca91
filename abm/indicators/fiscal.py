"""Public finance: what policy costs and brings in, and who pays for a trade war."""

from __future__ import annotations

import numpy as np

from abm.indicators.indicator import indicator
from abm.indicators.view import Array, View, ratio


@indicator(
    "EUR/month",
    {"en": "Net public cost", "nl": "Netto publieke kosten"},
    {
        "en": "What governments pay through instruments less what they receive, stockpiles included; deposits are "
        "held in trust and left out.",
        "nl": "Wat overheden via instrumenten betalen min wat zij ontvangen, inclusief voorraden; statiegeld wordt "
        "bewaard en telt niet mee.",
    },
    direction=-1,
    headline=True,
    summary="sum",
)
def public_cost(view: View) -> float:
    return view.public_net


@indicator(
    "EUR/month",
    {"en": "Discounted public cost", "nl": "Verdisconteerde publieke kosten"},
    {
        "en": "The same, discounted to the start of the run at the public discount rate; the sum over a run is its "
        "present value.",
        "nl": "Hetzelfde, verdisconteerd naar het begin tegen de publieke discontovoet; de som over een run is de "
        "contante waarde.",
    },
    direction=-1,
    headline=True,
    summary="sum",
)
def public_cost_discounted(view: View) -> float:
    rate = view.config.public.discount_rate
    return view.public_net / (1.0 + rate) ** (view.month / 12.0)


@indicator(
    "EUR/month",
    {"en": "Net cost by government", "nl": "Netto kosten per overheid"},
    {"en": "Net cost of a government's instruments.", "nl": "Netto kosten van de instrumenten van een overheid."},
    direction=-1,
    axes=("government",),
    summary="sum",
)
def government_cost(view: View) -> Array:
    return view.model.governments.public_cost


@indicator(
    "EUR/month",
    {"en": "Paid by instrument", "nl": "Betaald per instrument"},
    {"en": "What an instrument pays out.", "nl": "Wat een instrument uitkeert."},
    axes=("instrument",),
    summary="sum",
)
def instrument_paid(view: View) -> Array:
    return view.model.governments.paid


@indicator(
    "EUR/month",
    {"en": "Received by instrument", "nl": "Ontvangen per instrument"},
    {"en": "What an instrument brings in.", "nl": "Wat een instrument opbrengt."},
    axes=("instrument",),
    summary="sum",
)
def instrument_received(view: View) -> Array:
    return view.model.governments.received


@indicator(
    "EUR/kg",
    {"en": "Public cost per kilogram recovered", "nl": "Publieke kosten per teruggewonnen kilo"},
    {
        "en": "Net public cost over all material that home recyclers recover; undefined when they recover none.",
        "nl": "Netto publieke kosten gedeeld door al het materiaal dat recyclers hier terugwinnen; niet bepaald als "
        "zij niets terugwinnen.",
    },
    direction=-1,
)
def cost_per_kilogram(view: View) -> float:
    return ratio(view.public_net, float(view.recovered.sum()))


@indicator(
    "EUR/month",
    {"en": "Strategic losses of the bloc", "nl": "Strategische verliezen van het blok"},
    {
        "en": "What the state behind a bloc pays for selling under cost and for its producers' losses.",
        "nl": "Wat de staat achter een blok betaalt om onder de kostprijs te verkopen en voor verliezen van zijn "
        "producenten.",
    },
    axes=("bloc",),
    summary="sum",
)
def bloc_losses(view: View) -> Array:
    flow = view.books.month_flow("state_support")
    return np.array([-flow[bloc.purse] for bloc in view.model.blocs])


@indicator(
    "EUR/month",
    {"en": "Rents from export licences", "nl": "Rente uit uitvoervergunningen"},
    {
        "en": "What holders of export licences in a bloc earn because a quota keeps prices apart.",
        "nl": "Wat houders van uitvoervergunningen in een blok verdienen doordat een quotum de prijzen uiteenhoudt.",
    },
    axes=("bloc",),
    summary="sum",
)
def licence_rents(view: View) -> Array:
    return view.model.materials.rents.sum(axis=0)


@indicator(
    "EUR",
    {"en": "Lenders' equity", "nl": "Eigen vermogen van financiers"},
    {
        "en": "Net worth of those who lend to the modelled organisations, against that at the start.",
        "nl": "Vermogen van wie aan de gemodelleerde organisaties leent, ten opzichte van het begin.",
    },
    direction=1,
    summary="end",
)
def lender_equity(view: View) -> float:
    return view.books.lender_equity
