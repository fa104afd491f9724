"""The merchant's own people."""
