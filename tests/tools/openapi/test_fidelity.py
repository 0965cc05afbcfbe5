"""What is sent is what a description says, and what is shown is what came: the product beside an oracle of its own.

The oracle (tests/oracle) reads the description by itself, draws the values of calls and answers, and says what must be
sent and shown for them. It knows nothing of the product.
"""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.documentation import ROOT
from tests.fidelity.documents import ITEM, POINT, TEXT, TEXTS, all_documents, answered, content, document
from tests.fidelity.strategies import descriptions
from tests.fidelity.subjects import Subject, proposed, subjects
from tests.fidelity.trial import Report, compared, trial
from tests.mcp_client import McpClient
from tests.oracle.cases import Cases
from tests.oracle.reading import Description
from tests.oracle.schemas import Schemas
from tests.oracle.sent import Sent, differences
from tests.oracle.showing import Answers, lost
from tests.oracle.writing import expected
from tests.tools.openapi.documents import DESK_30, DESK_31, STORE_20
from tests.vendors.application import Answer, Request
from tests.vendors.imported import Import
from tests.vendors.scripted import ScriptedVendor

DOCUMENTS = {**all_documents(), "desk": DESK_30, "board": DESK_31, "store": STORE_20}
# A few of each kind over sockets; all of them in this process.
SINGLES = 2


def told(report: Report) -> list[str]:
    return [f"{each.kind}: {each.operation} ({each.purpose}): {each.words}" for each in report.differences]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_call_and_answer_is_as_the_description_says(name: str) -> None:
    report = trial(DOCUMENTS[name])
    assert told(report) == []
    assert report.untried == []
    assert [f"{operation} {member.place}" for operation, member in report.hidden] == []
    assert report.calls >= 5 * report.tools


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(descriptions())
def test_any_small_description_is_followed(text: str) -> None:
    report = trial(text)
    assert (told(report), report.hidden) == ([], [])


# The board wants somebody's consent.
@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "board"])
async def test_a_vendor_receives_what_the_description_says(
    name: str, importing: Import, scripted: ScriptedVendor
) -> None:
    text = DOCUMENTS[name]
    proposal, description = proposed(text), Description(text)
    fields = {field.name: "example-secret" for field in proposal.definition.connection_fields}
    desk = Desk(await importing(text, fields=fields, path=base_of(description)), scripted, Schemas(description))
    found = []
    for subject in subjects(proposal, {each.key: each for each in description.operations}):
        found += [f"{subject.operation.key}: {each}" async for each in desk.differences(subject)]
    assert found == []


def base_of(description: Description) -> str:
    return description.operations[0].base


class Desk:
    """Calls tools over MCP, as a client does, and compares what the vendor received and what came back."""

    def __init__(self, mcp: McpClient, vendor: ScriptedVendor, schemas: Schemas) -> None:
        self._mcp, self._vendor, self._schemas = mcp, vendor, schemas
        self._cases = Cases(schemas, singles=SINGLES)

    async def differences(self, subject: Subject) -> Any:
        arguments: dict[str, Any] | None = None
        for purpose, drawn in self._cases.calls(
            subject.operation, subject.content, subject.skipped, subject.skipped_members
        ):
            given, call = subject.arguments(drawn)
            self._vendor.received.clear()
            await self._mcp.call(subject.tool.name, given)
            if not self._vendor.received:
                yield f"{purpose}: nothing was sent"
                continue
            arguments = given
            for kind, words in differences(expected(call, self._schemas), sent_in(self._vendor.last), subject.ignored):
                yield f"{purpose}: {kind}: {words}"
        assert arguments is not None
        for each in await self._shown(subject, arguments):
            yield each

    async def _shown(self, subject: Subject, arguments: dict[str, Any]) -> list[str]:
        found = []
        for status, written, value in Answers(self._schemas).successes(subject.operation):
            if written is not None and not written.is_json:
                continue
            body = None if written is None else json.dumps(value).encode()
            answer = Answer(status, body, media_type=written.media_type if written else "")
            self._vendor.answer = lambda request, answer=answer: answer
            result = await self._mcp.call(subject.tool.name, arguments)
            if result["isError"]:
                found.append(f"answered {status}: {result['content'][0]['text']}")
            elif written is not None:
                shown = json.loads(result["content"][0]["text"])
                found += lost(value, shown, is_paged=subject.tool.pager is not None)
        self._vendor.answer = None
        return found


def sent_in(request: Request) -> Sent:
    target = f"{request.path}?{request.query}" if request.query else request.path
    return Sent(request.method, target, dict(request.headers), request.body)


def one_operation(**parts: Any) -> str:
    """Return a description of one operation, with a body that may be changed."""
    return document({"/things": {"post": {"responses": answered(ITEM), **parts}}})


def query(style: str = "form", schema: Any = TEXTS, **more: Any) -> dict[str, Any]:
    return {
        "parameters": [{"name": "value", "in": "query", "schema": schema, "style": style, "explode": False, **more}]
    }


def body(schema: Any, media_type: str = "application/json") -> dict[str, Any]:
    return {"requestBody": {"required": True, **content(schema, media_type)}}


NAMED = {"type": "object", "required": ["name"], "properties": {"name": TEXT}}
# What the tool is made of, what the oracle is told, and the kind of difference that it must find.
MISTAKES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (query(), query("pipeDelimited"), "query: value"),
    (query(), query(explode=True), "query: value"),
    (query("deepObject", POINT, explode=True), query(schema=TEXTS), "call refused"),
    (query(), {"parameters": []}, ""),
    ({"parameters": []}, query(), "query: missing"),
    (query(), {"parameters": [{"name": "value", "in": "header", "schema": TEXT}]}, "header: missing"),
    (query(), {"parameters": [{"name": "value", "in": "cookie", "schema": TEXT}]}, "cookie: missing"),
    (query(schema={"type": "string", "maxLength": 2}), query(schema=TEXT), "call refused"),
    (body(NAMED), body({**NAMED, "properties": {"name": TEXT, "note": TEXT}}), "call refused"),
    (body(NAMED), body({**NAMED, "properties": {"name": {"type": ["string", "null"]}}}), "call refused"),
    (body({"type": "object", "additionalProperties": True}), body(NAMED), ""),
    (body(NAMED), body(NAMED, "application/vnd.api+json"), "body: media type"),
]


@pytest.mark.parametrize(("made", "told_to_oracle", "kind"), MISTAKES)
def test_the_oracle_finds_what_is_not_as_described(
    made: dict[str, Any], told_to_oracle: dict[str, Any], kind: str
) -> None:
    report = compared(Description(one_operation(**told_to_oracle)), proposed(one_operation(**made)))
    assert [*report.kinds] == ([kind] if kind else [])


def test_the_oracle_finds_what_is_not_shown() -> None:
    whole = {"name": "a", "wide": {"tags": ["b", "c"]}, "next": "/2"}
    assert lost(whole, whole, is_paged=False) == []
    assert lost(whole, {"result": {"name": "a", "wide": {"tags": ["c"]}}}, is_paged=False) == [
        "wide.tags.[] = b", "next = /2",
    ]  # fmt: skip
    assert lost(whole, {"result": ["b", "c"], "envelope": {"name": "a"}}, is_paged=True) == []


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_oracle_shares_no_code_with_the_product() -> None:
    product = {"accounts", "tools", "mcpservers", "api", "portal", "config"}
    files = sorted((ROOT / "tests" / "oracle").glob("*.py"))
    assert len(files) > 5
    for path in files:
        names = {name for name in imports_of(path) if name.partition(".")[0] in {"tests", *product}}
        assert {name for name in names if not name.startswith("tests.oracle.")} == set(), path
