"""plan-service put together: students and their people, meetings, plans and everything decided about them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from contracts.codes import CODE_LISTS
from plan_service.adapters.routes import (
    amendments,
    assignments,
    bank,
    carrying_out,
    caseload,
    contacts,
    corrections,
    deciding,
    disputes,
    district,
    documents,
    draft_comments,
    draft_shares,
    drafts,
    eligibility,
    endings,
    evaluation_consents,
    evaluation_ends,
    evaluation_extensions,
    evaluations,
    imports,
    individualization,
    legacy_plans,
    manifestations,
    meeting_records,
    meetings,
    plans,
    reevaluation_waivers,
    releases,
    removals,
    reopenings,
    replay,
    request_steps,
    requests,
    rights_holders,
    schools,
    services_consents,
    staff,
    students,
    transfers,
    voids,
)
from plan_service.adapters.routes.two_people import fetch_waiting
from plan_service.service import service_of
from plan_service.settings import Settings
from runtime.auth import Verifier
from runtime.call import Edge, Fetch, Owner
from runtime.code_lists import code_list_routes
from runtime.cosigner_token import service_verifier
from runtime.health import add_health
from runtime.http import service_app, take_in
from runtime.log_routes import log_routes
from runtime.tenant_routes import tenant_routes

PREFIX = "/plan/v1"

ROUTERS: Sequence[APIRouter] = (
    tenant_routes("plan", district.begin_profile),
    log_routes("plan"),
    district.routes,
    code_list_routes(PREFIX, CODE_LISTS.values(), "plan.read", "roster.write"),
    bank.routes,
    schools.routes,
    staff.routes,
    students.routes,
    contacts.routes,
    rights_holders.routes,
    deciding.routes,
    assignments.routes,
    documents.routes,
    releases.routes,
    requests.routes,
    request_steps.routes,
    disputes.routes,
    evaluations.routes,
    evaluation_consents.routes,
    evaluation_extensions.routes,
    services_consents.routes,
    evaluation_ends.routes,
    eligibility.routes,
    reevaluation_waivers.routes,
    transfers.routes,
    removals.routes,
    manifestations.routes,
    meetings.routes,
    meeting_records.routes,
    imports.routes,
    drafts.routes,
    draft_shares.routes,
    legacy_plans.routes,
    draft_comments.routes,
    plans.routes,
    endings.routes,
    caseload.routes,
    individualization.routes,
    amendments.routes,
    corrections.routes,
    reopenings.routes,
    voids.routes,
    carrying_out.routes,
    replay.routes,
)

ADDRESSES = {
    "draft": f"{PREFIX}/plans/{{id}}/draft",
    "plan": f"{PREFIX}/plans/{{id}}",  # A draft that has been adopted or dropped since.
    "consent": f"{PREFIX}/plans/{{plan_id}}/consents/{{id}}",
    "student": f"{PREFIX}/students/{{id}}",
    "void": f"{PREFIX}/plans/{{plan_id}}/void",
}
"""Where these are read, which are made under another path than their own."""

FETCH: dict[str, Fetch] = {
    "draft": drafts.fetch_draft, "import": imports.fetch_import, "correction": fetch_waiting("correction"),
    "reopening": fetch_waiting("reopening"), "void": fetch_waiting("void"),
    "comment": draft_comments.fetch_comment,
}  # fmt: skip
"""How to show kinds that are not in the ``resources`` table."""

OWNERS: dict[str, Owner] = {}
"""Whose a thing is whose id stands in a path, where no resource says so."""


def create_app(settings: Settings, verifier: Verifier | None = None) -> FastAPI:
    """The whole service as one ASGI app; it runs for as long as the app's lifespan."""
    service = service_of(settings)
    edge = Edge(service, verifier or service_verifier(settings), FETCH, OWNERS, ADDRESSES)
    service.tasks = lambda it: (edge.access.run, imports.jobs_of(it.store).run)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    app = service_app(
        edge, PREFIX, title="Handrail plan-service", lifespan=lifespan,
        summary="Students and their people, meetings, plans and everything decided about them.",
    )  # fmt: skip
    take_in(app, *ROUTERS)
    add_health(app, edge, service.needed)
    return app
