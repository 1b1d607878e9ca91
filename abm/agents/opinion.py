"""Public opinion: how far the people below each government support its policy for the circular economy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
QUINTILES = 5
YEAR = 12


class PublicOpinion:
    """Support by leaf and by government: it falls when goods become less affordable and when jobs are lost.

    People judge what they pay and what work there is against what they are used to, and a loss counts for more than
    a gain (Nannestad & Paldam 1997, "The grievance asymmetry revisited", European Journal of Political Economy 13).

    Attributes
    ----------
    support
        (K,) one value from 0 to 1 for each government, in the order of `governments.members`.
    by_leaf
        (L,) the same where people live.
    dearer, job_loss
        (L,) the part of income by which goods cost more than people are used to, mean of the fifths by income, and
        the part of technical jobs that has gone; below zero where it is the other way round.
    """

    def __init__(self, model: Any) -> None:
        config, people = model.config, model.households
        self.terms = terms = config.opinion
        self._start = np.log(terms.support / (1.0 - terms.support))
        # Slopes are given at the support of the start, where that of the logistic is support × (1 − support).
        self._slope = 1.0 / (terms.support * (1.0 - terms.support))
        leaves = len(config.leaves)
        self.homes = np.asarray(config.jurisdictions.households, dtype=np.float64)[config.leaves]
        self._per_income = inverse_income(people.leaf, people.quintile, people.income, people.weight, leaves)
        # Products that a household buys in a year (P, L).
        bought = 12.0 * model.structure.first_demand()[0] / np.maximum(self.homes, 1.0)
        shares = model.product_trade.start_shares[:, None, :]
        self.basket = np.ascontiguousarray(bought[..., None] * shares)  # (P, L, 3)
        self._weights = government_weights(config, model.governments.members, self.homes)
        self.by_leaf = np.full(leaves, float(terms.support))
        self.support = self._weights @ self.by_leaf
        self.dearer, self.job_loss = np.zeros(leaves), np.zeros(leaves)
        self._accustomed = np.zeros((2, leaves))  # cost of the basket (EUR a year) and jobs
        self._jobs = np.zeros(leaves)

    def close_month(self, month: int, price: Array, jobs: Array) -> None:
        """Take in this month's prices of new goods with tax (P, L, 3), EUR, and technical jobs by leaf (L,)."""
        terms = self.terms
        cost = np.add.reduce(self.basket * price, axis=(0, 2))
        self._jobs += (jobs - self._jobs) / min(month + 1, YEAR)
        # In the first months people are used to the mean so far.
        used_to, memory = self._accustomed, min(month + 1.0, terms.habituation)
        used_to[0] += (cost - used_to[0]) / memory
        used_to[1] += (jobs - used_to[1]) / memory
        self.dearer = (cost - used_to[0]) * self._per_income
        self.job_loss = 1.0 - self._jobs / np.where(used_to[1] > 0.0, used_to[1], 1.0)
        grievance = terms.by_cost * self._felt(self.dearer) + terms.by_jobs * self._felt(self.job_loss)
        wanted = 1.0 / (1.0 + np.exp(self._slope * grievance - self._start))
        self.by_leaf = self.by_leaf + (wanted - self.by_leaf) / terms.opinion_time
        self.support = self._weights @ self.by_leaf

    def _felt(self, loss: Array) -> Array:
        """A loss in full, a gain only in part."""
        return np.where(loss > 0.0, loss, self.terms.gain_weight * loss)


def inverse_income(leaf: Any, quintile: Any, income: Array, weight: Array, leaves: int) -> Array:
    """Mean over fifths by income of one over their mean income, by leaf (L,): what a euro means where people live.

    Most fifths by income buy about as many goods, so that one euro more on them weighs most for the poorest.
    """
    cell, cells = leaf * QUINTILES + quintile, leaves * QUINTILES
    number = np.bincount(cell, weight, cells).reshape(leaves, QUINTILES)
    earned = np.bincount(cell, income * weight, cells).reshape(leaves, QUINTILES)
    there = number > 0.0
    inverse = np.divide(number, earned, out=np.zeros_like(earned), where=there)
    return np.asarray(inverse.sum(axis=1) / np.maximum(there.sum(axis=1), 1))


def government_weights(config: Any, members: Any, homes: Array) -> Array:
    """Share of each leaf in the households below each government (K, L)."""
    below = [[member.jurisdiction in config.ancestors[leaf] for leaf in config.leaves] for member in members]
    weight = np.array(below, dtype=np.float64).reshape(len(members), len(homes)) * homes
    return np.asarray(weight / np.maximum(weight.sum(axis=1, keepdims=True), 1.0))
