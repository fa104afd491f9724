"""Companies, contacts and members as files with the columns of an import, which says `unchanged` to each row (ID-24)."""
