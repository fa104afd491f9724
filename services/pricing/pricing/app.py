"""The composition root of pricing: its parts in plain lists."""

from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database
from chassis.housekeeping import Duty
from chassis.http.authentication import TokenVerifier
from chassis.keys import KeyRing, Signer, key_projection, publish_as
from chassis.policies import policy_routes
from chassis.service import Resources, Service
from contracts.catalogue import topics
from contracts.identity.operations import staff_may
from contracts.identity.states import IdentityKey
from contracts.identity.tokens import AUDIENCE, ISSUER
from contracts.identity.values import StaffPermission
from contracts.pricing.states import PricingKey
from pricing.access import StaffDependency
from pricing.articles import routes as articles_routes
from pricing.buyers import consumers as buyers_consumers
from pricing.imports import routes as imports_routes
from pricing.imports.applying import apply_imports, forget_imports
from pricing.imports.reading import read_imports
from pricing.policies import PricingPolicy
from pricing.price_lists import routes as price_lists_routes
from pricing.priced_carts import routes as priced_carts_routes
from pricing.settings import PricingSettings
from pricing.terms import activities as terms_activities
from pricing.terms import consumers as terms_consumers
from pricing.terms import routes as terms_routes
from pricing.terms.commands import note_lapses
from pricing.vat import routes as vat_routes

publish_as(PricingKey)

ROUTERS = [
    priced_carts_routes.carts,
    priced_carts_routes.router,
    articles_routes.router,
    price_lists_routes.router,
    imports_routes.uploads,
    imports_routes.router,
    terms_routes.router,
    vat_routes.router,
    policy_routes([PricingPolicy], StaffDependency, access=staff_may(StaffPermission.MANAGE_POLICIES)),
]

PROJECTIONS = [
    key_projection(IdentityKey),
    key_projection(PricingKey),
    *buyers_consumers.projections,
]


def resources(settings: PricingSettings, _database: Database) -> Resources:
    return {Signer: Signer(settings.master_key.get_secret_value())}


def duties(owned: Resources) -> list[Duty]:
    signer: Signer = owned[Signer]

    async def rotate_keys(session: AsyncSession, at: datetime) -> None:
        await signer.rotate_if_due(session, at)

    async def note_all_lapses(session: AsyncSession, at: datetime) -> None:
        await note_lapses(session, at)

    return [
        rotate_keys,
        note_all_lapses,
        forget_imports,
    ]


service = Service(
    name="pricing",
    description="At which price: articles, price lists, terms and priced carts",
    settings=PricingSettings,
    migrations=Path(__file__).parent / "migrations",
    topics=topics("pricing"),
    verifier=TokenVerifier("identity", ISSUER, AUDIENCE, KeyRing()),
    routers=ROUTERS,
    subscriptions=terms_consumers.subscriptions,
    projections=PROJECTIONS,
    activities=terms_activities.activities,
    duties=duties,
    background=[read_imports, apply_imports],
    resources=resources,
)
