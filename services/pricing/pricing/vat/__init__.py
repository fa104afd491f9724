"""VAT: rates by class and country, and which rule taxes a cart (PR-06)."""
