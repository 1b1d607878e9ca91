"""Designs of batches: which runs are made, and what varies between them."""

from experiments.designs.declaration import Design, check_design, files, load_design, read_design
from experiments.designs.factors import Factor, read_factor
from experiments.designs.sampling import Sample
from experiments.designs.seeds import parse_seeds

__all__ = [
    "Design",
    "Factor",
    "Sample",
    "check_design",
    "files",
    "load_design",
    "parse_seeds",
    "read_design",
    "read_factor",
]
