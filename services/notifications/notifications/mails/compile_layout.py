"""`python -m notifications.mails.compile_layout` makes `layout.html.j2` from `layout.mjml`; both are committed.

Only developers need the compiler (mrml), so it is imported here alone.
"""

from pathlib import Path

import mrml

SOURCE = Path(__file__).with_name("layout.mjml")
COMPILED = Path(__file__).with_name("layout.html.j2")


def compiled() -> str:
    """HTML for mail readers, with Jinja's tags as they were.

    Raises:
        ValueError: the source is not clean MJML.
    """
    output = mrml.to_html(SOURCE.read_text(encoding="utf-8"))
    if output.warnings:
        raise ValueError(f"{SOURCE.name}: {output.warnings}")
    return output.content + "\n"


if __name__ == "__main__":
    COMPILED.write_text(compiled(), encoding="utf-8")
