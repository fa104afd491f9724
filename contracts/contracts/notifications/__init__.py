"""Notifications: mails, and what became of them."""
