"""``/audit/log/cosigned``: every log's checkpoint with audit-service's cosignature, and the key to check it with."""

from typing import Annotated

from starlette.responses import Response

from audit_service.application.cosigner import newest_note
from audit_service.application.proofs import NotCosigned
from audit_service.application.service import audit
from contracts.vocabulary import ServiceName
from runtime.auth import Principal, allow
from runtime.call import Asked
from runtime.http import Routes
from runtime.log_routes import TEXT, answers
from runtime.openapi import problems

routes = Routes(prefix="/audit/log", tags=["log"])
Reader = Annotated[Principal, allow("log.read")]


@routes.get(
    "/cosigned/{service_name}/checkpoint", response_class=Response,
    responses={**answers("text/plain", "The checkpoint, signed by the log and by the cosigner."), **problems(NotCosigned)},
)  # fmt: skip
async def get_cosigned_checkpoint(service_name: ServiceName, asked: Asked, who: Reader) -> Response:
    """Read the newest checkpoint of a service's log that audit-service has checked against its own copies and cosigned."""
    service = audit(asked)
    async with service.database.lend(who.tenant) as connection:
        note = await newest_note(
            connection,
            service.addresses.log_host,
            who.tenant,
            service_name.value,
            await service.cosigner.signer(),
        )
    if note is None:
        raise NotCosigned(
            "Nothing of this log is cosigned yet. Ask again in a moment; where it stays so, GET /audit/v1/verification "
            "says what is wrong."
        )
    return Response(str(note), media_type=TEXT)


@routes.get(
    "/cosigner-vkey", response_class=Response,
    responses=answers("text/plain", "The verifier key, on one line."),
)  # fmt: skip
async def get_cosigner_vkey(asked: Asked, who: Reader) -> Response:
    """Read the key that cosignatures are verified with. Keep it: it never changes."""
    return Response(f"{(await audit(asked).cosigner.signer()).key}\n", media_type=TEXT)
