"""Which price lists a contact, a company or a group has been given (PR-04)."""
