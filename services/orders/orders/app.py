"""The composition root of orders: its parts in plain lists."""

from pathlib import Path

from chassis.database import Database
from chassis.http.authentication import TokenVerifier
from chassis.keys import KeyRing
from chassis.policies import Policy, policy_routes
from chassis.service import Resources, Service
from chassis.settings import Settings
from contracts.catalogue import topics
from contracts.identity.operations import staff_may
from contracts.identity.tokens import AUDIENCE, ISSUER
from contracts.identity.values import StaffPermission
from orders.access import StaffDependency
from orders.attestation import activities as attestation_activities
from orders.attestation import consumers as attestation_consumers
from orders.attestation.queries import expected_attestations
from orders.attestation.workflows import OrderAttestationWorkflow
from orders.buyers import consumers as buyers_consumers
from orders.limits import routes as limits_routes
from orders.orders import routes as orders_routes
from orders.policies import AttestationPolicy, PlacementPolicy

POLICIES: list[type[Policy]] = [AttestationPolicy, PlacementPolicy]

KEYS = KeyRing()


def resources(_settings: Settings, _database: Database) -> Resources:
    return {KeyRing: KEYS}


service = Service(
    name="orders",
    description="What is bought, and who countersigns it",
    settings=Settings,
    migrations=Path(__file__).parent / "migrations",
    topics=topics("orders"),
    verifier=TokenVerifier("identity", ISSUER, AUDIENCE, KEYS),
    routers=[
        orders_routes.submission,
        orders_routes.router,
        limits_routes.router,
        policy_routes(POLICIES, StaffDependency, access=staff_may(StaffPermission.MANAGE_POLICIES)),
    ],
    subscriptions=attestation_consumers.subscriptions,
    projections=buyers_consumers.projections,
    workflows=[OrderAttestationWorkflow],
    activities=attestation_activities.activities,
    reconcilers=[expected_attestations],
    resources=resources,
)
