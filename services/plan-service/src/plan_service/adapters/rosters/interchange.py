"""An Ed-Fi XML interchange as a stream of its entries, each with its line, in memory that doesn't grow with the file.

Ed-Fi interchanges have no document type, so any is refused unread: with it go entity bombs and fetched entities.
"""

import re
from collections.abc import Iterator
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler, feature_namespaces
from xml.sax.xmlreader import AttributesNSImpl

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from plan_service.adapters.rosters.archive import RosterFile
from plan_service.adapters.rosters.fields import Fault
from plan_service.adapters.rosters.records import Limits, Progress, Refusal

NAMESPACE = "http://ed-fi.org/5.2.0"
_NAMESPACE = re.compile(r"http://ed-fi\.org/[0-9A-Za-z.-]{1,40}")
_DEEPEST = 100
_ELEMENT_COST = 50


class Element:
    """An element with the line it starts on. Comments, foreign namespaces and the space between elements are gone."""

    __slots__ = ("_text", "children", "id", "line", "name", "ref")

    def __init__(self, name: str, line: int, id: str | None = None, ref: str | None = None) -> None:
        self.name = name
        self.line = line
        self.id = id
        self.ref = ref
        self.children: list[Element] = []
        self._text: list[str] = []

    def add(self, words: str) -> None:
        self._text.append(words)

    @property
    def text(self) -> str:
        return "".join(self._text)

    def all(self, name: str) -> "list[Element]":
        """Every child of this name, in order."""
        return [child for child in self.children if child.name == name]

    def find(self, path: str) -> "Element | None":
        """The first element on a path like ``Name/FirstName``."""
        found = self
        for name in path.split("/"):
            for child in found.children:
                if child.name == name:
                    found = child
                    break
            else:
                return None
        return found

    def value(self, path: str) -> str | None:
        """The text of the first element on a path."""
        found = self.find(path)
        return None if found is None else found.text


class _Builder(ContentHandler):
    """Builds one entry (a child of the root) at a time and hands it over."""

    def __init__(self, parser: DefusedExpatParser, limits: Limits) -> None:
        super().__init__()
        self.root: tuple[str | None, str] | None = None
        self.root_line = 1
        self.done: list[Element | Refusal] = []
        self.heard = 0
        self._parser = parser
        self._limits = limits
        self._depth = 0
        self._open: list[Element] = []
        self._foreign = 0
        self._cost = 0

    def startElementNS(
        self, name: tuple[str | None, str], qname: str | None, attrs: AttributesNSImpl
    ) -> None:
        self.heard += 1
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Fault("too-deep", f"Elements stand more than {_DEEPEST} deep; no Ed-Fi interchange does.")
        if self.root is None:
            self.root = name
            self.root_line = self._parser.getLineNumber()
            return
        if self._foreign or name[0] != NAMESPACE:
            self._foreign += 1
            return
        if not self._open:
            self._cost = 0
        self._cost += _ELEMENT_COST
        element = Element(
            name[1], self._parser.getLineNumber(), attrs.get((None, "id")), attrs.get((None, "ref"))
        )
        if self._open and self._cost <= self._limits.record_characters:
            self._open[-1].children.append(element)
        self._open.append(element)

    def endElementNS(self, name: tuple[str | None, str], qname: str | None) -> None:
        self.heard += 1
        self._depth -= 1
        if self._foreign:
            self._foreign -= 1
            return
        if not self._open:
            return
        ended = self._open.pop()
        if self._open:
            return
        if self._cost <= self._limits.record_characters:
            self.done.append(ended)
        else:
            reason = (
                f"The entry is longer than {self._limits.record_characters} characters; shorten or split it."
            )
            self.done.append(Refusal("", ended.line, reason, "too-long"))

    def characters(self, content: str) -> None:
        self.heard += 1
        if self._open and not self._foreign:
            self._cost += len(content)
            if self._cost <= self._limits.record_characters:
                self._open[-1].add(content)

    def processingInstruction(self, target: str, data: str) -> None:
        self.heard += 1


def root_of(file: RosterFile, limits: Limits) -> tuple[str | None, str] | None:
    """Namespace and name of a file's root element, or None when it can't be read that far."""
    reading = _Reading(file, limits, None)
    try:
        for _ in reading.steps():
            if reading.builder.root is not None:
                break
    except (Fault, SAXException, ValueError, LookupError):
        pass  # reading it for its entries will say why
    return reading.builder.root


def entries(file: RosterFile, limits: Limits, progress: Progress | None) -> Iterator[Element | Refusal]:
    """The entries of an interchange in order. Where it can't be read on, a refusal with the line ends the stream."""
    reading = _Reading(file, limits, progress)
    builder = reading.builder
    ended: Refusal | None = None
    checked = False
    steps = reading.steps()
    while ended is None:
        try:
            next(steps)
        except StopIteration:
            break
        except Fault as fault:
            ended = Refusal(file.name, reading.line, fault.reason, fault.code)
        except DefusedXmlException:
            reason = "The file declares a document type or entities, which no Ed-Fi interchange does; nothing was read."
            ended = Refusal(file.name, reading.line, reason, "xml-entities")
        except SAXParseException as broken:
            ended = Refusal(file.name, broken.getLineNumber(), _BROKEN, "not-well-formed")
        except (SAXException, ValueError, LookupError):
            # Names of encodings that Python has no use for end here.
            ended = Refusal(file.name, reading.line, _BROKEN, "not-well-formed")
        if builder.root is not None and not checked:
            checked = True
            if wrong := _wrong_root(file.name, builder.root_line, builder.root):
                yield wrong
                return
        for entry in builder.done:
            yield (
                entry
                if isinstance(entry, Element)
                else Refusal(file.name, entry.line, entry.reason, entry.code)
            )
        builder.done.clear()
    if ended is not None:
        yield ended


_BROKEN = (
    "The XML is cut off or broken here; what stood whole before it was read, nothing after it. "
    "Export the file again, in UTF-8, and send it whole."
)


def _wrong_root(file: str, line: int, root: tuple[str | None, str]) -> Refusal | None:
    namespace = root[0]
    if namespace == NAMESPACE:
        return None
    if namespace is not None and _NAMESPACE.fullmatch(namespace):
        version = namespace.rpartition("/")[2]
        reason = f"This is Ed-Fi Data Standard {version}; export it as 5.2 ({NAMESPACE})."
        return Refusal(file, line, reason, "wrong-version")
    return Refusal(
        file, line, f"This is no Ed-Fi interchange; its namespace must be {NAMESPACE}.", "wrong-namespace"
    )


class _Reading:
    """Feeds a file to the parser in small steps."""

    def __init__(self, file: RosterFile, limits: Limits, progress: Progress | None) -> None:
        self._file = file
        self._progress = progress
        self._limits = limits
        self._parser = DefusedExpatParser(forbid_dtd=True)
        self._parser.setFeature(feature_namespaces, True)
        self.builder = _Builder(self._parser, limits)
        self._parser.setContentHandler(self.builder)

    @property
    def line(self) -> int:
        return self._parser.getLineNumber() or 1

    def steps(self) -> Iterator[None]:
        unheard = 0
        for chunk in self._file.chunks(self._progress):
            before = self.builder.heard
            self._parser.feed(chunk)
            unheard = 0 if self.builder.heard > before else unheard + len(chunk)
            if unheard > self._limits.record_characters:
                raise Fault("too-long", "A tag or comment does not end; what stood before it was read.")
            yield
        self._parser.close()
        yield
        if self.builder.root is None:
            raise Fault("empty-file", "The file is empty; export it again.")
