"""Storefronts: the merchant's shops and portals, and who may enter them (ID-19)."""
