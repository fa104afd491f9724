"""Orders: what is bought, and who countersigns it."""
