"""Whatever stands in the files, reading them ends, and ends without an exception."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plan_service.adapters.rosters import (
    Found,
    Ignored,
    Reading,
    Refusal,
    Unmatched,
    read_edfi,
    read_oneroster,
)

TODAY = date(2026, 11, 24)
OUTCOMES = (Found, Ignored, Refusal, Unmatched)

often = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
noise = st.binary(max_size=300) | st.text(max_size=200).map(
    lambda text: text.encode("utf-8", "surrogatepass")
)
telling = st.sampled_from(
    [
        b'"',
        b"\n",
        b"\r\n",
        b",",
        b"\0",
        b"<",
        b">",
        b"</Student>",
        b"<!DOCTYPE x>",
        b"&x;",
        b"]]>",
        b"<![CDATA[",
        b"\xff",
    ]
)


def every(readings: Iterator[Reading]) -> list[Reading]:
    found = list(readings)
    assert all(isinstance(reading, OUTCOMES) for reading in found)
    assert all(reading.line is None or reading.line >= 1 for reading in found)
    return found


@st.composite
def spoilt(draw: st.DrawFn, whole: bytes) -> bytes:
    """A sound file with some bytes cut, replaced or put in."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(whole)))
        until = draw(st.integers(at, min(len(whole), at + 40)) | st.just(len(whole)))
        whole = whole[:at] + draw(noise | telling | st.just(b"")) + whole[until:]
    return whole


@pytest.fixture
def edfi_file(edfi) -> bytes:
    return edfi.interchange(
        "Contact", edfi.student("1"), edfi.contact("7"), edfi.link("1"), edfi.link("2"), edfi.program()
    ).encode()


@often
@given(data=st.data())
def test_any_bytes_as_ed_fi(tmp_path: Path, edfi_file: bytes, data: st.DataObject):
    file = tmp_path / "Student.xml"
    file.write_bytes(data.draw(noise | spoilt(edfi_file)))

    assert every(read_edfi(file, today=TODAY))


@often
@given(
    encoding=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12), body=noise
)
def test_any_declared_encoding(tmp_path: Path, encoding: str, body: bytes):
    file = tmp_path / "Student.xml"
    file.write_bytes(f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + body)

    assert every(read_edfi(file, today=TODAY))


@often
@given(data=st.data())
def test_any_bytes_as_one_roster(oneroster, data: st.DataObject):
    files = {name: content.encode() for name, content in oneroster.files().items()}
    name = data.draw(st.sampled_from(sorted(files)))
    files[name] = data.draw(noise | spoilt(files[name]))
    for written, content in files.items():
        (oneroster.folder / written).write_bytes(content)

    assert every(read_oneroster(oneroster.folder, today=TODAY))


@often
@given(data=st.data())
def test_any_bytes_as_a_zip(tmp_path: Path, edfi_file: bytes, data: st.DataObject):
    whole = io.BytesIO()
    with zipfile.ZipFile(
        whole, "w", data.draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    ) as archive:
        archive.writestr("Contact.xml", edfi_file)
        archive.writestr("manifest.csv", "propertyName,value\noneroster.version,1.2\nfile.users,bulk\n")
        archive.writestr("users.csv", "sourcedId,status\n")
    file = tmp_path / "set.zip"
    file.write_bytes(data.draw(noise | spoilt(whole.getvalue())))

    every(read_edfi(file, today=TODAY))
    every(read_oneroster(file, today=TODAY))
