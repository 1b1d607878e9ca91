"""The phases of a month that bring several kinds of agents together, in the order of the month."""
