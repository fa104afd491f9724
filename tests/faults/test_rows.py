"""The rows of the matrix, as files."""

from pathlib import Path

import faults.rows
import pytest
from faults.__main__ import SHORT_SET
from faults.row import Row, all_rows

FOLDER = Path(faults.rows.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


def test_a_row_is_a_file_named_after_its_number():
    files = {path.stem.upper().replace("_", "-") for path in FOLDER.glob("f_*.py")}
    assert set(all_rows()) == files


@pytest.mark.parametrize("row", all_rows().values(), ids=lambda row: row.number)
def test_the_page_lists_the_row(row: Row):
    assert f"| {row.number} | {row.component} | {row.fault} | {row.expected} |" in PAGE.read_text()


def test_the_short_set_has_one_fault_of_each_kind():
    kinds = {number[2] for number in all_rows()}
    assert sorted(number[2] for numbers in SHORT_SET for number in numbers) == sorted(kinds)
