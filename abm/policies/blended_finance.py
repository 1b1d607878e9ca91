"""Blended public and private finance: public shares and guarantees in one facility, on concessional terms."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import InstrumentUse
from abm.policies.public_equity import PublicEquity
from abm.rules import Activity

Array = NDArray[np.float64]


class BlendedFinance(PublicEquity):
    name = "blended_finance"
    title = {"en": "Blended finance", "nl": "Gemengde financiering"}
    phase = "chain"
    steady = ("recycling_equity", "primary_equity", "recycling_guarantee", "primary_guarantee", "waived_equity")
    intensity: Any = quantity("Public share in the equity of new plants", "1", 0, 0.75, default=0.3)
    guarantee: Any = quantity("Share of their loans that is guaranteed as well", "1", 0, 0.9, default=0.5)
    concession: Any = quantity("Share of public dividends left to private owners", "1", 0, 1, default=0.5)
    labels = PublicEquity.labels | {
        "guarantee": {"en": "Guaranteed share of loans", "nl": "Gegarandeerd deel van leningen"},
        "concession": {"en": "Dividends left to others", "nl": "Dividend voor anderen"},
    }
    texts = {
        "what": {
            "en": "A facility that puts public money beside private money in new plants: shares on softer terms and "
            "guarantees on the loans.",
            "nl": "Een faciliteit die publiek geld naast privaat geld in nieuwe fabrieken steekt: aandelen op "
            "zachtere voorwaarden en garanties op de leningen.",
        },
        "how": {
            "en": "The public share in equity works as in public equity, the guarantee as in the loan guarantee, each "
            "on its own levers. Of the dividends due to it the facility leaves a part to the private owners of "
            "recycling plants, so that they ask a lower return of the whole plant. Losses are shared pro rata, and "
            "lenders call the guaranteed part.",
            "nl": "Het publieke aandeel in het eigen vermogen werkt als bij publiek aandelenkapitaal, de garantie als "
            "bij garantie op leningen, elk met eigen knoppen. Van het dividend dat haar toekomt, laat de faciliteit "
            "een deel aan de private eigenaren van recyclingfabrieken, zodat zij van de hele fabriek een lager "
            "rendement vragen. Verliezen worden naar rato gedeeld en geldverstrekkers claimen het gegarandeerde deel.",
        },
        "watch": {
            "en": "What is left to private owners is a gift to plants that would have been built anyway. Leverage, "
            "private euros per public euro, says little about what was added: compare paired runs.",
            "nl": "Wat aan private eigenaren wordt gelaten, is een cadeau voor fabrieken die er toch waren gekomen. De "
            "hefboom, private euro's per publieke euro, zegt weinig over wat erbij kwam: vergelijk gepaarde runs.",
        },
        "source": {
            "en": "InvestEU, Regulation (EU) 2021/523, aims at EUR 372 billion of investment from EUR 26.2 billion of "
            "guarantees; Invest-NL and the regional development companies do the same in the Netherlands (SER, letter "
            "of 30 April 2026: public and private finance together). Shares and terms are assumptions.",
            "nl": "InvestEU, Verordening (EU) 2021/523, mikt met EUR 26,2 miljard aan garanties op EUR 372 miljard aan "
            "investeringen; Invest-NL en de regionale ontwikkelingsmaatschappijen doen dat in Nederland (SER, brief "
            "van 30 april 2026: publieke en private financiering samen). Aandelen en voorwaarden zijn aannames.",
        },
    }

    def __init__(self, use: InstrumentUse, config: Any) -> None:
        super().__init__(use, config)
        self.kept_dividends = 1.0 - self.concession

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """Public shares in new equity, guaranteed shares of loans, and equity whose dividends are left to others."""
        covered = self.guarantee * (self.intensity > 0.0)
        on_mines = self.in_leaves_at(0, covered * self.extraction * self.materials)
        return super().at_full_strength(config) | {
            "recycling_guarantee": self.in_leaves(covered * self.recycling * self.streams),
            "primary_guarantee": on_mines + self.in_leaves_at(1, covered * self.refining * self.materials),
            "waived_equity": self.in_leaves(self.intensity * self.concession * self.recycling * self.streams),
        }

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Take dividends, buy shares, and pay lenders what they called on its guarantees, also after its end."""
        super().settle(activity, books, month)
        self.pay(books, "guarantees", activity.lender_account, activity.guarantee_calls[self.index : self.index + 1])
