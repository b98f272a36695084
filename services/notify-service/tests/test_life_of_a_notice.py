"""From an amendment proposed to a notice given: the real journal, sequencer, letter and mail server."""

import hashlib
import re

import pytest

from contracts.notify import NoticeGiven, NoticeOwed, NoticeRendered, NoticeSent
from contracts.vocabulary import Channel, GivenBasis, NoticePart
from runtime.vault import Vault

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_amendment_proposed_reaches_whoever_elected_email_and_is_given_on_the_day_it_is_accepted(
    world,
):
    await world.arrange()
    await world.elect_email()

    cause = await world.propose()

    notice = await world.reaches("given")
    owed, rendered, sent, given = await world.history(notice)
    assert isinstance(owed, NoticeOwed)
    assert (owed.caused_by, owed.holder_id, owed.language) == (cause, world.family.holder, "es")
    assert isinstance(rendered, NoticeRendered)
    assert rendered.parts == tuple(NoticePart)
    assert isinstance(sent, NoticeSent)
    assert sent.answer == "250 2.0.0 Ok: queued as TEST"
    assert isinstance(given, NoticeGiven)
    assert (given.basis, given.channel) == (GivenBasis.EMAIL_ACCEPTED, Channel.EMAIL)
    assert (given.plan_id, given.amendment_id) == (world.family.plan, world.family.amendment)
    assert given.effective_on == sent.effective_on


async def test_the_mail_carries_the_very_letter_the_log_commits_to_and_tells_nothing_of_the_child_outside_it(
    world,
):
    await world.arrange()
    await world.elect_email()
    await world.propose()
    notice = await world.reaches("given")

    mail = world.mail()

    rendered = (await world.history(notice))[1]
    assert isinstance(rendered, NoticeRendered)
    (attachment,) = mail.iter_attachments()
    pdf = attachment.get_payload(decode=True)
    assert pdf.startswith(b"%PDF")
    assert hashlib.sha256(bytes.fromhex(rendered.document.salt) + pdf).hexdigest() == rendered.document.digest
    kept = await Vault(world.notify.database, world.notify.keyring).fetch(
        world.tenant, rendered.document.document
    )
    assert kept.content == pdf
    assert mail["Message-ID"] == f"<notice.{notice}@test>"
    ids = re.compile(r"[0-9a-f-]{36}|/n/\S+|[0-9a-f]{12}@")
    outside = ids.sub("", "\n".join([*(f"{name}: {value}" for name, value in mail.items()), world.text()]))
    assert "Mira" not in outside
    assert not re.search("speech|habla|minut|disab|discap|IEP|504", outside, re.IGNORECASE)
