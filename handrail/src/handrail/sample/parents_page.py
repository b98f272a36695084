"""A parent with the link that came by mail: the notice's page, without an account."""

import re

import httpx

from handrail.client import Refused
from handrail.sample.people import Child

LINK = re.compile(r"/n/[A-Za-z0-9._-]+")
FIELD = re.compile(r'name="(proof|key)" value="([^"]*)"')


class ParentsPage:
    """What the families of the sample district do on the pages of their notices."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=60)

    def acknowledge(self, child: Child, notice: str, *, ask: str) -> None:
        """Open the notice, confirm receipt, and ask for something."""
        link = self._link(child, notice)
        if link is None:
            return
        fields = self._opened(link, child)
        self._post(f"{link}/acknowledgement", {"proof": fields["proof"]})
        self._post(f"{link}/request", fields | {"kind": ask, "key": notice})

    def object_to(self, child: Child, notice: str, why: str, *, ask: str, text: str) -> None:
        """Open the notice, object to it, and ask for something."""
        link = self._link(child, notice)
        if link is None:
            return
        fields = self._opened(link, child)
        # The key makes a form safe to send twice: the notice's own id, always the same.
        self._post(f"{link}/objection", fields | {"text": why, "key": notice})
        self._post(f"{link}/request", fields | {"kind": ask, "text": text, "key": notice})

    def _link(self, child: Child, notice: str) -> str | None:
        """The link in the mail that brought this notice; ``None`` when the mailbox was cleared meanwhile."""
        for mail in self._http.get("/mailbox/mails").json()["items"]:
            if mail["to"] == [child.parent_email] and notice in (mail["message_id"] or ""):
                found = LINK.search(self._http.get(f"/mailbox/mails/{mail['name']}").json()["text"])
                if found:
                    return found[0]
        return None

    def _opened(self, link: str, child: Child) -> dict[str, str]:
        """After the check, the child's date of birth."""
        born = child.birth_date
        page = self._post(link, {"month": str(born.month), "day": str(born.day), "year": str(born.year)})
        return {"proof": dict(FIELD.findall(page))["proof"]}

    def _post(self, path: str, form: dict[str, str]) -> str:
        answer = self._http.post(path, data=form)
        if answer.is_error:
            raise Refused(answer.status_code, {"detail": f"The notice's page answered {answer.status_code}."})
        return answer.text
