"""The merchant itself, as its invoices name it (ID-25)."""
