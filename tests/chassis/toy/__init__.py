"""A service of one aggregate, for testing the chassis with its real parts."""
