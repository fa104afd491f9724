"""Every mail can be written in every language (NO-01, NO-02)."""

from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from chassis.errors import Invalid
from contracts.identity.process_events import WithdrawnBecause
from contracts.identity.status_table import refusal_code
from contracts.identity.values import AccessRefusal, CustomerStatus, RejectionReason
from contracts.notifications.activities import Template
from contracts.shared.values import Language
from notifications.mails.catalogue import catalogue, names_in
from notifications.mails.compile_layout import COMPILED, compiled
from notifications.mails.rendering import Content, Rendered, render
from notifications.mails.templates import PEOPLE, SPECS

SAMPLES = {
    "number": "O-000123",
    "into": "C-000124",
    "reason": "duplicate",
    "total": "1234.50 EUR",
    "until": "2026-11-26T09:10:00+00:00",
    "invitee": str(uuid4()),
    "submitter": str(uuid4()),
}
PERSON = "Åsa Öberg"
LINK = "https://shop.example/x/k1.token"
everything = pytest.mark.parametrize("language", list(Language))
every_template = pytest.mark.parametrize("template", list(Template))


def rendered(template: Template, language: Language, names: frozenset[str], **more: str | None) -> Rendered:
    link = LINK if SPECS[template].opens else None
    return render(
        Content(
            template=template,
            language=language,
            merchant="Grossist AB",
            time_zone=ZoneInfo("Europe/Amsterdam"),
            parameters={name: SAMPLES[name] for name in names},
            people=dict.fromkeys(names & PEOPLE, PERSON),
            link=link,
            **{"name": "Jan", "company": "Müller & Zn", **more},
        )
    )


def test_every_template_has_a_specification() -> None:
    assert set(SPECS) == set(Template)


@everything
@every_template
def test_a_mail_is_complete_with_all_its_parameters(template: Template, language: Language) -> None:
    spec = SPECS[template]
    mail = rendered(template, language, spec.required | spec.optional)
    assert mail.subject.strip()
    assert "\n" not in mail.subject
    for part in (mail.subject, mail.html, mail.text):
        assert "{" not in part.split("</style>")[-1]
        assert "None" not in part
    if spec.opens:
        assert f'href="{LINK}"' in mail.html
        assert LINK in mail.text
    if "number" in spec.required:
        assert SAMPLES["number"] in mail.text
    for name in spec.optional & PEOPLE:
        assert PERSON in mail.text, name
        assert PERSON in mail.html


@everything
@every_template
def test_a_mail_needs_its_required_parameters_and_no_more(template: Template, language: Language) -> None:
    spec = SPECS[template]
    mail = rendered(template, language, spec.required, name=None, company=None)
    assert mail.subject
    assert catalogue(language).frame.greeting_unnamed in mail.text
    for name in spec.required:
        with pytest.raises(Invalid, match=name):
            rendered(template, language, spec.required - {name})


@everything
def test_a_language_has_every_text_and_names_only_what_there_is(language: Language) -> None:
    words = catalogue(language)
    assert set(words.mails) == set(Template)
    for template, text in words.mails.items():
        spec = SPECS[template]
        assert names_in(text.subject) <= spec.required | {"merchant"}, template
        assert names_in(text.body[0]) <= spec.required | {"merchant"}, template
        for paragraph in text.body:
            assert names_in(paragraph) <= spec.required | spec.optional | {"merchant", "company"}, template
        assert (text.button is not None) == (spec.opens is not None), template


@everything
def test_languages_say_the_same(language: Language) -> None:
    """Same paragraphs with the same values, so that a change in one language is not forgotten in another."""
    english, words = catalogue(Language.ENGLISH), catalogue(language)
    assert words.reasons.keys() == english.reasons.keys()
    for template in Template:
        theirs, ours = english.mails[template], words.mails[template]
        assert [names_in(one) - {"merchant"} for one in ours.body] == [
            names_in(one) - {"merchant"} for one in theirs.body
        ], template
        if language is not Language.ENGLISH:
            assert ours.body != theirs.body, template


@everything
def test_reasons_are_told_in_words(language: Language) -> None:
    refusals = [refusal_code(status) for status in CustomerStatus if status is not CustomerStatus.ENABLED]
    of_orders = ["member-inactive", "member-may-not-buy", "invoice-not-allowed"]
    of_pricing = ["no-price-list", "price-list-unknown", "price-list-expired"]
    codes = [
        *RejectionReason,
        *AccessRefusal,
        *WithdrawnBecause,
        *refusals,
        *of_orders,
        *of_pricing,
        "customer-number-taken",
    ]
    assert set(map(str, codes)) <= catalogue(language).reasons.keys()


def test_an_unknown_reason_is_shown_as_it_is() -> None:
    mail = render(
        Content(
            template=Template.ORDER_CANCELLED,
            language=Language.ENGLISH,
            merchant="M",
            time_zone=ZoneInfo("UTC"),
            parameters={"number": "O-1", "reason": "out-of-stock"},
        )
    )
    assert "Reason: out of stock." in mail.text


def test_money_and_moments_are_written_as_in_the_language() -> None:
    spec = SPECS[Template.ATTESTATION_REQUESTED]
    written = {
        one: rendered(Template.ATTESTATION_REQUESTED, one, spec.required | spec.optional).text for one in Language
    }
    written = {language: text.replace("\xa0", " ").replace("\u202f", " ") for language, text in written.items()}
    assert "€ 1.234,50" in written[Language.DUTCH]
    assert "€1,234.50" in written[Language.ENGLISH]
    assert "1.234,50 €" in written[Language.GERMAN]
    assert "26 november 2026, 10:10 (CET)" in written[Language.DUTCH]
    assert "26 novembre 2026, 10:10 (CET)" in written[Language.FRENCH]


@pytest.mark.parametrize(
    ("name", "value"), [("total", "1,5 EUR"), ("total", "12"), ("until", "tomorrow"), ("until", "2026-11-26T09:10:00")]
)
def test_a_value_without_its_form_is_refused(name: str, value: str) -> None:
    content = Content(
        template=Template.ATTESTATION_REQUESTED,
        language=Language.DUTCH,
        merchant="M",
        time_zone=ZoneInfo("UTC"),
        parameters={"number": "O-1", name: value},
    )
    with pytest.raises(Invalid, match=name):
        render(content)


def test_the_compiled_layout_agrees_with_its_source() -> None:
    assert COMPILED.read_text(encoding="utf-8") == compiled()
