"""The day from which an answer looks: today's, that of the instant asked about, or the earlier answer's. Pure."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from progress_service.domain.known import Basis, Knowledge

CHICAGO = ZoneInfo("America/Chicago")
TODAY = date(2026, 3, 9)


def test_what_lies_behind_is_told_from_the_day_asked_about() -> None:
    just_after_midnight_in_utc = datetime(2026, 1, 15, 2, tzinfo=UTC)
    to_come = datetime(2027, 1, 1, tzinfo=UTC)

    assert Knowledge().day(TODAY, CHICAGO) == TODAY
    assert Knowledge(just_after_midnight_in_utc).day(TODAY, CHICAGO) == date(2026, 1, 14)
    assert Knowledge(to_come).day(TODAY, CHICAGO) == TODAY
    assert Knowledge(basis=Basis(1, 2, day=date(2026, 1, 3))).day(TODAY, CHICAGO) == date(2026, 1, 3)
    assert Knowledge(basis=Basis(1, 2)).day(TODAY, CHICAGO) == TODAY
