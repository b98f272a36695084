"""``/audit/v1/verification`` and ``/proofs``: how each log stands, and the proof of one entry for whoever trusts nobody."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel
from starlette.responses import Response

from audit_service.adapters.routes.answers import CONTENTS_SCOPE
from audit_service.application.proofs import NotCosigned
from audit_service.application.service import audit
from audit_service.application.verification import LogStanding, proof_of, standings
from runtime.auth import Principal, allow
from runtime.call import Asked
from runtime.http import Routes
from runtime.log_routes import answers
from runtime.openapi import problems

routes = Routes(prefix="/audit/v1", tags=["verification"])
Reader = Annotated[Principal, allow("log.read", "audit.read")]
INDEPENDENCE = (
    "audit-service holds a copy and a key of its own; where one operator holds every key, independence begins with a "
    "witness elsewhere, and any C2SP witness can be added."
)


class Verification(BaseModel):
    """How the logs of the district stand."""

    cosigner_vkey: str
    independence: str
    logs: list[LogStanding]


@routes.get("/verification", response_model=Verification)
async def get_verification(asked: Asked, who: Reader) -> Response:
    """Read how each log stands: its size, its root, when it was cosigned last, and what is wrong with it.

    `handrail log verify` checks every entry of every log; this says what the cosigner found while they grew.
    """
    service = audit(asked)
    signer = await service.cosigner.signer()
    logs = await standings(service, who.tenant)
    answer = Verification(cosigner_vkey=str(signer.key), independence=INDEPENDENCE, logs=logs)
    return Response(answer.model_dump_json(exclude_none=True), media_type="application/json")


@routes.get(
    "/proofs/{event_id}", response_class=Response,
    responses={**answers("text/plain", "A `.tlog-proof` file."), **problems(NotCosigned)},
)  # fmt: skip
async def get_proof(event_id: UUID, asked: Asked, who: Reader) -> Response:
    """Download the proof that an event stands in its log, under a checkpoint that is cosigned.

    Check it with `handrail verify FILE --entry ENTRY --contents CONTENTS --key VKEY`, or any C2SP tool. `extra` is the
    salt of the contents; it is left out where the token does not reach the contents.
    """
    service = audit(asked)
    copy = await service.evidence.one(who.tenant, event_id)
    proof = await proof_of(service, who.tenant, copy, with_salt=CONTENTS_SCOPE[copy.source] in who.scopes)
    return _file(proof.file, f"{event_id}.tlog-proof", "text/plain; charset=utf-8")


@routes.get(
    "/proofs/{event_id}/entry", response_class=Response,
    responses=answers("application/json", "The entry, byte for byte as it was logged."),
)  # fmt: skip
async def get_proof_entry(event_id: UUID, asked: Asked, who: Reader) -> Response:
    """Download the entry that the proof is of: the very bytes that were logged."""
    copy = await audit(asked).evidence.one(who.tenant, event_id)
    return _file(copy.entry_bytes, f"{event_id}.entry.json", "application/json")


def _file(content: bytes, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, 200, headers, media_type)
