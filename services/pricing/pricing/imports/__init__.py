"""Articles and prices from CSV: read in the background, previewed, switched on as a whole (PR-13)."""
