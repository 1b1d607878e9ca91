"""Outcomes of the runs of a batch, where the analyses look for them."""

from experiments.outcomes import WAYS, outcome_table

__all__ = ["WAYS", "outcome_table"]
