"""Roles: the three that always exist and the merchant's own, each with a default set of permissions (ID-15)."""
