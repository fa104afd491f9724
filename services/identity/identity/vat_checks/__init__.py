"""What the EU says of the VAT numbers of companies (VIES)."""
