"""Companies: the record, the customer status and the facts that it follows from."""
