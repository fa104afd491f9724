"""Cells of CSV files and workbooks of ours: what a spreadsheet would run is made harmless."""

import re
from typing import Any

_RUNS = re.compile(r"'*(?:\s*[=+\-@|%]|[\t\r\n])")
_NEUTRALISED = re.compile(r"'+(?:\s*[=+\-@|%]|[\t\r\n])")


def neutral(text: str) -> str:
    """What no spreadsheet takes for a formula; `plain` turns it back."""
    return f"'{text}" if _RUNS.match(text) else text


def plain(cell: str) -> str:
    """What a cell says, without the apostrophe that made it harmless."""
    return cell[1:] if _NEUTRALISED.match(cell) else cell


def cell_of(value: Any) -> str:
    """A value as it is written into a file; only text is what people wrote."""
    if value is None:
        return ""
    if isinstance(value, str):
        return neutral(value)
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)
