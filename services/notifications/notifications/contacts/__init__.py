"""Our own copy of the people we write to."""
