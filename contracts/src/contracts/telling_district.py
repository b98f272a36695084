"""The district, its log, its disclosures and its clients in sentences."""

from typing import assert_never

from contracts.audit import (
    AuditEvent,
    ClientRegistered,
    ClientRevoked,
    DisclosureRecorded,
    DisclosureVoided,
    ExportMade,
    LogInconsistent,
    PacketIssued,
)
from contracts.codes import label
from contracts.district import (
    BankEntryAdded,
    BankEntryChanged,
    BankEntryEnded,
    BankEvent,
    DistrictEvent,
    DistrictProfileSet,
    SchoolAdded,
    SchoolChanged,
    SchoolEvent,
    StaffAdded,
    StaffChanged,
    StaffEnded,
    StaffEvent,
)
from contracts.plain_words import day_in_words
from contracts.store import (
    AccessRecorded,
    ParkedSkipped,
    StoreEvent,
    TenantClockMoved,
    TenantEnded,
    TenantOpened,
)
from contracts.telling import Names, Told, When, by, counted, listed, plainly
from contracts.vocabulary import LogFault
from contracts.webhooks import (
    WebhookDisabled,
    WebhookEnabled,
    WebhookEvent,
    WebhookRegistered,
    WebhookRemoved,
    WebhookReplayed,
    WebhookSecretRotated,
)


def tell_district(event: DistrictEvent | SchoolEvent | StaffEvent | BankEvent, names: Names) -> Told:
    """One event of the district, a school, a staff member or the bank."""
    match event:
        case DistrictProfileSet():
            what = f"set the district's profile: {event.name}, {event.state_profile}"
            return Told(f"{what}, {counted(event.notice_days, 'day')} of notice", When.FROM)
        case SchoolAdded():
            return Told(f"added the school {event.name}", When.FROM)
        case SchoolChanged():
            return Told(f"changed the school {event.name}", When.FROM)
        case StaffAdded() | StaffChanged():
            verb = "added" if isinstance(event, StaffAdded) else "changed"
            roles = listed([label("staff_role", held.role) for held in event.roles])
            as_what = f" ({roles})" if roles else ""
            name = f"{event.personal.given_name} {event.personal.family_name}"
            return Told(f"{verb} the staff member {name}{as_what}", When.FROM)
        case StaffEnded():
            return Told(f"recorded that {names.staff(event.staff_id)} no longer works here", When.UNTIL)
        case BankEntryAdded():
            return Told(
                f"added to the district's bank, as {plainly(event.kind)}: {event.personal.title}", When.FROM
            )
        case BankEntryChanged():
            return Told(f"changed in the district's bank: {event.personal.title}", When.FROM)
        case BankEntryEnded():
            what = names.of("entry", event.bank_entry_id)
            return Told(f"ended {what} of the district's bank", When.UNTIL)
        case _:
            assert_never(event)


def tell_audit(event: AuditEvent, names: Names) -> Told:
    """One event of audit-service's own."""
    match event:
        case DisclosureRecorded():
            what = f"recorded the disclosure of {listed([plainly(item) for item in event.items])}"
            to = f"to {event.personal.recipient} ({plainly(event.purpose)}; ground: {plainly(event.ground)})"
            how = f", {by(event.channel)}" if event.channel else ""
            return Told(f"{what} {to}{how}", why=event.personal.interest, reported=event.reported)
        case DisclosureVoided():
            what = names.of("disclosure", event.disclosure_id)
            return Told(f"struck out {what}", why=event.personal.reason)
        case PacketIssued():
            left = (
                f", leaving out {listed([plainly(left.what) for left in event.left_out])}"
                if event.left_out
                else ""
            )
            as_of = day_in_words(event.plan_as_of_on)
            what = f"issued a transfer packet for {event.personal.recipient} ({plainly(event.purpose)})"
            return Told(f"{what} with the plan as of {as_of}{left}")
        case ClientRegistered():
            return Told(
                f"registered the client {event.name} with the scopes {listed(event.scopes)}", When.FROM
            )
        case ClientRevoked():
            return Told(f"revoked {names.of('client', event.client_id)}", When.UNTIL)
        case ExportMade():
            of_a_day = f", as it stood on {day_in_words(event.as_of_on)}" if event.as_of_on else ""
            known = f", as known at {event.as_known_at:%Y-%m-%d %H:%M} UTC"
            withheld = sum(len(log.withheld) for log in event.logs)
            less = f"; {counted(withheld, 'entry', 'entries')} without contents" if withheld else ""
            return Told(
                f"exported the evidence of the student's record{of_a_day}{known}{less}", why=event.purpose
            )
        case LogInconsistent():
            return Told(
                f"stopped cosigning the log of {event.service}-service at {counted(event.size, 'entry', 'entries')}",
                why=_FAULTS[event.fault],
            )
        case _:
            assert_never(event)


def tell_webhook(event: WebhookEvent, names: Names) -> Told:
    """One event of a vendor's endpoint."""
    endpoint = names.of("webhook", event.webhook_id)
    match event:
        case WebhookRegistered():
            of = listed([plainly(each) for each in event.event_types]) or "every event"
            return Told(f"registered a webhook for {event.about or event.url}: {of}", When.FROM)
        case WebhookSecretRotated():
            both = f", the old one good for {counted(event.overlap_hours, 'hour')} more"
            return Told(f"gave {endpoint} a new secret{both if event.overlap_hours else ''}")
        case WebhookDisabled():
            return Told(f"stopped {endpoint} ({plainly(event.reason)})", When.FROM, event.answer)
        case WebhookEnabled():
            return Told(f"started {endpoint} again", When.FROM)
        case WebhookReplayed():
            return Told(
                f"had {endpoint} told once more of everything of {event.source} after {event.after_position}"
            )
        case WebhookRemoved():
            return Told(f"removed {endpoint}", When.UNTIL)
        case _:
            assert_never(event)


_FAULTS = {
    LogFault.ANOTHER_KEY: "It is signed with another key than when it was first seen.",
    LogFault.FALSE_SIGNATURE: "Its checkpoint does not carry a true signature of its own key.",
    LogFault.ROOT_DIFFERS: "Its root is not that of the entries that audit-service received.",
    LogFault.WENT_BACK: "It has fewer entries than were cosigned before.",
    LogFault.COPIES_DIFFER: "audit-service's own copies of it are no longer those that were cosigned.",
}


def tell_store(event: StoreEvent, names: Names) -> Told:
    """One event that any service's runtime emits."""
    match event:
        case TenantOpened():
            sandbox = " as a sandbox" if event.sandbox else ""
            return Told(f"opened the log of {event.name}{sandbox}")
        case TenantClockMoved():
            from_, to = (f"{moment:%Y-%m-%d %H:%M} UTC" for moment in (event.from_at, event.to_at))
            return Told(f"moved the sandbox's clock from {from_} to {to}")
        case TenantEnded():
            return Told("ended the district here: nothing more is decided or sent", why=event.reason)
        case AccessRecorded():
            readers = dict.fromkeys(
                f"{names.of(plainly(read.party.role), read.party.id)} ({plainly(read.ground)})"
                for read in event.reads
            )
            looks = counted(sum(read.count for read in event.reads), "look")
            return Told(f"recorded {looks} into the student's record, by {listed(list(readers))}")
        case ParkedSkipped():
            what = f"decided that {event.consumer} passes over the event {str(event.event_id)[:8]} of {event.source}"
            return Told(what, why=event.reason)
        case _:
            assert_never(event)
