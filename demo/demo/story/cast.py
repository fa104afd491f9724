"""The companies and people of one run. All are invented; addresses are of domains that can not exist."""

import random
from dataclasses import dataclass
from typing import Any

from demo.wholesale.company_numbers import CompanyNumbers, company_numbers

MERCHANT_DOMAIN = "zuiderhof-groothandel.example"
MERCHANT_MAILBOX = f"accounts@{MERCHANT_DOMAIN}"


@dataclass(frozen=True)
class Person:
    name: str
    email: str
    language: str
    password: str


@dataclass(frozen=True)
class Firm:
    legal_name: str
    country: str
    language: str
    numbers: CompanyNumbers
    street: str
    postal_code: str
    city: str
    people: tuple[Person, ...]

    @property
    def first(self) -> Person:
        return self.people[0]

    def record(self) -> dict[str, Any]:
        """As the APIs take it."""
        address = {
            "line1": self.street,
            "postal_code": self.postal_code,
            "city": self.city,
            "country": self.country,
        }
        return {
            "legal_name": self.legal_name,
            "country": self.country,
            "vat_number": self.numbers.vat,
            "registration_number": self.numbers.registration,
            "email": f"office@{self.first.email.partition('@')[2]}",
            "addresses": [{"kind": kind, "address": address} for kind in ("invoice", "delivery")],
        }


@dataclass(frozen=True)
class Cast:
    caterer: Firm
    """Applies, is asked, approved, invites its people, orders."""
    twin: Firm
    """Applies with the caterer's VAT number."""
    brasserie: Firm
    """Applies at the storefront that approves by itself."""
    silent: Firm
    """Applies, is asked, and never answers."""
    nordic: Firm
    """Created by the merchant."""
    roastery: Firm
    """Comes in a file from the merchant's old system."""
    colleagues: tuple[Person, Person]
    """Of the merchant's staff: who confirms approvals, and a sales representative."""

    @property
    def firms(self) -> tuple[Firm, ...]:
        return (self.caterer, self.twin, self.brasserie, self.silent, self.nordic, self.roastery)

    def personal_words(self) -> set[str]:
        """Names and addresses that no event may hold."""
        words = {MERCHANT_MAILBOX} | {word for person in self.colleagues for word in (person.name, person.email)}
        for firm in self.firms:
            words |= {firm.legal_name, firm.street, str(firm.record()["email"])}
            words |= {word for person in firm.people for word in (person.name, person.email)}
        return words


def cast(run: str) -> Cast:
    """
    Args:
        run: lower-case letters and digits, another for each run; e-mail addresses and numbers come from it.
    """
    chance = random.Random(run)
    caterer = company_numbers("NL", chance)
    other = company_numbers("NL", chance)
    return Cast(
        caterer=Firm(
            "Bloemrijk Catering B.V.", "NL", "nl", caterer, "Havenstraat 12", "3024 TE", "Rotterdam",
            _people(run, "bloemrijk", chance, ("Sanne de Jong", "nl"), ("Pieter Bakker", "nl"), ("Fatima El Amrani", "nl"),
                    ("Tom Whitfield", "en"), ("Lotte Vermeer", "nl"), ("Jens Brandt", "de"), ("Daan Mulder", "nl")),
        ),
        twin=Firm(
            "Bloemrijk Events B.V.", "NL", "nl", CompanyNumbers(caterer.vat, other.registration),
            "Kade 4", "3011 AA", "Rotterdam", _people(run, "bloemrijk-events", chance, ("Ruben Smit", "nl")),
        ),
        brasserie=Firm(
            "Brasserie des Quatre Vents SRL", "BE", "fr", company_numbers("BE", chance), "Rue du Moulin 8", "5000",
            "Namur", _people(run, "quatre-vents", chance, ("Chloé Lambert", "fr")),
        ),
        silent=Firm(
            "Gasthaus Lindenhof GmbH", "DE", "de", company_numbers("DE", chance), "Lindenallee 3", "50667", "Köln",
            _people(run, "lindenhof", chance, ("Katrin Vogel", "de")),
        ),
        nordic=Firm(
            "Fjällkök AB", "SE", "sv", company_numbers("SE", chance), "Storgatan 21", "831 30", "Östersund",
            _people(run, "fjallkok", chance, ("Elin Sandberg", "sv")),
        ),
        roastery=Firm(
            "Branderij De Oude Haven B.V.", "NL", "nl", company_numbers("NL", chance), "Pakhuismeesteren 9", "3072 AP",
            "Rotterdam", _people(run, "oude-haven", chance, ("Wim Postma", "nl")),
        ),
        colleagues=_colleagues(run, chance),
    )  # fmt: skip


def _colleagues(run: str, chance: random.Random) -> tuple[Person, Person]:
    reviewer, representative = _people(run, "zuiderhof", chance, ("Joost Hendriks", "nl"), ("Marit Prins", "nl"))
    return reviewer, representative


def _people(run: str, domain: str, chance: random.Random, *named: tuple[str, str]) -> tuple[Person, ...]:
    return tuple(
        Person(
            name=name,
            email=f"{name.split()[0].lower().replace('é', 'e')}@{domain}-{run}.example",
            language=language,
            password="-".join(chance.choice(_WORDS) for _ in range(4)) + f"-{chance.randrange(100, 1000)}",
        )
        for name, language in named
    )


_WORDS = (
    "anchor",
    "birch",
    "copper",
    "dune",
    "ember",
    "fjord",
    "gable",
    "harbour",
    "ivory",
    "juniper",
    "kestrel",
    "linen",
)
