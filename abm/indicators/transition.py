"""Transition: who has joined in, who knows, who is believed, and how supply is spread and use is cut."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.indicators.indicator import Ratio, indicator
from abm.indicators.quantities import Quantities, across

Array = NDArray[np.float64]


@indicator(
    unit="1",
    title={"en": "Adoption of circular products", "nl": "Adoptie van circulaire producten"},
    meaning={
        "en": "Share of households that use at least one product of circular design or as a service.",
        "nl": "Aandeel van de huishoudens dat minstens één product met een circulair ontwerp of als dienst gebruikt.",
    },
    undefined={"en": "Undefined without households.", "nl": "Niet bepaald zonder huishoudens."},
    direction=1,
    headline=True,
)
def adoption(view: Quantities) -> Array:
    return across(view.adopters) / view.frame.households.sum()


@indicator(
    unit="1",
    title={"en": "Adoption of circular products by jurisdiction", "nl": "Adoptie van circulaire producten per gebied"},
    meaning={
        "en": "Share of households in each jurisdiction that use at least one product of circular design or as a "
        "service.",
        "nl": "Aandeel van de huishoudens per gebied dat minstens één product met een circulair ontwerp of als dienst "
        "gebruikt.",
    },
    undefined={"en": "Undefined without households.", "nl": "Niet bepaald zonder huishoudens."},
    direction=1,
    axes=("jurisdiction",),
)
def adoption_by_jurisdiction(view: Quantities) -> Ratio:
    return Ratio(view.adopters @ view.frame.tree.T, view.frame.households_below)


@indicator(
    unit="1",
    title={"en": "Awareness of circular offers", "nl": "Bekendheid met circulair aanbod"},
    meaning={
        "en": "Share of households that know circular offers; only those can choose them.",
        "nl": "Aandeel van de huishoudens dat circulair aanbod kent; alleen zij kunnen ervoor kiezen.",
    },
    undefined={"en": "Undefined without households.", "nl": "Niet bepaald zonder huishoudens."},
    direction=1,
    headline=True,
)
def awareness(view: Quantities) -> Array:
    return across(view.aware) / view.frame.households.sum()


@indicator(
    unit="1",
    title={"en": "Awareness of circular offers by jurisdiction", "nl": "Bekendheid met circulair aanbod per gebied"},
    meaning={
        "en": "Share of households in each jurisdiction that know circular offers.",
        "nl": "Aandeel van de huishoudens per gebied dat circulair aanbod kent.",
    },
    undefined={"en": "Undefined without households.", "nl": "Niet bepaald zonder huishoudens."},
    direction=1,
    axes=("jurisdiction",),
)
def awareness_by_jurisdiction(view: Quantities) -> Ratio:
    return Ratio(view.aware @ view.frame.tree.T, view.frame.households_below)


@indicator(
    unit="1",
    title={"en": "Credibility of policy", "nl": "Geloofwaardigheid van beleid"},
    meaning={
        "en": "Belief of investors in what each government has announced, from 0 to 1: it grows with promises kept "
        "and falls when support is capped or withdrawn.",
        "nl": "Vertrouwen van investeerders in wat elke overheid heeft aangekondigd, van 0 tot 1: het groeit als "
        "beloften worden nagekomen en daalt als steun wordt afgetopt of ingetrokken.",
    },
    direction=1,
    axes=("government",),
)
def credibility(view: Quantities) -> Array:
    return view.credibility


@indicator(
    unit="1",
    title={"en": "Credibility of policy on the whole", "nl": "Geloofwaardigheid van beleid als geheel"},
    meaning={
        "en": "Mean over areas of the belief by which investors weigh announced support, from 0 to 1.",
        "nl": "Gemiddelde over gebieden van het vertrouwen waarmee investeerders aangekondigde steun wegen, van 0 tot "
        "1.",
    },
    direction=1,
    headline=True,
)
def belief(view: Quantities) -> Array:
    return across(view.belief) / view.frame.leaves


@indicator(
    unit="1",
    title={"en": "Public support", "nl": "Draagvlak"},
    meaning={
        "en": "Share of the people below each government who support its policy for the circular economy. It falls "
        "when goods become dearer than people are used to, most where incomes are low, and when technical jobs are "
        "lost.",
        "nl": "Aandeel van de inwoners onder elke overheid dat haar beleid voor de circulaire economie steunt. Het "
        "daalt als goederen duurder worden dan mensen gewend zijn, het meest bij lage inkomens, en als technische "
        "banen verdwijnen.",
    },
    direction=1,
    axes=("government",),
)
def public_support(view: Quantities) -> Array:
    return view.public_support


@indicator(
    unit="1",
    title={"en": "Diversity of supply by material", "nl": "Spreiding van het aanbod per materiaal"},
    meaning={
        "en": "One minus the concentration of primary supply at the stage of refining in the past twelve months: 0 is "
        "a single source.",
        "nl": "Eén min de concentratie van het primaire aanbod bij raffinage in de afgelopen twaalf maanden: 0 is één "
        "bron.",
    },
    undefined={"en": "Undefined where there is no supply.", "nl": "Niet bepaald waar geen aanbod is."},
    direction=1,
    axes=("material",),
)
def supply_diversity(view: Quantities) -> Array:
    return 1.0 - view.concentration[..., 1, :]


@indicator(
    unit="1",
    title={"en": "Diversity of supply", "nl": "Spreiding van het aanbod"},
    meaning={
        "en": "Mean over materials of the diversity of supply at the stage of refining.",
        "nl": "Gemiddelde over materialen van de spreiding van het aanbod bij raffinage.",
    },
    undefined={
        "en": "Undefined where a material has no supply.",
        "nl": "Niet bepaald als een materiaal geen aanbod heeft.",
    },
    direction=1,
    headline=True,
)
def supply_diversity_mean(view: Quantities) -> Array:
    return 1.0 - across(view.concentration[..., 1, :]) / view.frame.materials


@indicator(
    unit="1",
    title={"en": "Thrift", "nl": "Materiaalbesparing in ontwerp"},
    meaning={
        "en": "Share of a material that home makers save by design, weighted by what they would otherwise use.",
        "nl": "Deel van een materiaal dat eigen producenten door ontwerp besparen, gewogen naar wat zij anders zouden "
        "gebruiken.",
    },
    undefined={"en": "Undefined if no maker uses it.", "nl": "Niet bepaald als geen producent het gebruikt."},
    direction=1,
    axes=("material",),
)
def thrift(view: Quantities) -> Ratio:
    use = view.thrift_and_risk
    return Ratio(use[..., 1, :], use[..., 0, :])


@indicator(
    unit="1",
    title={"en": "Felt supply risk", "nl": "Ervaren leveringsrisico"},
    meaning={
        "en": "Supply risk that home makers feel, from 0 to 1, weighted by what they use. It makes them hold more "
        "stock, save material and pay a premium for secondary material.",
        "nl": "Leveringsrisico dat eigen producenten ervaren, van 0 tot 1, gewogen naar gebruik. Het laat hen meer "
        "voorraad houden, materiaal besparen en een premie betalen voor secundair materiaal.",
    },
    undefined={"en": "Undefined if no maker uses it.", "nl": "Niet bepaald als geen producent het gebruikt."},
    direction=-1,
    axes=("material",),
)
def supply_risk(view: Quantities) -> Ratio:
    use = view.thrift_and_risk
    return Ratio(use[..., 3, :], use[..., 2, :])


@indicator(
    unit="1",
    title={"en": "Circular share of public purchases", "nl": "Circulair aandeel in overheidsinkoop"},
    meaning={
        "en": "Value of products of circular design or as a service in what government bought of the modelled "
        "products in the past twelve months.",
        "nl": "Waarde van producten met een circulair ontwerp of als dienst in wat de overheid in de afgelopen twaalf "
        "maanden van de gemodelleerde producten kocht.",
    },
    undefined={"en": "Undefined if nothing was bought.", "nl": "Niet bepaald als er niets is gekocht."},
    direction=1,
)
def circular_procurement(view: Quantities) -> Ratio:
    value = view.year.public_purchases
    return Ratio(across(value[..., 1:]), across(value))


@indicator(
    unit="1",
    title={
        "en": "Share of makers' capacity with a circular design",
        "nl": "Aandeel circulair ontwerp in productiecapaciteit",
    },
    meaning={
        "en": "Capital of makers of circular design over that of all makers of products at home.",
        "nl": "Kapitaal van producenten met een circulair ontwerp ten opzichte van alle eigen producenten van "
        "producten.",
    },
    undefined={"en": "Undefined without makers.", "nl": "Niet bepaald zonder producenten."},
    direction=1,
)
def circular_design(view: Quantities) -> Ratio:
    linear, circular = view.activity_capital[..., 0], view.activity_capital[..., 1]
    return Ratio(circular, linear + circular)


@indicator(
    unit="1",
    title={"en": "Materials under restriction", "nl": "Materialen onder een uitvoerbeperking"},
    meaning={
        "en": "Number of materials of which each state-backed bloc restricts exports, in retaliation or otherwise.",
        "nl": "Aantal materialen waarvan elk door de staat gesteund blok de uitvoer beperkt, uit vergelding of "
        "anderszins.",
    },
    direction=-1,
    axes=("bloc",),
)
def materials_restricted(view: Quantities) -> Array:
    return across(((view.regime == 1) | (view.regime == 3)).astype(np.float64))


@indicator(
    unit="1",
    title={"en": "Materials flooded", "nl": "Overspoelde materialen"},
    meaning={
        "en": "Number of materials that each state-backed bloc sells under its rivals' cost to drive them out.",
        "nl": "Aantal materialen dat elk door de staat gesteund blok onder de kostprijs van concurrenten verkoopt om "
        "hen te verdrijven.",
    },
    direction=-1,
    axes=("bloc",),
)
def materials_flooded(view: Quantities) -> Array:
    return across((view.regime == 2).astype(np.float64))
