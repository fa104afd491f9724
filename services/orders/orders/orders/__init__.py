"""Orders: submitted, placed, confirmed."""
