"""What happens to articles, price lists and terms."""

from datetime import datetime
from uuid import UUID

from contracts.pricing.states import AssigneeKind
from contracts.pricing.topics import ARTICLE, PRICE_LIST, TERMS
from contracts.shared.event import Event
from contracts.shared.values import Code, Currency


class ArticlesImported(Event, type="countersign.pricing.article.imported.v1", topic=ARTICLE):
    """One import of articles came into force as a whole."""

    import_id: UUID
    accepted: int
    rejected: int


class ArticleChanged(Event, type="countersign.pricing.article.changed.v1", topic=ARTICLE):
    article: Code


class PriceListCreated(Event, type="countersign.pricing.price_list.created.v1", topic=PRICE_LIST):
    code: Code
    currency: Currency
    base: bool


class PriceListChanged(Event, type="countersign.pricing.price_list.changed.v1", topic=PRICE_LIST):
    code: Code
    fields: tuple[str, ...]


class PricesImported(Event, type="countersign.pricing.price_list.prices_imported.v1", topic=PRICE_LIST):
    code: Code
    import_id: UUID
    accepted: int
    rejected: int
    effective_at: datetime


class TermsGiven(Event, type="countersign.pricing.terms.given.v1", topic=TERMS):
    assignee_kind: AssigneeKind
    assignee: str
    price_list: Code


class TermsTakenBack(Event, type="countersign.pricing.terms.taken_back.v1", topic=TERMS):
    assignee_kind: AssigneeKind
    assignee: str
    price_list: Code


class TermsLapsed(Event, type="countersign.pricing.terms.lapsed.v1", topic=TERMS):
    """The validity of a list began or ended, so the assignee has or lost its only valid list without anybody's act."""

    assignee_kind: AssigneeKind
    assignee: str
