"""Transition: how far the change has come in minds, designs and supply."""

from __future__ import annotations

import numpy as np

from abm.indicators.indicator import indicator
from abm.indicators.view import Array, View, ratio


@indicator(
    "1",
    {"en": "Households with a circular product", "nl": "Huishoudens met een circulair product"},
    {
        "en": "Share of households that use at least one product of circular design or as a service.",
        "nl": "Aandeel huishoudens dat ten minste één product van circulair ontwerp of als dienst gebruikt.",
    },
    direction=1,
    headline=True,
    summary="end",
)
def circular_ownership(view: View) -> float:
    return ratio(float((view.weight * (view.model.households.circular_items > 0)).sum()), float(view.weight.sum()))


@indicator(
    "1",
    {"en": "Awareness of circular offers", "nl": "Bekendheid met circulair aanbod"},
    {
        "en": "Share of households that know circular, refurbished and service offers.",
        "nl": "Aandeel huishoudens dat circulair, opgeknapt en dienstenaanbod kent.",
    },
    direction=1,
    headline=True,
    summary="end",
)
def awareness(view: View) -> float:
    return ratio(float(view.weight @ view.model.households.aware), float(view.weight.sum()))


@indicator(
    "1",
    {"en": "Credibility of policy", "nl": "Geloofwaardigheid van beleid"},
    {"en": "Belief in what a government announces, 0 to 1.", "nl": "Geloof in wat een overheid aankondigt, 0 tot 1."},
    direction=1,
    axes=("government",),
)
def credibility(view: View) -> Array:
    return np.array([government.credibility for government in view.model.governments.members])


@indicator(
    "1",
    {"en": "Diversity of supply", "nl": "Spreiding van het aanbod"},
    {
        "en": "One less the Herfindahl index of refining over countries, by material.",
        "nl": "Eén min de Herfindahl-index van raffinage over landen, per materiaal.",
    },
    direction=1,
    axes=("material",),
)
def supply_diversity(view: View) -> Array:
    return 1.0 - view.country_shares[1][1]


def _over_makers(view: View, values: Array) -> Array:
    """Mean over makers by what they use (M,); undefined where they use none."""
    need = view.firms.orders[:, None] * view.firms.need * view.firms.active[:, None]
    return ratio((need * values).sum(axis=0), need.sum(axis=0))


@indicator(
    "1",
    {"en": "Thrift", "nl": "Zuinigheid"},
    {
        "en": "Share of a material that makers at home save by design against the start; undefined where none use it.",
        "nl": "Deel van een materiaal dat makers hier door ontwerp besparen; niet bepaald waar niemand het gebruikt.",
    },
    direction=1,
    axes=("material",),
    summary="end",
)
def thrift(view: View) -> Array:
    return _over_makers(view, view.firms.thrift)


@indicator(
    "1",
    {"en": "Felt supply risk", "nl": "Ervaren leveringsrisico"},
    {
        "en": "How far makers at home fear for the supply of a material, 0 to 1; undefined where none use it.",
        "nl": "Hoezeer makers hier vrezen voor de levering van een materiaal, 0 tot 1; niet bepaald waar niemand "
        "het gebruikt.",
    },
    direction=-1,
    axes=("material",),
)
def supply_risk(view: View) -> Array:
    return _over_makers(view, view.firms.risk)


@indicator(
    "1",
    {"en": "Recycling cost against the start", "nl": "Recyclingkosten ten opzichte van het begin"},
    {
        "en": "Processing cost per kg of scrap over that at the start, mean over plants at work, by stream; "
        "undefined where there are none.",
        "nl": "Verwerkingskosten per kilo schroot gedeeld door die aan het begin, gemiddeld over installaties, per "
        "stroom; niet bepaald waar er geen zijn.",
    },
    direction=-1,
    axes=("stream",),
    summary="end",
)
def recycling_cost(view: View) -> Array:
    recyclers = view.recyclers
    count = len(view.config.streams)
    weight = recyclers.capacity * view.alive
    total = np.bincount(recyclers.stream, weight * recyclers.processing_cost, count)
    return ratio(total / np.asarray(view.config.streams.processing_cost), np.bincount(recyclers.stream, weight, count))
