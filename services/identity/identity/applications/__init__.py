"""Applications for a B2B account, their review, and the process that carries them to a decision."""
