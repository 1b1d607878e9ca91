"""Value retention and circularity: what is used again, how often and how well?"""

from __future__ import annotations

import numpy as np

from abm.indicators.indicator import indicator
from abm.indicators.view import TONNE, Array, View, ratio


@indicator(
    "1",
    {"en": "End-of-life recycling rate", "nl": "Recyclinggraad einde levensduur"},
    {
        "en": "Recovered from end-of-life goods over what such goods contained, by material; undefined in a month "
        "without discards.",
        "nl": "Teruggewonnen uit afgedankte goederen gedeeld door wat die bevatten, per materiaal; niet bepaald in "
        "een maand zonder afdanking.",
    },
    direction=1,
    axes=("material",),
)
def end_of_life_recycling_rate(view: View) -> Array:
    return ratio(view.end_of_life, view.discarded_content)


@indicator(
    "1",
    {"en": "End-of-life recycling input rate", "nl": "Aandeel uit afgedankte goederen in het gebruik"},
    {
        "en": "Material recovered at home from end-of-life goods over use at home, embedded imports included. "
        "Manufacturing scrap does not count.",
        "nl": "Hier uit afgedankte goederen teruggewonnen materiaal gedeeld door het gebruik hier, inclusief wat "
        "in invoer zit. Productieafval telt niet mee.",
    },
    direction=1,
    axes=("material",),
)
def end_of_life_input_rate(view: View) -> Array:
    return ratio(view.end_of_life, view.total_use)


@indicator(
    "1",
    {"en": "Secondary share of use", "nl": "Secundair aandeel in het gebruik"},
    {
        "en": "Recovered from end-of-life goods over use at home, all modelled materials together by value.",
        "nl": "Teruggewonnen uit afgedankte goederen gedeeld door het gebruik hier, alle gemodelleerde materialen "
        "samen naar waarde.",
    },
    direction=1,
    headline=True,
    summary="end",
)
def secondary_share(view: View) -> float:
    return ratio(float((view.end_of_life * view.value).sum()), float((view.total_use * view.value).sum()))


@indicator(
    "1",
    {"en": "Manufacturing scrap in use", "nl": "Productieafval in het gebruik"},
    {
        "en": "Material recovered at home from manufacturing scrap over use at home.",
        "nl": "Hier uit productieafval teruggewonnen materiaal gedeeld door het gebruik hier.",
    },
    axes=("material",),
)
def manufacturing_scrap_share(view: View) -> Array:
    return ratio(view.recovered - view.end_of_life, view.total_use)


@indicator(
    "1",
    {"en": "Metal circular material use rate", "nl": "Circulair gebruik van metalen"},
    {
        "en": "All secondary material recovered at home over use of the modelled materials, by mass. Not comparable "
        "with Eurostat's rate, which covers all materials.",
        "nl": "Al het hier teruggewonnen materiaal gedeeld door het gebruik van de gemodelleerde materialen, naar "
        "massa. Niet vergelijkbaar met het cijfer van Eurostat, dat alle materialen omvat.",
    },
    direction=1,
)
def circular_material_use(view: View) -> float:
    return ratio(float(view.recovered.sum()), float((view.total_use + view.recovered).sum()))


@indicator(
    "1",
    {"en": "Recycled content of home purchases", "nl": "Gerecycled aandeel in de inkoop hier"},
    {
        "en": "Secondary share of what home makers buy, smoothed over a year, by material.",
        "nl": "Secundair aandeel in de inkoop van makers hier, over een jaar gemiddeld, per materiaal.",
    },
    direction=1,
    axes=("material",),
)
def recycled_content(view: View) -> Array:
    return view.model.materials_trade.secondary_share


@indicator(
    "1",
    {"en": "Collection rate", "nl": "Inzamelgraad"},
    {
        "en": "Share by mass of what households throw away or hand in that is handed in; undefined in a month "
        "without either.",
        "nl": "Aandeel naar massa van wat huishoudens wegdoen dat wordt ingeleverd; niet bepaald in een maand "
        "waarin niets wordt weggedaan.",
    },
    direction=1,
    headline=True,
)
def collection_rate(view: View) -> float:
    mass = np.asarray(view.config.products.mass)
    returned, binned = view.discarded.returned.sum(axis=1) @ mass, view.discarded.binned.sum(axis=1) @ mass
    return ratio(float(returned), float(returned + binned))


@indicator(
    "1",
    {"en": "Repair share", "nl": "Aandeel reparatie"},
    {
        "en": "Repairs over repairs and purchases of households; undefined in a month without either.",
        "nl": "Reparaties gedeeld door reparaties en aankopen van huishoudens; niet bepaald in een maand zonder beide.",
    },
    direction=1,
    headline=True,
)
def repair_share(view: View) -> float:
    repairs = float(view.purchases.repairs.sum())
    bought = float(view.purchases.units_new.sum() + view.purchases.units_used.sum())
    return ratio(repairs, repairs + bought)


@indicator(
    "1",
    {"en": "Reuse share", "nl": "Aandeel hergebruik"},
    {
        "en": "Used and refurbished goods over all goods that households buy; undefined in a month without purchases.",
        "nl": "Tweedehands en opgeknapte goederen gedeeld door alle goederen die huishoudens kopen; niet bepaald "
        "in een maand zonder aankopen.",
    },
    direction=1,
)
def reuse_share(view: View) -> float:
    used = float(view.purchases.units_used.sum())
    return ratio(used, used + float(view.purchases.units_new.sum()))


@indicator(
    "yr",
    {"en": "Age at which products are handed in", "nl": "Leeftijd bij inlevering"},
    {
        "en": "Mean time since purchase of products that households hand in, drawer included; undefined in a month "
        "without returns.",
        "nl": "Gemiddelde tijd sinds aankoop van producten die huishoudens inleveren, inclusief de lade; niet "
        "bepaald in een maand zonder inlevering.",
    },
    direction=1,
)
def age_when_returned(view: View) -> float:
    discarded = view.discarded
    age = (view.month - discarded.returned_bought.astype(np.float64)) / 12.0
    return ratio(float(age @ discarded.returned_weight), float(discarded.returned_weight.sum()))


@indicator(
    "t",
    {"en": "Stock in use", "nl": "Voorraad in gebruik"},
    {
        "en": "Material in products in use by households, business and government.",
        "nl": "Materiaal in producten in gebruik bij huishoudens, bedrijven en overheid.",
    },
    axes=("material",),
    summary="end",
)
def stock_in_use(view: View) -> Array:
    places, books = view.model.places, view.books
    owned = books.stock[places.in_use.ravel()].sum(axis=0) + books.stock[view.model.business.places.ravel()].sum(axis=0)
    return owned * TONNE


@indicator(
    "t",
    {"en": "Stock in drawers", "nl": "Voorraad in laden"},
    {
        "en": "Material in products that are no longer used and kept at home.",
        "nl": "Materiaal in producten die niet meer gebruikt worden en thuis blijven liggen.",
    },
    direction=-1,
    axes=("material",),
    summary="end",
)
def stock_hoarded(view: View) -> Array:
    return view.books.stock[view.model.places.hoarded.ravel()].sum(axis=0) * TONNE


@indicator(
    "1",
    {"en": "Recycling at functional grade", "nl": "Hoogwaardige recycling"},
    {
        "en": "Share of the material in scrap processed at home that is recovered at functional grade, by value; "
        "the rest is lost in other metals. Undefined when nothing is processed.",
        "nl": "Deel van het materiaal in hier verwerkt schroot dat hoogwaardig wordt teruggewonnen, naar waarde; de "
        "rest gaat in andere metalen verloren. Niet bepaald als niets wordt verwerkt.",
    },
    direction=1,
)
def functional_recycling(view: View) -> float:
    recovered = float((view.recovered * view.value).sum())
    lost = float((view.books.month_moved("dissipation") * view.value).sum())
    return ratio(recovered, recovered + lost)


@indicator(
    "1",
    {"en": "Value retained at end of life", "nl": "Behouden waarde aan het einde van de levensduur"},
    {
        "en": "Value, at today's prices, of material recovered or refurbished over the value in what was discarded; "
        "undefined in a month in which nothing is.",
        "nl": "Waarde, tegen prijzen van nu, van teruggewonnen of opgeknapt materiaal gedeeld door de waarde in wat "
        "werd afgedankt; niet bepaald in een maand waarin dat niets is.",
    },
    direction=1,
    headline=True,
)
def value_retained(view: View) -> float:
    price, model = view.price[0], view.model
    again = model.end_of_life.refurbished_content
    kept = float(((view.end_of_life + again) * price).sum())
    return ratio(kept, float(((view.discarded_content + again) * price).sum()))
