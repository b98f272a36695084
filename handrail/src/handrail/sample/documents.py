"""Scans of the sample district: one real page each, made here."""

from datetime import date

from handrail.stage import Stage

FORM = {"content-type": "multipart/form-data; boundary=sample-district"}
"""Told again, the very same bytes: a boundary drawn anew each time would make it another request."""


def page(by: Stage, student: str, title: str, kind: str, received_on: date) -> str:
    """Add a one-page PDF to the student's record; returns the document's id."""
    answer = by.client.request(
        "POST", f"/plan/v1/students/{student}/documents",
        data={"title": title, "kind": kind, "received_on": received_on.isoformat()},
        files={"file": (f"{kind}.pdf", _pdf(f"{title}, {received_on:%B} {received_on.day}, {received_on.year}"),
                        "application/pdf")}, headers=FORM,
    )  # fmt: skip
    made: str = answer.json()["id"]
    return made


def _pdf(line: str) -> bytes:
    """The smallest page that every reader opens."""
    text = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    drawn = f"BT /F1 16 Tf 72 700 Td ({text}) Tj ET".encode("latin-1", "replace")
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    made, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(made))
        made += b"%d 0 obj%b endobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return made + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (len(parts) + 1, table, len(parts) + 1, len(made))
    )
