"""Merging: a company that is another's duplicate becomes that other, with its people and its history (ID-26)."""
