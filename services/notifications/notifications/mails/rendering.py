"""From template, language and values to subject, HTML and text (NO-02). Everything that is printed is escaped."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.numbers import format_currency
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from chassis.errors import Invalid
from contracts.notifications.activities import Template
from contracts.shared.values import Language
from notifications.mails.catalogue import Catalogue, catalogue, names_in
from notifications.mails.templates import PEOPLE, SPECS

HERE = Path(__file__).parent
LONGEST_NAME = 100

_LOCALES = {
    Language.DUTCH: "nl_NL",
    Language.FRENCH: "fr_FR",
    Language.SWEDISH: "sv_SE",
    Language.ENGLISH: "en_GB",
    Language.GERMAN: "de_DE",
}
_LOADER = FileSystemLoader(HERE)
_HTML = Environment(loader=_LOADER, undefined=StrictUndefined, autoescape=True).get_template("layout.html.j2")
_TEXT = Environment(
    loader=_LOADER,
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - plain text has nothing to escape
    trim_blocks=True,
    lstrip_blocks=True,
).get_template("layout.txt.j2")
_JOINERS = "\u200c\u200d"
"""Zero-width (non-)joiner: invisible, but names in some scripts need them."""
_LOOKS_LIKE_A_LINK = re.compile(r"://|www\.|@", re.IGNORECASE)


@dataclass(frozen=True)
class Content:
    """What one mail says.

    Attributes:
        parameters: as the process or event gave them: numbers, codes, amounts, times.
        people: names for those parameters that are ids of contacts.
        name, company: of the recipient, where known.
        link: what the button opens.
    """

    template: Template
    language: Language
    merchant: str
    time_zone: ZoneInfo
    parameters: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    company: str | None = None
    link: str | None = None


@dataclass(frozen=True)
class Rendered:
    subject: str
    html: str
    text: str


def render(content: Content) -> Rendered:
    """
    Raises:
        Invalid: a required parameter is absent, or one has not the form it should have.
    """
    spec, words = SPECS[content.template], catalogue(content.language)
    missing = spec.required - content.parameters.keys()
    if missing:
        raise Invalid("mail-parameters", f"{content.template} needs {', '.join(sorted(missing))}.")
    values = _values(content, words)
    text = words.mails[content.template]
    name = shown(content.name)
    paragraphs = [one.format_map(values) for one in text.body if names_in(one) <= values.keys()]
    context = {
        "language": content.language.value,
        "merchant": values["merchant"],
        "subject": text.subject.format_map(values),
        "greeting": words.frame.greeting.format(name=name) if name else words.frame.greeting_unnamed,
        "paragraphs": paragraphs,
        "preview": paragraphs[0],
        "link": content.link,
        "button": text.button,
        "link_hint": words.frame.link_hint,
        "footer": words.frame.footer.format_map(values),
    }
    return Rendered(str(context["subject"]), _HTML.render(context), _TEXT.render(context))


def shown(name: str | None) -> str | None:
    """A name as it may be printed: one line of visible characters.

    None for an empty one, and for one that carries a link: applicants choose their names and whom we mail, and are
    not to send their own links through us.
    """
    if name is None or _LOOKS_LIKE_A_LINK.search(name):
        return None
    spaced = "".join(" " if char.isspace() else char for char in unicodedata.normalize("NFC", name))
    visible = "".join(char for char in spaced if char in _JOINERS or unicodedata.category(char)[0] != "C")
    return " ".join(visible.split())[:LONGEST_NAME] or None


def _values(content: Content, words: Catalogue) -> dict[str, str]:
    spec = SPECS[content.template]
    values = {"merchant": shown(content.merchant) or ""}
    if company := shown(content.company):
        values["company"] = company
    for name in (spec.required | spec.optional) & content.parameters.keys():
        printed = _printed(name, content, words)
        if printed is not None:
            values[name] = printed
    return values


def _printed(name: str, content: Content, words: Catalogue) -> str | None:
    given = content.parameters[name]
    if name in PEOPLE:
        return shown(content.people.get(name))
    try:
        match name:
            case "total":
                return _money(given, content.language)
            case "until":
                return _moment(given, content.language, content.time_zone)
    except (ValueError, InvalidOperation) as error:
        raise Invalid("mail-parameters", f"{content.template}: {name} can not be read.") from error
    if name == "reason":
        given = words.reasons.get(given, given.replace("-", " ").replace("_", " "))
    return shown(given)


def _money(given: str, language: Language) -> str:
    amount, currency = given.split(" ")
    return str(format_currency(Decimal(amount), currency, locale=_LOCALES[language]))


def _moment(given: str, language: Language, zone: ZoneInfo) -> str:
    moment = datetime.fromisoformat(given)
    if moment.tzinfo is None:
        raise ValueError("a moment has a zone")
    local, locale = moment.astimezone(zone), _LOCALES[language]
    return f"{format_date(local, 'long', locale=locale)}, {format_time(local, 'short', locale=locale)} ({local:%Z})"
