"""Identity: who may buy."""
