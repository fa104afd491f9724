"""The decision of the company itself on an order of its member."""
