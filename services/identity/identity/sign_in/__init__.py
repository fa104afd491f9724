"""Sign-in with a password, sessions, access tokens, and the links that prove an address (ID-23)."""
