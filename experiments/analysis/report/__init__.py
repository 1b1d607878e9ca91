"""The report on a batch: what was run, what failed, what differs and how surely, as one page that stands alone."""
