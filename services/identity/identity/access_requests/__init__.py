"""Somebody asks to become one of the merchant's people (ID-21)."""
