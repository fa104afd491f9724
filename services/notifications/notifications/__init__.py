"""Mails, and what became of them."""
