"""For whom is priced: what pricing knows of companies, members and the status table."""
