"""Locations: the establishments of a company (ID-18)."""
