"""What offers are worth to households: the expected utility of choice, in euros."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
QUINTILES = 5
KEEP, REPAIR, USED, LINEAR, CIRCULAR, SERVICE = range(6)
NOT_OFFERED = -1e9


class ChoiceWorth:
    """Logsum of the nested logit of a mean household of each leaf and quintile that must replace an item.

    Small and Rosen (1981), "Applied welfare economics with discrete choice models": the change of the logsum over
    the marginal utility of income, here that at the price of linear goods at the start, is the change of consumer
    surplus. Tastes, attitude and trust are those of the start; prices, lives, offers and awareness those of a month.
    """

    def __init__(self, model: Any) -> None:
        people, terms, leaves = model.households, model.config.households, len(model.config.leaves)
        self.products = people.products
        self.scale = float(terms.nest_scale)
        self.price_weight, self.durability = float(terms.price_weight), float(terms.durability_weight)
        cell, cells = people.leaf * QUINTILES + people.quintile, leaves * QUINTILES
        number = np.maximum(np.bincount(cell, people.weight, cells), 1e-9)

        def mean(trait: Any) -> Array:
            return (np.bincount(cell, trait * people.weight, cells) / number).reshape(leaves, QUINTILES)

        monthly = mean(people.price_sensitivity * 1.0) / np.maximum(self._median(people, leaves), 1e-9)[:, None]
        self.per_euro = monthly[:, None]  # (L, 1, 5) a euro as part of monthly income
        offers = model.product_trade.offers()
        taste = people.taste.T.reshape(len(self.products), leaves, -1)[..., USED:, None]
        liking = terms.circularity_weight * offers.circularity[self.products][..., USED:, None]
        self.fixed = taste + liking * mean(people.attitude)[:, None]  # (P, L, 4, 5)
        self.fixed[:, :, 0] += terms.trust_weight * mean(people.trust)
        units = 12.0 * model.structure.first_demand()[0][self.products]  # (P, L) a year
        start = offers.price[self.products][..., LINEAR, None]
        slope = self.price_weight * self.per_euro[:, 0] / (1.0 + start * self.per_euro[:, 0])
        homes = np.asarray(model.config.jurisdictions.households)[model.config.leaves]
        lived = number.reshape(leaves, QUINTILES)
        share = lived / lived.sum(axis=0)  # of leaves in a quintile
        # (P, L, 5) EUR a year per unit of utility; nothing where nobody of a quintile is in the sample.
        usual = units[..., None] / np.maximum(homes, 1.0)[:, None] * share
        self.worth = np.divide(usual, slope, out=np.zeros_like(usual), where=slope > 0.0)
        there = np.maximum(np.bincount(people.leaf, people.weight, leaves), 1e-9)
        aware = np.bincount(people.leaf, people.aware * people.weight, leaves) / there
        self.start = self.surplus(offers.price, offers.life * offers.available, aware)

    @staticmethod
    def _median(people: Any, leaves: int) -> Array:
        """Median monthly income by leaf (L,), to which price sensitivity refers."""
        income = people.income * people.price_sensitivity / 12.0
        number = np.bincount(people.leaf, minlength=leaves)
        return np.asarray(np.bincount(people.leaf, income, leaves) / np.maximum(number, 1))

    def surplus(self, price: Array, life: Array, aware: Array) -> Array:
        """Worth of offers (…, P, L, 6) when a share `aware` (…, L) knows circular ones (…, 5), EUR a year.

        What is not on offer has life 0.
        """
        there = life[..., self.products, :, USED:, None] > 0.0
        cost = np.log1p(price[..., self.products, :, USED:, None] * self.per_euro)
        utility = self.fixed + self.durability * life[..., self.products, :, USED:, None] - self.price_weight * cost
        utility = np.where(there, utility, NOT_OFFERED)
        known = np.logaddexp(utility[..., 0, :], utility[..., 1, :])
        circular = self.scale * np.logaddexp(utility[..., 2, :] / self.scale, utility[..., 3, :] / self.scale)
        expected = known + aware[..., None, :, None] * (np.logaddexp(known, circular) - known)
        return np.asarray(np.einsum("...plq,plq->...q", expected, self.worth))
