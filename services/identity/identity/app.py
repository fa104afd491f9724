"""The composition root of identity: its parts in plain lists."""

from pathlib import Path
from typing import Any

import typer

from chassis.database import Database
from chassis.housekeeping import Duty
from chassis.http.authentication import TokenVerifier
from chassis.keys import KeyRing, Signer, key_projection, publish_as
from chassis.policies import Policy, policy_routes
from chassis.service import Resources, Service
from contracts.catalogue import topics
from contracts.identity.operations import staff_may
from contracts.identity.states import IdentityKey
from contracts.identity.tokens import AUDIENCE, ISSUER
from contracts.identity.values import StaffPermission
from contracts.shared.links import LinkKeys
from identity.access import StaffDependency
from identity.access_requests import routes as access_requests_routes
from identity.access_requests.commands import erase_requests
from identity.access_requests.policies import AccessRequestPolicy
from identity.activity_log import command_line as activity_log_command_line
from identity.activity_log import routes as activity_log_routes
from identity.activity_log.consumers import with_activity_log
from identity.activity_log.sealing import seal_activity
from identity.applications import activities as applications_activities
from identity.applications import consumers as applications_consumers
from identity.applications import converting_routes
from identity.applications import review_routes as applications_review_routes
from identity.applications import routes as applications_routes
from identity.applications.queries import expected_approvals
from identity.applications.workflows import AccountApprovalWorkflow
from identity.companies import consumers as companies_consumers
from identity.companies import routes as companies_routes
from identity.companies.table import publish_status_table, see_status_table_published
from identity.contacts import routes as contacts_routes
from identity.exports import routes as exports_routes
from identity.external_sign_in import routes as external_sign_in_routes
from identity.external_sign_in.issuer import Issuer
from identity.external_sign_in.policies import ExternalSignInPolicy
from identity.groups import routes as groups_routes
from identity.groups.naming import check_groups_of_registration
from identity.imports import routes as imports_routes
from identity.imports.applying import apply_imports, forget_imports
from identity.imports.reading import read_imports
from identity.invitations import activities as invitations_activities
from identity.invitations import consumers as invitations_consumers
from identity.invitations import link_routes as invitation_links_routes
from identity.invitations import routes as invitations_routes
from identity.invitations.policies import InvitationPolicy
from identity.invitations.queries import expected_acceptances
from identity.invitations.workflows import InvitationAcceptanceWorkflow
from identity.locations import routes as locations_routes
from identity.members import routes as members_routes
from identity.members import substitution_routes
from identity.members.substitution import note_substitutions
from identity.merging import routes as merging_routes
from identity.organisation import routes as organisation_routes
from identity.organisation.policies import OrganisationPolicy, check_organisation
from identity.personal_data import routes as personal_data_routes
from identity.policies import ApprovalPolicy, ConsumerAccountsPolicy, RegistrationPolicy, StatusTablePolicy
from identity.projects import routes as projects_routes
from identity.roles import routes as roles_routes
from identity.roles.changing import check_roles_in_use
from identity.roles.policies import RolesPolicy
from identity.second_factor import routes as second_factor_routes
from identity.second_factor.codes import SecretBox
from identity.second_factor.policies import SecondFactorPolicy
from identity.settings import IdentitySettings
from identity.sign_in import duties as sign_in_duties
from identity.sign_in import routes as sign_in_routes
from identity.sign_in import session_routes
from identity.sign_in.passwords import Passwords
from identity.staff import command_line as staff_command_line
from identity.staff import routes as staff_routes
from identity.staff.commands import end_externals
from identity.staff.policies import StaffRolesPolicy, check_staff_roles_in_use
from identity.storefronts import routes as storefronts_routes
from identity.vat_checks.asking import ask_vies
from identity.vat_checks.vies import Vies

publish_as(IdentityKey)

POLICIES: list[type[Policy]] = [
    RegistrationPolicy,
    ConsumerAccountsPolicy,
    ApprovalPolicy,
    InvitationPolicy,
    StatusTablePolicy,
    RolesPolicy,
    OrganisationPolicy,
    SecondFactorPolicy,
    ExternalSignInPolicy,
    AccessRequestPolicy,
]

CHANGED: dict[type[Policy], Any] = {
    RegistrationPolicy: check_groups_of_registration,
    StatusTablePolicy: publish_status_table,
    RolesPolicy: check_roles_in_use,
    OrganisationPolicy: check_organisation,
}

ROUTERS = [
    sign_in_routes.opening,  # they are looked through in this order: what is asked for most stands first
    policy_routes(POLICIES, StaffDependency, changed=CHANGED, access=staff_may(StaffPermission.MANAGE_POLICIES)),
    policy_routes(
        [StaffRolesPolicy],
        StaffDependency,
        changed={StaffRolesPolicy: check_staff_roles_in_use},
        access=staff_may(StaffPermission.MANAGE_STAFF),
    ),
    companies_routes.router,
    merging_routes.router,
    groups_routes.router,
    storefronts_routes.router,
    contacts_routes.router,
    *personal_data_routes.routers,
    *applications_routes.routers,
    *applications_review_routes.routers,
    converting_routes.router,
    roles_routes.router,
    organisation_routes.router,
    members_routes.router,
    substitution_routes.router,
    locations_routes.router,
    projects_routes.router,
    invitations_routes.router,
    invitations_routes.inviting,
    invitation_links_routes.router,
    sign_in_routes.router,
    session_routes.router,
    second_factor_routes.router,
    external_sign_in_routes.router,
    staff_routes.router,
    staff_routes.acts_router,
    staff_routes.passwords_router,
    access_requests_routes.router,
    activity_log_routes.router,
    imports_routes.uploads,
    imports_routes.router,
    exports_routes.router,
]

SUBSCRIPTIONS = with_activity_log(
    [
        *applications_consumers.subscriptions,
        *invitations_consumers.subscriptions,
    ]
)

PROJECTIONS = [
    key_projection(IdentityKey),
    *companies_consumers.projections,
]

WORKFLOWS: list[type] = [
    AccountApprovalWorkflow,
    InvitationAcceptanceWorkflow,
]

ACTIVITIES = [
    *applications_activities.activities,
    *invitations_activities.activities,
]

RECONCILERS = [
    expected_approvals,
    expected_acceptances,
]

BACKGROUND = [
    seal_activity,
    read_imports,
    apply_imports,
    ask_vies,
]

commands = typer.Typer()
commands.add_typer(staff_command_line.commands)
commands.add_typer(activity_log_command_line.commands)


def resources(settings: IdentitySettings, _database: Database) -> Resources:
    return {
        Signer: Signer(settings.master_key.get_secret_value()),
        LinkKeys: LinkKeys(settings.link_keys.get_secret_value()),
        SecretBox: SecretBox(settings.master_key.get_secret_value()),
        Passwords: Passwords(),
        Issuer: Issuer(settings.external_registration()),
        Vies: Vies(settings.vies_url, settings.vies_requester),
    }


def duties(owned: Resources) -> list[Duty]:
    return [
        *sign_in_duties.duties(owned),
        see_status_table_published,
        note_substitutions,
        forget_imports,
        end_externals,
        erase_requests,
    ]


service = Service(
    name="identity",
    description="Who may buy: companies, contacts, members, applications, invitations and sign-in",
    settings=IdentitySettings,
    migrations=Path(__file__).parent / "migrations",
    topics=topics("identity"),
    verifier=TokenVerifier("identity", ISSUER, AUDIENCE, KeyRing()),
    routers=ROUTERS,
    subscriptions=SUBSCRIPTIONS,
    projections=PROJECTIONS,
    workflows=WORKFLOWS,
    activities=ACTIVITIES,
    reconcilers=RECONCILERS,
    duties=duties,
    background=BACKGROUND,
    resources=resources,
    commands=commands,
)
