"""The activity log: who did what, when and for whom, append-only (ID-22)."""
