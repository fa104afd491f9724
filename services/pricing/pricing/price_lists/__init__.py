"""Price lists and the prices in them, with the whole history of both (PR-03, PR-12)."""
