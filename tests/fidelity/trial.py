"""Try every operation of a description: import it, send and answer in this process, and report what differs."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs

from tests.fidelity.subjects import Subject, proposed, subjects
from tests.oracle.cases import Cases
from tests.oracle.members import Member, Members
from tests.oracle.reading import Content, Description
from tests.oracle.schemas import Schemas
from tests.oracle.sent import differences
from tests.oracle.showing import Answers, leaves, lost, reasons
from tests.oracle.writing import Call, expected
from tools.calling.results import CallResult
from tools.errors import CallFailed, InvalidArguments
from tools.openapi.proposal import Proposal

SHOWN = 300


@dataclass(frozen=True)
class Difference:
    """One way in which an operation differs from its description; `purpose` is the call that showed it."""

    kind: str
    operation: str
    purpose: str
    words: str


@dataclass
class Report:
    """What a trial found. `hints` counts tools by what their hints say."""

    operations: int = 0
    tools: int = 0
    calls: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    members: list[tuple[str, Member]] = field(default_factory=list)
    hints: Counter[str] = field(default_factory=Counter)

    @property
    def differing(self) -> set[str]:
        return {each.operation for each in self.differences}

    @property
    def kinds(self) -> Counter[str]:
        """How many operations differ in each kind."""
        return Counter(kind for kind, _ in {(each.kind, each.operation) for each in self.differences})

    @property
    def hidden(self) -> list[tuple[str, Member]]:
        return [(operation, member) for operation, member in self.members if not member.can_be_set]


def trial(text: str, *, base_url: str = "https://api.vendor.example", singles: int = 1000) -> Report:
    """Return the report on a description; raise DocumentInvalid."""
    return compared(Description(text), proposed(text, base_url), singles=singles)


def compared(description: Description, proposal: Proposal, *, singles: int = 1000) -> Report:
    """Return the report on what was proposed, beside a description."""
    report = Report(len(description.operations), refused=[(each.operation, each.reason) for each in proposal.refused])
    trying = Trying(description, report, singles)
    for subject in subjects(proposal, {each.key: each for each in description.operations}):
        trying.try_out(subject)
    return report


class Trying:
    """Tries tools of one description, and notes what differs."""

    def __init__(self, description: Description, report: Report, singles: int) -> None:
        self._schemas = Schemas(description)
        self._cases = Cases(self._schemas, singles=singles)
        self._answers = Answers(self._schemas)
        self._members = Members(self._schemas)
        self._report = report

    def try_out(self, subject: Subject) -> None:
        """Try one tool."""
        self._report.tools += 1
        self._count_hints(subject)
        for kind, words in self._structure(subject):
            self._note(subject, kind, "", words)
        self._report.members += [(subject.operation.key, member) for member in self._unnamed(subject)]
        arguments = None
        calls = self._cases.calls(subject.operation, subject.content, subject.skipped, subject.skipped_members)
        for purpose, drawn in calls:
            self._report.calls += 1
            given, call = subject.arguments(drawn)
            is_sent = self._send(subject, purpose, given, call)
            arguments = given if arguments is None and is_sent else arguments
        if arguments is None:
            self._report.untried.append(subject.operation.key)
        else:
            self._show(subject, arguments)

    def _note(self, subject: Subject, kind: str, purpose: str, words: object) -> None:
        self._report.differences.append(Difference(kind, subject.operation.key, purpose, str(words)[:SHOWN]))

    def _structure(self, subject: Subject) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with a tool whatever it is called with."""
        operation, tool = subject.operation, subject.tool
        if operation.contents and tool.method.body == "none" and operation.method != "GET":
            yield "body: no argument", operation.contents[0].media_type
        if subject.content is None or tool.method.body_parameter:
            return
        schema = self._schemas.merged(subject.content.schema)
        if tool.method.body_root:
            schema = self._schemas.merged((schema.get("properties") or {}).get(tool.method.body_root, {}))
        members = schema.get("properties") or {}
        for name, parameter in subject.shared.items():
            about = str(self._schemas.merged(members.get(name, {})).get("description", ""))
            if about.strip(" .").lower()[:150] != parameter.description.strip(" .").lower()[:150]:
                yield "one argument for two places", f"{name}: {parameter.description!r} and {about!r}"

    def _send(self, subject: Subject, purpose: str, given: dict[str, Any], call: Call) -> bool:
        try:
            sent = subject.send(given)
        except InvalidArguments as invalid:
            self._note(subject, "call refused", purpose, invalid.problems)
            return False
        for kind, words in differences(expected(call, self._schemas), sent, subject.ignored):
            self._note(subject, kind, purpose, words)
        if not _is_accepted(sent.headers.get("accept", "*/*"), subject):
            self._note(subject, "header: Accept", purpose, sent.headers["accept"])
        return True

    def _show(self, subject: Subject, arguments: dict[str, Any]) -> None:
        for status, content, value in self._answers.successes(subject.operation):
            body, media_type = _written(content, value)
            try:
                result = subject.show(arguments, status, body, media_type)
            except CallFailed as failed:
                reason = f"{failed.reason} {getattr(failed, 'words', '')}"
                self._note(subject, "answer: refused", f"answered {status}", reason)
                continue
            if content is not None and result.file is None:
                for kind, words in _shown_differences(subject, content, value, result):
                    self._note(subject, kind, f"answered {status}", words)
        for status, failure in self._answers.failures(subject.operation):
            self._fail(subject, arguments, status, failure)

    def _fail(self, subject: Subject, arguments: dict[str, Any], status: int, failure: Any) -> None:
        wanted = reasons(failure)
        try:
            subject.show(arguments, status, json.dumps(failure).encode(), "application/json")
        except CallFailed as failed:
            words = f"{failed.reason} {getattr(failed, 'words', '')}"
            if wanted and not any(each in words for each in wanted):
                self._note(subject, "reason: lost", f"answered {status}", f"{words[:150]}: {wanted[:3]}")
        else:
            if subject.tool.pager is None or status not in {404, 410, 416, 422}:
                self._note(subject, "failure: shown as success", f"answered {status}", failure)

    def _unnamed(self, subject: Subject) -> Iterator[Member]:
        """Yield the members of the body that the tool does not name."""
        content, method = subject.content, subject.tool.method
        if content is None or not (content.is_json or method.body in {"form", "multipart"}):
            return
        shown = subject.shown_body()
        root = f".{method.body_root}" if method.body_root else ""
        sent_anyway = {f"{root}.{name}" for name in (*subject.ignored.members, *method.fixed_body)}
        for member in self._members.unnamed(content.schema, shown, subject.tool.description):
            if member.place not in sent_anyway:
                yield member

    def _count_hints(self, subject: Subject) -> None:
        tool, method = subject.tool, subject.operation.method
        if method == "GET" and not tool.read_only:
            self._report.hints["GET that writes"] += 1
        if method not in {"GET", "DELETE"} and tool.read_only:
            self._report.hints["other that reads"] += 1
        if method != "DELETE" and not tool.read_only and tool.destructive:
            self._report.hints["destructive"] += 1


def _shown_differences(
    subject: Subject, content: Content, value: Any, result: CallResult
) -> Iterator[tuple[str, object]]:
    """Yield how a result differs from the answer that it shows."""
    if not (content.is_json or content.is_lines) and "*" not in content.plain_type:
        if value and str(value) not in (result.text, *_texts_in(result.text)):
            yield "answer: text lost", result.text
        return
    is_paged = subject.tool.pager is not None
    missing = lost(value, json.loads(result.text), is_paged=is_paged)
    if missing:
        yield "answer: lost", missing[:8]
    if subject.tool.output is None or result.structured is None:
        return
    structured = json.loads(result.structured)
    if not jsonschema_rs.is_valid(subject.tool.output.schema, structured):
        yield "answer: not as outputSchema says", result.text
    elif not missing and (cut := lost(value, structured, is_paged=is_paged)):
        yield "answer: lost in structuredContent", cut[:8]


def _texts_in(text: str) -> list[str]:
    """Return the texts in a result that is JSON."""
    return [leaf for _, leaf in leaves(json.loads(text))]


def _written(content: Content | None, value: Any) -> tuple[bytes, str]:
    """Return an answer as it comes over the wire, and its media type."""
    if content is None:
        return b"", ""
    if content.is_json:
        return json.dumps(value).encode(), content.plain_type
    if "*" in content.plain_type:
        return json.dumps(value).encode(), "application/json"
    if content.is_lines and isinstance(value, list):
        return "".join(f"{json.dumps(each)}\n" for each in value).encode(), content.plain_type
    return str(value).encode(), content.plain_type


def _is_accepted(accept: str, subject: Subject) -> bool:
    """Return whether what is asked for is among the documented formats of success (RFC 9110, 12.5.1)."""
    documented = [content.plain_type for each in subject.operation.successes for content in each.contents]
    if not documented:
        return True
    ranges = [each.partition(";")[0].strip().lower() for each in accept.split(",")]
    return any(_is_within(media, asked) or _is_within(asked, media) for asked in ranges for media in documented)


def _is_within(media_type: str, asked: str) -> bool:
    return asked in ("*/*", media_type) or (asked.endswith("/*") and media_type.startswith(asked[:-1]))


__all__ = ["Difference", "Report", "compared", "trial"]
