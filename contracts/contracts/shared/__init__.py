"""What every contract is made of: events, topics, activity stubs, value types."""
