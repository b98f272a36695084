"""How a holder is given notice about one student, and by which channel that makes a notice go (34 CFR 300.503(c), 505)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from contracts.event import Event
from contracts.fields import Email, HolderId, LanguageTag, StudentId
from contracts.notify import NoticePreferencesSet, PreferencesPersonalData
from contracts.problems import Invalid, Reason
from contracts.students import HolderPersonalData
from contracts.values import PostalAddress, Reported
from contracts.vocabulary import Channel, CommunicationMode

WRITTEN_MODES = (CommunicationMode.WRITTEN, CommunicationMode.LARGE_PRINT)
"""Those a letter or a mail serves; any other needs a person."""


@dataclass(frozen=True, slots=True)
class Preference:
    """In force for one student from a day on, in full."""

    from_on: date
    language: LanguageTag
    mode: CommunicationMode
    channels: tuple[Channel, ...]
    elected_on: date | None
    email: Email | None
    phone: str | None
    address: PostalAddress | None


@dataclass(frozen=True, slots=True)
class Preferences:
    """Fold of ``preferences/{holder}``: by student, each change in the order in which it was set."""

    by_student: Mapping[StudentId, tuple[Preference, ...]] = field(default_factory=dict)

    def on(self, student_id: StudentId, day: date) -> Preference | None:
        """What holds on ``day``: of those that have begun the one with the latest first day; on equal days the later."""
        begun = [each for each in self.by_student.get(student_id, ()) if each.from_on <= day]
        return max(reversed(begun), key=lambda each: each.from_on) if begun else None


def evolve(preferences: Preferences, event: Event) -> Preferences:
    """One more event of the stream."""
    if not isinstance(event, NoticePreferencesSet):
        return preferences
    personal = event.personal or PreferencesPersonalData()
    set_now = Preference(
        event.effective_on, event.language, event.mode, event.channels, event.electronic_notice_elected_on,
        personal.email, personal.phone, personal.address,
    )  # fmt: skip
    earlier = preferences.by_student.get(event.student_id, ())
    return replace(preferences, by_student={**preferences.by_student, event.student_id: (*earlier, set_now)})


@dataclass(frozen=True, slots=True)
class SetPreferences:
    """A holder, or the office for them, says how notices are to come."""

    holder_id: HolderId
    student_id: StudentId
    language: LanguageTag
    mode: CommunicationMode
    channels: tuple[Channel, ...]
    elected_on: date | None
    personal: PreferencesPersonalData | None
    today: date
    reported: Reported | None = None


def set_preferences(preferences: Preferences, command: SetPreferences) -> list[NoticePreferencesSet]:
    """Set them in full; setting again what holds already is nothing."""
    if command.elected_on is not None and command.elected_on > command.today:
        raise _cannot_be("elected-in-the-future", "An election of e-mail is recorded once it was made.",
                         "/electronic_notice_elected_on")  # fmt: skip
    if command.reported is not None and command.reported.occurred_on > command.today:
        raise _cannot_be("occurred-in-the-future", "A report is about something that has happened.",
                         "/reported/occurred_on")  # fmt: skip
    event = NoticePreferencesSet(
        effective_on=command.reported.occurred_on if command.reported else command.today,
        holder_id=command.holder_id,
        student_id=command.student_id,
        language=command.language,
        mode=command.mode,
        channels=command.channels,
        electronic_notice_elected_on=command.elected_on,
        personal=command.personal,
        reported=command.reported,
    )
    holds = preferences.on(command.student_id, event.effective_on)
    after = evolve(Preferences(), event).on(command.student_id, event.effective_on)
    if holds is not None and after is not None and replace(after, from_on=holds.from_on) == holds:
        return []
    return [event]


@dataclass(frozen=True, slots=True)
class Way:
    """How one notice goes: by which channel and where; ``needs`` says why a person must see to it."""

    channel: Channel
    name: str
    email: Email | None = None
    address: PostalAddress | None = None
    mode: CommunicationMode = CommunicationMode.WRITTEN
    needs: tuple[str, ...] = ()


def choose_way(
    person: HolderPersonalData,
    preference: Preference | None,
    day: date,
    *,
    without: frozenset[Channel] = frozenset(),
) -> Way:
    """E-mail only for those who have elected it (300.505); otherwise a letter; for any other mode a person.

    ``without`` names channels that have failed for good: a letter, where it came back from this very address. What has
    nowhere to go by letter goes by mail, where that was elected.
    """
    email = (preference.email if preference else None) or person.email
    address = (preference.address if preference else None) or person.address
    mode = preference.mode if preference else CommunicationMode.WRITTEN
    wanted = preference.channels if preference else ()
    if mode not in WRITTEN_MODES or Channel.READ_ALOUD in wanted[:1]:
        return Way(Channel.READ_ALOUD, person.name, None, address, mode, ("mode-needs-a-person",))
    if Channel.HANDED_OVER in wanted[:1]:
        return Way(Channel.HANDED_OVER, person.name, None, address, mode, ("to-be-handed-over",))
    elected = preference is not None and preference.elected_on is not None and preference.elected_on <= day
    nowhere = address is None or Channel.LETTER in without
    by_mail = elected and email is not None and (nowhere or _comes_first(Channel.EMAIL, wanted))
    if by_mail and Channel.EMAIL not in without:
        return Way(Channel.EMAIL, person.name, email, address, mode)
    if address is None:
        return Way(Channel.LETTER, person.name, None, None, mode, ("no-postal-address",))
    needs = ("letter-returned",) if Channel.LETTER in without else ()
    return Way(Channel.LETTER, person.name, None, address, mode, needs)


def _comes_first(channel: Channel, wanted: tuple[Channel, ...]) -> bool:
    """An election stands for itself; channels named before it take precedence."""
    return not wanted or wanted[0] is channel


def _cannot_be(code: str, message: str, pointer: str) -> Invalid:
    return Invalid(message, reasons=(Reason(code, message, pointer=pointer),))
