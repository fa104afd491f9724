"""Prices for one buyer at one moment: the signed cart, and "my prices" (PR-11, PR-12)."""
