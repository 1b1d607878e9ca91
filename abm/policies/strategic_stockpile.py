"""Strategic stockpile of materials."""

from __future__ import annotations

from abm.policies.stockpile import Stockpile


class StrategicStockpile(Stockpile):
    name = "strategic_stockpile"
    title = {"en": "Strategic stockpile", "nl": "Strategische voorraad"}
    texts = {
        "what": {
            "en": "The government buys material in quiet times and sells it when supply falls short.",
            "nl": "De overheid koopt materiaal in rustige tijden en verkoopt het wanneer het aanbod tekortschiet.",
        },
        "how": {
            "en": "It fills the stockpile evenly up to the target, as long as the price is not far above the usual "
            "one, no bloc holds supply back, and the annual budget lasts; storage is paid for each month. It covers a "
            "shortage while it can, and sells part each month while the price is exceptionally high. When the "
            "instrument ends, the stock is sold off gradually at or above the usual price. Purchases add to demand and "
            "raise the price they are made at.",
            "nl": "Zij vult de voorraad gelijkmatig tot het doel, zolang de prijs niet ver boven de gebruikelijke "
            "ligt, geen blok aanbod achterhoudt en het jaarbudget strekt; opslag wordt elke maand betaald. Zij dekt "
            "een tekort zolang zij kan, en verkoopt maandelijks een deel zolang de prijs uitzonderlijk hoog is. "
            "Eindigt het instrument, dan wordt de voorraad geleidelijk verkocht tegen minstens de gebruikelijke prijs. "
            "Aankopen verhogen de vraag en de prijs waartegen wordt gekocht.",
        },
        "watch": {
            "en": "It bridges months, not years, and ties up capital. Buying during a shortage makes the shortage "
            "worse. A small country that stocks alone serves a market that is European.",
            "nl": "Zij overbrugt maanden, geen jaren, en legt kapitaal vast. Kopen tijdens een tekort vergroot het "
            "tekort. Een klein land dat alleen voorraad houdt, bedient een markt die Europees is.",
        },
        "source": {
            "en": "Japan holds 60 days, up to 180 for risky metals (IEA policy database); COM(2025) 945, RESourceEU, "
            "announces a pilot. B. Sprecher and others, Novel indicators for the quantification of resilience in "
            "critical material supply chains, Environmental Science & Technology 51 (2017) 3860–3870, on stocks as "
            "short-run buffer in 2010–2012. Rules of buying and release are assumptions.",
            "nl": "Japan houdt 60 dagen aan, tot 180 voor riskante metalen (IEA policy database); COM(2025) 945, "
            "RESourceEU, kondigt een proef aan. B. Sprecher en anderen, Novel indicators for the quantification of "
            "resilience in critical material supply chains, Environmental Science & Technology 51 (2017) 3860–3870, "
            "over voorraden als buffer in 2010–2012. De regels voor in- en verkoop zijn aannames.",
        },
    }
