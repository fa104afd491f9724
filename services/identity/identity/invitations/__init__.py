"""Invitations: an offer to one e-mail address to become a member (ID-13)."""
