"""Batches: the runs of a design over processes or machines, in files that are their own ledger."""

from experiments.batch.results import Results, open_results

__all__ = ["Results", "open_results"]
