"""Read the operations of a description: parameters, bodies and answers, in one form for every version."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tools.openapi.errors import OperationRefused, ReferenceRefused
from tools.openapi.reading.document import Document
from tools.openapi.reading.swagger import upgraded

METHODS = ("get", "query", "post", "put", "patch", "delete", "head", "options", "trace")
CALLABLE = frozenset({"get", "query", "post", "put", "patch", "delete"})
# The statuses whose answer a tool returns, in order of preference.
SUCCESSES = ("200", "201", "202", "203", "206", "2XX", "2xx", "default")
LIKE_SUCCESSES = ("207", "208", "226")
PLACES = frozenset({"path", "query", "header", "cookie"})


@dataclass(frozen=True)
class Parameter:
    """One parameter; `style` and `explode` say how an array or object is written.

    `samples` are the texts among its examples, default and allowed values.
    """

    name: str
    place: str
    required: bool
    schema: Any
    description: str
    style: str
    explode: bool
    is_json: bool = False
    deprecated: bool = False
    example: Any = None
    allow_reserved: bool = False
    allow_empty: bool = False
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Body:
    """A request body in one media type."""

    media_type: str
    schema: Any
    encoding: dict[str, Any]


@dataclass(frozen=True)
class DeclaredResponse:
    """An operation's documented answer on success: a schema by media type, its headers, and words about it.

    `others` are the schemas by media type of its other answers on success, each of which may come as well.
    """

    status: str
    schemas: dict[str, Any]
    headers: frozenset[str]
    description: str = ""
    others: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Operation:
    """One operation as it is described, before anything about it is judged."""

    http: str
    path: str
    operation_id: str
    summary: str
    description: str
    tags: list[str]
    deprecated: bool
    parameters: list[Parameter]
    bodies: list[Body]
    body_required: bool
    body_description: str
    answer: DeclaredResponse
    statuses: list[str]
    security: Any
    servers: list[Any]

    @property
    def key(self) -> str:
        """Its name for people, such as `GET /tickets`."""
        return f"{self.http} {self.path}"

    def named(self, place: str) -> list[Parameter]:
        """Return the parameters that go into a place."""
        return [each for each in self.parameters if each.place == place]


@dataclass
class Operations:
    """The operations of a document, and those that could not be read, each with the reason."""

    read: list[Operation] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """The number of all operations, refused ones included."""
        return len(self.read) + len(self.refused)


def operations_of(document: Document) -> Operations:
    """Return every operation under `paths`; those that cannot be read are refused, not raised."""
    operations = Operations()
    for path, written in document.paths.items():
        if path.startswith("x-"):
            continue
        try:
            item = document.references.resolved(written)
        except ReferenceRefused as refused:
            operations.refused.append((f"* {path}", f"{refused}."))
            continue
        if not isinstance(item, dict):
            operations.refused.append((f"* {path}", f"paths.{path}: is not an object."))
            continue
        for method in METHODS:
            if method in item:
                _add(operations, document, path, method, item)
        # OpenAPI 3.2, Path Item Object: methods that have no field of their own, by their names as they are sent.
        for method in _object(item.get("additionalOperations")):
            operations.refused.append((f"{method} {path}", f"{method[:20]} is a method that no tool can send."))
    return operations


def _add(operations: Operations, document: Document, path: str, method: str, item: dict[str, Any]) -> None:
    key = f"{method.upper()} {path}"
    try:
        if method not in CALLABLE:
            raise OperationRefused(f"{method.upper()} gives nothing that a tool could return")
        operations.read.append(_read(document, path, method, item))
    except OperationRefused as refused:
        operations.refused.append((key, f"{refused}."))


def _read(document: Document, path: str, method: str, item: dict[str, Any]) -> Operation:
    raw = document.references.resolved(item[method])
    if not isinstance(raw, dict):
        raise OperationRefused("it is not an object")
    parameters = _resolved_parameters(document, item, raw)
    if document.is_swagger:
        raw = upgraded(raw, parameters, document.root, document.references)
        parameters = raw["parameters"]
    body = document.references.resolved(raw.get("requestBody"))
    body = body if isinstance(body, dict) else {}
    statuses, answer = _answer(document, raw.get("responses"))
    tags = raw.get("tags")
    return Operation(
        http=method.upper(),
        path=path,
        operation_id=_text(raw.get("operationId")),
        summary=_text(raw.get("summary")) or _text(item.get("summary")),
        description=_text(raw.get("description")) or _text(item.get("description")),
        tags=[tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else [],
        deprecated=raw.get("deprecated") is True,
        parameters=[_parameter(document, each) for each in parameters],
        bodies=list(_bodies(document, body)),
        body_required=body.get("required") is True,
        body_description=_text(body.get("description")),
        answer=answer,
        statuses=statuses,
        security=raw.get("security"),
        servers=_list(raw.get("servers")) or _list(item.get("servers")),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _resolved_parameters(document: Document, item: dict[str, Any], raw: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parameters of a path and its operation; the operation's override the path's."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for written in [*_list(item.get("parameters")), *_list(raw.get("parameters"))]:
        parameter = document.references.resolved(written)
        if isinstance(parameter, dict) and isinstance(parameter.get("name"), str) and parameter["name"]:
            for each in _spread(document, parameter):
                found[each["name"], _text(each.get("in"))] = each
    return list(found.values())


def _spread(document: Document, parameter: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a parameter that is the whole query (OpenAPI 3.2, `querystring`) as one for each of its members."""
    form = _object(_object(parameter.get("content")).get("application/x-www-form-urlencoded"))
    schema = _object(document.references.resolved(form.get("schema")))
    if parameter.get("in") != "querystring" or not isinstance(schema.get("properties"), dict):
        return [parameter]
    required = _list(schema.get("required"))
    return [
        {"name": name, "in": "query", "required": name in required, "schema": each, **_described(document, each)}
        for name, each in schema["properties"].items()
    ]


def _described(document: Document, schema: Any) -> dict[str, Any]:
    words = _object(document.references.resolved(schema)).get("description")
    return {"description": words} if isinstance(words, str) else {}


def _parameter(document: Document, raw: dict[str, Any]) -> Parameter:
    place = _text(raw.get("in"))
    if place not in PLACES:
        raise OperationRefused(
            f"the parameter {raw['name'][:60]} goes into {place[:20] or 'no place'}, which is unknown"
        )
    schema, content = raw.get("schema"), raw.get("content")
    is_json = False
    if schema is None and isinstance(content, dict) and content:
        media, first = next(iter(content.items()))
        schema = first.get("schema") if isinstance(first, dict) else None
        is_json = "json" in media
    # OpenAPI 3, Parameter Object: the defaults of style and explode.
    style = _text(raw.get("style")) or ("form" if place in {"query", "cookie"} else "simple")
    explode = raw.get("explode")
    return Parameter(
        name=raw["name"],
        place=place,
        # OpenAPI 3, Parameter Object: a path parameter is always required.
        required=raw.get("required") is True or place == "path",
        schema=schema if schema is not None else {},
        description=_text(raw.get("description")),
        style=style,
        explode=explode if isinstance(explode, bool) else style == "form",
        is_json=is_json,
        deprecated=raw.get("deprecated") is True,
        example=_example(document, raw),
        # GitHub's extension says the same of a path.
        allow_reserved=raw.get("allowReserved") is True or raw.get("x-multi-segment") is True,
        allow_empty=raw.get("allowEmptyValue") is True,
        samples=_samples(document, raw, schema),
    )


def _samples(document: Document, raw: dict[str, Any], schema: Any) -> tuple[str, ...]:
    """Return the texts that a parameter shows as values."""
    try:
        described = document.references.resolved(schema)
        named = raw.get("examples")
        shown = [document.references.resolved(each) for each in (named.values() if isinstance(named, dict) else ())]
    except ReferenceRefused:
        return ()
    described = described if isinstance(described, dict) else {}
    values = [each.get("value") for each in shown if isinstance(each, dict)]
    values += [raw.get("example"), described.get("example"), described.get("default")]
    values += [*_list(described.get("examples")), *_list(described.get("enum"))]
    return tuple(value for value in values if isinstance(value, str))


def _example(document: Document, raw: dict[str, Any]) -> Any:
    if "example" in raw:
        return raw["example"]
    examples = raw.get("examples")
    if isinstance(examples, dict) and examples:
        try:
            first = document.references.resolved(next(iter(examples.values())))
        except ReferenceRefused:
            return None
        return first.get("value") if isinstance(first, dict) else None
    return None


def _bodies(document: Document, body: dict[str, Any]) -> Iterator[Body]:
    content = body.get("content")
    for media_type, each in content.items() if isinstance(content, dict) else ():
        described = document.references.resolved(each)
        described = described if isinstance(described, dict) else {}
        encoding = described.get("encoding")
        schema = _schema_in(described)
        yield Body(media_type, schema, encoding if isinstance(encoding, dict) else {})


def _answer(document: Document, responses: Any) -> tuple[list[str], DeclaredResponse]:
    """Return the documented statuses, and the answer of the success status that documents most."""
    responses = responses if isinstance(responses, dict) else {}
    statuses = [str(status) for status in responses]
    candidates = []
    for status in (*SUCCESSES, *LIKE_SUCCESSES):
        if status in responses and (status != "default" or not any(each.startswith("2") for each in statuses)):
            try:
                candidates.append((status, document.references.resolved(responses[status])))
            except ReferenceRefused:
                continue  # the operation can still be called
    with_content = [(status, each) for status, each in candidates if _object(_object(each).get("content"))]
    for status, response in with_content[:1]:
        schemas, *others = (_schemas(document, each["content"]) for _, each in with_content)
        words = _text(response.get("description"))
        return statuses, DeclaredResponse(status, schemas, _headers(response), words, tuple(others))
    for status, written in candidates:
        response = written if isinstance(written, dict) else {}
        return statuses, DeclaredResponse(status, {}, _headers(response), _text(response.get("description")))
    return statuses, DeclaredResponse("", {}, frozenset())


def _schemas(document: Document, content: dict[str, Any]) -> dict[str, Any]:
    schemas = {}
    for media_type, each in content.items():
        try:
            described = document.references.resolved(each)
        except ReferenceRefused:
            described = None
        schemas[media_type] = _schema_in(described) if isinstance(described, dict) else None
    return schemas


def _schema_in(described: dict[str, Any]) -> Any:
    """Return the schema of a media type; OpenAPI 3.2 may describe each item of a sequence instead of the whole."""
    schema, item = described.get("schema"), described.get("itemSchema")
    return {"type": "array", "items": item} if schema is None and isinstance(item, dict) else schema


def _headers(response: dict[str, Any]) -> frozenset[str]:
    headers = response.get("headers")
    return frozenset(str(name).lower() for name in headers) if isinstance(headers, dict) else frozenset()
