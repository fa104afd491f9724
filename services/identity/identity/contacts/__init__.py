"""Contacts: persons, guests until they have an account."""
