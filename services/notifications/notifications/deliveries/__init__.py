"""Which mail went to whom, and what became of it (NO-01, NO-05)."""
