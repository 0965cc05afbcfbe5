"""Put a proposal together: a definition, draft records, and what was refused, all from one description."""

from dataclasses import dataclass, field, replace
from typing import Any

import inflection
from pydantic import ValidationError

from accounts.definition import Access, Definition, Method, parse_definition
from accounts.errors import DefinitionInvalid
from tools.effects import Effect, effect_of, only_searches
from tools.openapi.answers import Result, result_of
from tools.openapi.arguments import MAX_PARAMETER, Arguments, arguments_of, is_credential, only_value
from tools.openapi.authentication import access_of
from tools.openapi.bodies import RequestBody, body_of
from tools.openapi.definition import Frame, MadeMethod, ReadOperation, definition_document, usual_pagination
from tools.openapi.errors import DocumentInvalid, OperationRefused
from tools.openapi.failures import errors_chapter
from tools.openapi.headers import accept_of, constant_headers
from tools.openapi.naming.paths import Template, nodes_of, recognised, template_of
from tools.openapi.naming.texts import plain
from tools.openapi.naming.tool_names import AnswerKind, Names, Naming, Place, tool_names
from tools.openapi.naming.words import description_of, title_of
from tools.openapi.paging import OWN_ARGUMENTS, UNKNOWN, Guess, PagingArgument, guess
from tools.openapi.reading.document import Document
from tools.openapi.reading.operations import Operation, operations_of
from tools.openapi.results import response_schema
from tools.openapi.schemes import AccessProposal
from tools.openapi.servers import Base, base_of, prefix_of
from tools.openapi.shapes.merging import Schema
from tools.openapi.shapes.schemas import Cleaner
from tools.openapi.shapes.unlisted import without_members

REQUEST_WORDS, ANSWER_WORDS = 240, 100


@dataclass(frozen=True)
class RefusedOperation:
    """An operation that cannot become a tool, and why."""

    operation: str
    reason: str


@dataclass(frozen=True)
class Proposal:
    """The result of reading a description: a definition's document, a bundle's records, and what was refused."""

    document: dict[str, Any]
    records: list[dict[str, Any]]
    operations: int
    refused: list[RefusedOperation]
    notes: list[str]
    definition: Definition = field(repr=False)
    keys: dict[str, str] = field(default_factory=dict)


def propose(
    document: Document,
    *,
    name: str,
    label: str = "",
    base_url: str = "",
    known: dict[str, list[Place]] | None = None,
) -> Proposal:
    """Return the proposal for a document; raise DocumentInvalid.

    `known` are the places that an integration's operations have already, by `paths.recognised`; they keep them.
    """
    return _Proposer(document, name, label, base_url, known or {}).proposal()


class _Proposer:
    """Makes the proposal for one document."""

    def __init__(self, document: Document, name: str, label: str, base_url: str, known: dict[str, list[Place]]) -> None:
        self._document = document
        self._name = name
        self._known = known
        self._requests = Cleaner(document.references, for_request=True, words=REQUEST_WORDS)
        self._answers = Cleaner(document.references, for_request=False, words=ANSWER_WORDS)
        self._label = (
            plain(label, 80) or plain(document.part("info").get("title"), 60) or name.replace("_", " ").title()
        )
        self._base: Base = base_of(document, base_url)
        self._refused: list[RefusedOperation] = []

    def proposal(self) -> Proposal:
        """Return the proposal; raise DocumentInvalid if no operation can become a tool."""
        operations = operations_of(self._document)
        self._refused += [RefusedOperation(key, _sentence(reason)) for key, reason in operations.refused]
        self._access: AccessProposal = access_of(self._document, operations.read, self._base.url)
        self._headers = constant_headers(operations.read, self._document.references, self._access.names)
        read = [each for each in map(self._read, operations.read) if each is not None]
        names = self._names(read)
        made = [each for each in (self._make(each, names) for each in read) if each is not None]
        if not made:
            reasons = [f"{each.operation}: {each.reason}" for each in self._refused[:5]]
            raise DocumentInvalid(["No operation of the document can become a tool.", *reasons])
        usual = usual_pagination(made)
        errors = errors_chapter(self._document, self._answers)
        frame = Frame(self._name, self._label, self._base, self._access, self._headers, errors)
        document = definition_document(self._document, frame, usual, made, names)
        try:
            definition = parse_definition(document)
        except DefinitionInvalid as invalid:
            raise DocumentInvalid(
                [f"The proposed definition does not fit. {each}" for each in invalid.problems]
            ) from None
        own_names = tool_names(self._name, [each.place for each in made], names.singulars)
        records = [self._record(each, own_names.get(each.place, "")) for each in made]
        keys = {f"{each.place[0]}.{each.place[1]}": each.read.operation.key for each in made}
        return Proposal(document, records, operations.count, self._refused, self._notes(usual), definition, keys)

    def _read(self, operation: Operation) -> ReadOperation | None:
        try:
            template = template_of(operation.path, operation.parameters)
            prefix = prefix_of(operation.servers, self._base, self._document)
            nouns = _nouns(operation.path)
            result = result_of(operation, self._answers, nouns)
            body = body_of(operation, self._requests)
        except OperationRefused as refused:
            self._refuse(operation, str(refused))
            return None
        template = Template(prefix + template.path, template.placeholders, template.constants)
        return ReadOperation(operation, template, result, body, _access_of(operation, result))

    def _refuse(self, operation: Operation, reason: str) -> None:
        self._refused.append(RefusedOperation(operation.key, _sentence(reason)))

    def _names(self, read: list[ReadOperation]) -> Names:
        kinds = {each.operation.key: AnswerKind(each.result.is_list, each.result.is_known) for each in read}
        waiting = {key: list(places) for key, places in self._known.items()}
        known: dict[str, Place] = {}
        for each in read:
            places = waiting.get(recognised(each.operation.http, each.template.path))
            if places:
                known[each.operation.key] = places.pop(0)
        return Naming([each.operation for each in read], kinds, known).names()

    def _make(self, read: ReadOperation, names: Names) -> MadeMethod | None:
        operation, (resource, method) = read.operation, names.places[read.operation.key]
        try:
            paging = self._paging(read, method)
            without = paging.taken if paging else frozenset()
            body = _without(read.body.schema, without)
            fixed = _fixed(read.body.declared, body)
            body = _without(body, frozenset(fixed))
            arguments = arguments_of(
                operation,
                read.template,
                self._requests,
                body=body,
                without=without,
                credentials=self._access.names,
                constant_headers=frozenset(name.lower() for name in self._headers),
            )
            declared = self._declared(read, method, arguments, body, paging)
            if fixed:
                declared["fixed_body"] = fixed
            Method.model_validate(declared)
        except OperationRefused as refused:
            self._refuse(operation, str(refused))
            return None
        except ValidationError as invalid:
            first = invalid.errors()[0]
            place = ".".join(str(step) for step in first["loc"])
            self._refuse(operation, f"{place}: {first['msg'].removeprefix('Value error, ')}")
            return None
        made = replace(read, body=_with_schema(read.body, body))
        return MadeMethod(made, (resource, method), declared, arguments, paging)

    def _paging(self, read: ReadOperation, method: str) -> Guess | None:
        """Return how a list is paged: by its query, or by the JSON body of a request that only reads."""
        if not read.may_have_pages:
            return None
        in_query = self._paging_in_query(read)
        if read.operation.http == "GET":
            return in_query
        in_body = self._paging_in_body(read)
        ways = [each for each in (in_query, in_body) if each]
        return next((each for each in ways if each.is_known), next(iter(ways), None))

    def _paging_in_query(self, read: ReadOperation) -> Guess | None:
        query = [
            PagingArgument(
                each.name, self._requests.cleaned(each.schema, 1).schema, plain(each.description, 500), each.example
            )
            for each in read.operation.named("query")
            if not is_credential(each, self._access.names)
        ]
        operation = read.operation
        found = guess(query, read.result, operation.answer.headers, plain(operation.description, 2000))
        if found and operation.http != "GET" and found.pagination.get("kind") == "link":
            return UNKNOWN  # a link is followed with GET, which would be another request
        if found and OWN_ARGUMENTS & self._other_names(read):
            return UNKNOWN
        return found

    def _other_names(self, read: ReadOperation) -> set[str]:
        """Return the names of the arguments that do not go into the query."""
        elsewhere = [each.name for place in ("path", "header") for each in read.operation.named(place)]
        return {*elsewhere, *read.body.schema.get("properties", {})}

    def _paging_in_body(self, read: ReadOperation) -> Guess | None:
        """Return how the JSON body of a POST pages; nothing is said of one whose members are not its own."""
        if read.body.declared.get("body") != "json" or "body_parameter" in read.body.declared:
            return None
        members = read.body.schema.get("properties", {})
        body = [PagingArgument(name, schema, str(schema.get("description", ""))) for name, schema in members.items()]
        found = guess(body, read.result, frozenset())
        if found is None or not found.is_known:
            return found
        # A dot in a paging parameter's name leads into an object, which these members are not.
        dotted = any("." in name for name in found.taken)
        if found.pagination["kind"] == "link" or "body_root" in read.body.declared or dotted:
            return UNKNOWN
        return Guess({**found.pagination, "send_in": "body"}, found.taken)

    def _declared(
        self, read: ReadOperation, method: str, arguments: Arguments, body: Schema, paging: Guess | None
    ) -> dict[str, Any]:
        """Return the method as it is declared in the definition."""
        operation, result = read.operation, read.result
        made: dict[str, Any] = {"http": operation.http, "path": arguments.path, "access": str(read.access)}
        if operation.http != "DELETE" and read.access is Access.WRITE and _effect_of(operation).is_grave:
            made["destructive"] = True
        if operation.http == "PUT" and _effect_of(operation).reaches:
            made["idempotent"] = False  # each one reaches somebody again
        if read.body.declared:
            made |= read.body.declared
        styles = {**read.body.styles, **arguments.styles}
        styles = {name: style for name, style in styles.items() if name in arguments.schema.get("properties", {})
                  or name in body.get("properties", {})}  # fmt: skip
        if styles:
            made["query_styles"] = styles
        made |= arguments.settings
        if result.kind != "json":
            made["answer"] = result.kind
        accept = accept_of(operation, result.kind)
        if accept:
            made["accept"] = accept
        if result.expression:
            made["result"] = result.expression
        if paging is not None and paging.is_known:
            made["pagination"] = paging.pagination
        made |= self._paginated(
            read, method, paging, {**arguments.schema.get("properties", {}), **body.get("properties", {})}
        )
        return made

    def _paginated(self, read: ReadOperation, method: str, paging: Guess | None, taken: Schema) -> dict[str, Any]:
        """Declare whether a method takes limit and next_cursor, if its name does not imply it."""
        if read.access is Access.WRITE:
            return {}
        is_list = read.may_have_pages
        # Where there seem to be pages that nobody knows how to ask for, the list is given as it comes.
        wanted = is_list and (paging is None or paging.is_known) and not (OWN_ARGUMENTS & taken.keys())
        return {} if wanted == (method == "list") else {"paginated": wanted}

    def _record(self, made: MadeMethod, tool_name: str) -> dict[str, Any]:
        """Return the draft record of an operation."""
        resource, method = made.place
        operation = made.read.operation
        record: dict[str, Any] = {
            "resource": resource,
            "method": method,
            "tool_name": tool_name,
            "title": title_of(operation, resource, method),
            "description": description_of(
                operation,
                self._label,
                [*made.arguments.schema.get("properties", {}), *made.read.body.schema.get("properties", {})],
                paginated=made.is_paginated,
            ),
            "query_schema": made.arguments.schema,
            "body_schema": made.read.body.schema,
            "response_schema": response_schema(made, self._answers),
        }
        return {key: value for key, value in record.items() if value} | {"published": False}

    def _notes(self, usual: dict[str, Any]) -> list[str]:
        notes = [*self._access.notes]
        kinds = {"none": "No pagination was found; lists are cut into pages here."}
        notes += [kinds[usual["kind"]]] if usual["kind"] in kinds else []
        return notes


def _sentence(reason: str) -> str:
    return reason if reason.endswith(".") else f"{reason}."


def _nouns(path: str) -> list[str]:
    """Return the nouns that a path is about: the last one, in singular and plural, and the one before it."""
    words = [node.words for node in nodes_of(path) if not node.is_parameter]
    if not words or not words[-1]:
        return []
    joined, last = "".join(words[-1]), words[-1][-1]
    before = [words[-2][-1]] if len(words) > 1 and words[-2] else []
    return list(dict.fromkeys([joined, inflection.pluralize(joined), last, inflection.pluralize(last), *before]))


def _without(schema: Schema, names: frozenset[str]) -> Schema:
    """Return a schema without some of its properties."""
    if not names & schema.get("properties", {}).keys():
        return schema
    kept = {name: each for name, each in schema["properties"].items() if name not in names}
    required = [name for name in schema.get("required", []) if name not in names]
    rest = {key: value for key, value in schema.items() if key != "required"} | without_members(schema, names)
    return {**rest, "properties": kept} | ({"required": required} if required else {})


def _fixed(declared: dict[str, Any], body: Schema) -> dict[str, Any]:
    """Return the required members of a body that can have only one value, which no model needs to give."""
    if declared.get("body") not in {"json", "form", "multipart"} or "body_parameter" in declared:
        return {}
    properties = body.get("properties", {})
    only = {name: only_value(properties[name]) for name in body.get("required", []) if name in properties}
    return {name: value for name, value in only.items() if value is not None and len(name) <= MAX_PARAMETER}


def _with_schema(body: RequestBody, schema: Schema) -> RequestBody:
    return RequestBody(body.declared, schema, body.styles)


def _effect_of(operation: Operation) -> Effect:
    return effect_of(operation.http, operation.path, operation.operation_id, operation.summary)


def _access_of(operation: Operation, result: Result) -> Access:
    if operation.http in {"GET", "QUERY"}:
        return Access.WRITE if _effect_of(operation).changes else Access.READ
    words = (operation.operation_id, operation.summary, operation.description.partition(".")[0])
    is_search = operation.http == "POST" and result.is_list and only_searches(operation.path, *words)
    return Access.READ if is_search else Access.WRITE
