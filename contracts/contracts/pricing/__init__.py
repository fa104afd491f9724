"""Pricing: at which price."""
