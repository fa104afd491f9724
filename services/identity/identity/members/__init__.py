"""Members: contacts in a company, what they may do there, and who manages them (ID-14 to ID-17)."""
