"""Companies, contacts and members from CSV and XLSX: read in the background, previewed, then applied row by row (ID-24)."""
