"""Copies of what orders must know of companies and members to decide."""
