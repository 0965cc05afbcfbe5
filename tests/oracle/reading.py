"""An own reading of OpenAPI 3.0 to 3.2 and Swagger 2.0: the operations of a document. Nothing of the product.

Only what the specifications say is read; a document that breaks them gives an operation less, or a part of it.
"""

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
METHODS = ("get", "put", "post", "delete", "patch", "query")
# OpenAPI 3.0.4, Parameter Object: these are never parameters of a header.
IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
# Swagger 2.0, Parameter Object, collectionFormat.
COLLECTIONS = {
    "csv": ("form", False), "ssv": ("spaceDelimited", False), "tsv": ("tabDelimited", False),
    "pipes": ("pipeDelimited", False), "multi": ("form", True),
}  # fmt: skip
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
SCHEMA_WORDS = (
    "type", "format", "items", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength",
    "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "multipleOf", "default",
)  # fmt: skip


class Yaml(yaml.CSafeLoader):
    """YAML 1.2 as OpenAPI asks for: dates and words like `yes` are text."""


Yaml.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool"))]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
for _word in ("true", "True", "TRUE", "false", "False", "FALSE"):
    Yaml.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(f"^{_word}$"), [_word[0]])


@dataclass(frozen=True)
class Parameter:
    """One parameter; `media_type` is that of a parameter with `content`, otherwise empty."""

    name: str
    place: str
    required: bool
    schema: Any
    style: str
    explode: bool
    reserved: bool = False
    media_type: str = ""
    takes_slashes: bool = False
    description: str = ""


@dataclass(frozen=True)
class Content:
    """A body, of a request or an answer, in one media type."""

    media_type: str
    schema: Any
    encoding: dict[str, Any] = field(default_factory=dict)

    @property
    def plain_type(self) -> str:
        return self.media_type.partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        return self.plain_type.endswith(("/json", "+json"))

    @property
    def is_lines(self) -> bool:
        """Whether it has one JSON document on each line."""
        return self.plain_type in {"application/jsonl", "application/x-ndjson", "application/ndjson"}


@dataclass(frozen=True)
class Response:
    status: str
    contents: list[Content]


@dataclass(frozen=True)
class Operation:
    """One operation; `base` is the path of its server, without a slash at its end."""

    method: str
    path: str
    base: str
    parameters: list[Parameter]
    contents: list[Content]
    body_required: bool
    responses: list[Response]

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def successes(self) -> list[Response]:
        return [each for each in self.responses if each.status.startswith("2")]


class Description:
    """A parsed description."""

    def __init__(self, text: str) -> None:
        self.root: dict[str, Any] = _parsed(text)
        self._targets: dict[str, Any] = {}

    @property
    def is_swagger(self) -> bool:
        return "swagger" in self.root

    @property
    def is_3_0(self) -> bool:
        return str(self.root.get("openapi", "")).startswith("3.0")

    def target(self, reference: str) -> Any:
        """Return what a reference within the document leads to; None if there is nothing."""
        if reference not in self._targets:
            self._targets[reference] = self._found(reference)
        return self._targets[reference]

    def _found(self, reference: str) -> Any:
        node: Any = self.root
        if not reference.startswith("#"):
            return None
        for step in reference[1:].split("/")[1:]:
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(node, list):
                node = node[int(key)] if key.isdigit() and int(key) < len(node) else None
            else:
                node = node.get(key) if isinstance(node, dict) else None
        return node

    def resolved(self, node: Any) -> Any:
        """Follow the references of an object that is no schema."""
        for _ in range(20):
            if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
                return node
            node = self.target(node["$ref"])
        return None

    @cached_property
    def operations(self) -> list[Operation]:
        found = []
        for path, written in _dict(self.root.get("paths")).items():
            item = self.resolved(written)
            if isinstance(item, dict) and path.startswith("/"):
                found += [self._operation(path, item, method) for method in METHODS if _dict(item.get(method))]
        return found

    def _operation(self, path: str, item: dict[str, Any], method: str) -> Operation:
        raw = item[method]
        written = self._written(item, raw)
        read = [each for each in map(self._parameter, written) if each is not None]
        declared = {each.name for each in read if each.place == "path"}
        # Each placeholder has to have a parameter; documents that forget it can only mean a text.
        missing = [name for name in PLACEHOLDER.findall(path) if name not in declared]
        read += [Parameter(name, "path", True, {"type": "string"}, "simple", False) for name in missing]
        body = _dict(self.resolved(raw.get("requestBody")))
        contents = self._swagger_contents(raw, written) if self.is_swagger else self._contents(body)
        required = body.get("required") is True
        if self.is_swagger:
            held = [each for each in written if each.get("in") in {"body", "formData"}]
            required = any(each.get("required") is True for each in held)
        return Operation(
            method.upper(), path, self._base(item, raw), read, contents, required,
            [self._response(str(status), each, raw) for status, each in _dict(raw.get("responses")).items()],
        )  # fmt: skip

    def _base(self, item: dict[str, Any], raw: dict[str, Any]) -> str:
        if self.is_swagger:
            return str(self.root.get("basePath") or "").rstrip("/")
        for servers in (raw.get("servers"), item.get("servers"), self.root.get("servers")):
            if isinstance(servers, list) and servers:
                url = str(_dict(servers[0]).get("url", ""))
                for name, variable in _dict(_dict(servers[0]).get("variables")).items():
                    url = url.replace("{" + name + "}", str(_dict(variable).get("default", "")))
                return urlsplit(url).path.rstrip("/")
        return ""

    def _written(self, item: dict[str, Any], raw: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the parameters as they are written, the operation's over those of its path."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for written in [*(item.get("parameters") or []), *(raw.get("parameters") or [])]:
            each = self.resolved(written)
            if isinstance(each, dict) and isinstance(each.get("name"), str):
                found[each["name"], str(each.get("in"))] = each
        return [*found.values()]

    def _parameter(self, raw: dict[str, Any]) -> Parameter | None:
        place, name = str(raw.get("in")), raw["name"]
        if place not in {"path", "query", "header", "cookie"} or (
            place == "header" and name.lower() in IGNORED_HEADERS
        ):
            return None
        required = raw.get("required") is True or place == "path"
        if self.is_swagger:
            style, explode = COLLECTIONS.get(str(raw.get("collectionFormat", "csv")), COLLECTIONS["csv"])
            return Parameter(
                name,
                place,
                required,
                {word: raw[word] for word in SCHEMA_WORDS if word in raw},
                style,
                explode,
                description=str(raw.get("description", "")),
            )
        media, content = next(iter(_dict(raw.get("content")).items()), ("", {}))
        style = str(raw.get("style") or ("form" if place in {"query", "cookie"} else "simple"))
        explode = raw["explode"] if isinstance(raw.get("explode"), bool) else style == "form"
        schema = _dict(content).get("schema", {}) if media and "schema" not in raw else raw.get("schema", {})
        media_type = "" if "schema" in raw else media
        reserved, words = raw.get("allowReserved") is True, str(raw.get("description", ""))
        return Parameter(
            name, place, required, schema, style, explode, reserved, media_type, self._has_slashes(raw, schema), words
        )

    def _has_slashes(self, raw: dict[str, Any], schema: Any) -> bool:
        """Return whether an example of a path parameter has a slash in it."""
        schema = _dict(self.resolved(schema))
        examples = [raw.get("example"), schema.get("example"), schema.get("default")]
        examples += [_dict(self.resolved(each)).get("value") for each in _dict(raw.get("examples")).values()]
        texts = [each for each in examples if isinstance(each, str)]
        return any("/" in text.strip("/") and "://" not in text for text in texts)

    def _contents(self, holder: Any) -> list[Content]:
        found = []
        for media_type, written in _dict(_dict(holder).get("content")).items():
            each = _dict(self.resolved(written))
            schema = each.get("schema", {})
            if "schema" not in each and "itemSchema" in each:
                schema = {"type": "array", "items": each["itemSchema"]}
            found.append(Content(media_type, schema, _dict(each.get("encoding"))))
        return found

    def _response(self, status: str, written: Any, raw: dict[str, Any]) -> Response:
        response = _dict(self.resolved(written))
        if not self.is_swagger:
            return Response(status, self._contents(response))
        schema = response.get("schema")
        produced = raw.get("produces", self.root.get("produces")) or [JSON]
        return Response(status, [] if schema is None else [Content(each, schema) for each in produced])

    def _swagger_contents(self, raw: dict[str, Any], written: list[dict[str, Any]]) -> list[Content]:
        consumed = [str(each) for each in raw.get("consumes", self.root.get("consumes")) or [JSON]]
        for each in written:
            if each.get("in") == "body":
                return [
                    Content(media, each.get("schema", {})) for media in consumed if media not in {FORM, MULTIPART}
                ] or [Content(JSON, each.get("schema", {}))]
        fields = [each for each in written if each.get("in") == "formData"]
        if not fields:
            return []
        media = [each for each in consumed if each in {FORM, MULTIPART}] or [FORM]
        if any(each.get("type") == "file" for each in fields):
            media = [MULTIPART]
        schema = {
            "type": "object",
            "properties": {each["name"]: _field(each) for each in fields},
            "required": [each["name"] for each in fields if each.get("required") is True],
        }
        encoding = {each["name"]: _collection(each) for each in fields if each.get("type") == "array"}
        return [Content(each, schema, encoding) for each in media]


def _field(raw: dict[str, Any]) -> dict[str, Any]:
    if raw.get("type") == "file":
        return {"type": "string", "format": "binary"}
    return {word: raw[word] for word in SCHEMA_WORDS if word in raw}


def _collection(raw: dict[str, Any]) -> dict[str, Any]:
    style, explode = COLLECTIONS.get(str(raw.get("collectionFormat", "csv")), COLLECTIONS["csv"])
    return {"style": style, "explode": explode}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _parsed(text: str) -> dict[str, Any]:
    try:
        return _dict(json.loads(text))
    except ValueError:
        return _dict(yaml.load(text, Yaml))
