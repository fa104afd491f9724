"""Orders and who countersigns them."""
