"""Spending limits of companies, and what of them is used."""
