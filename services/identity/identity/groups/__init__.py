"""Customer groups, and the conditions that a company in one is given where nothing else is said (ID-19)."""
