"""The words of every mail, by language: `texts/<language>.toml`, read once and checked against `templates.SPECS`."""

import tomllib
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from contracts.notifications.activities import Template
from contracts.shared.values import Language

TEXTS = Path(__file__).parent / "texts"

Text = Annotated[str, Field(min_length=1)]


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Frame(_Words):
    """What stands around every mail."""

    greeting: Text
    greeting_unnamed: Text
    link_hint: Text
    footer: Text


class MailText(_Words):
    subject: Text
    body: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Paragraphs; one that names a value the mail does not have is left out."""
    button: Text | None = None


class Catalogue(_Words):
    frame: Frame
    reasons: dict[str, Text]
    """Codes that follow "Reason:"."""
    mails: dict[Template, MailText]


@cache
def catalogue(language: Language) -> Catalogue:
    """The words of one language."""
    return Catalogue.model_validate(tomllib.loads((TEXTS / f"{language.value}.toml").read_text(encoding="utf-8")))


@cache
def names_in(text: str) -> frozenset[str]:
    """The values that a text names: of `Order {number}` it is `number`."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)
