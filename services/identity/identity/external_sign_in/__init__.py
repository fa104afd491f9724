"""Sign-in by an external OpenID Connect issuer instead of passwords (ID-23)."""
