"""What batches say: sensitivity, discovery, contribution of instruments, robustness, search, report."""
