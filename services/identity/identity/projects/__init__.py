"""Projects of a company, which its orders can be booked on (ID-04)."""
