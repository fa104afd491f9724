"""Which price lists a company or a group has been given (PR-04)."""
