"""What is sold (PR-01, core fields)."""
