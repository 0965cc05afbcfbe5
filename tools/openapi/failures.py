"""The `errors` chapter of a definition: where a document's own error schemas say what went wrong.

The usual places are read without being named, so a chapter is only written for documents that put a reason elsewhere.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from accounts.vendors.answers.reasons import reason_in
from tools.openapi.answers import expression, is_json
from tools.openapi.errors import ReferenceRefused
from tools.openapi.naming.texts import words_of
from tools.openapi.reading.document import Document
from tools.openapi.shapes.merging import Schema, kinds_of
from tools.openapi.shapes.schemas import Cleaner

DEPTH = 4
# The most different schemas that are looked at; most documents have one or two.
MOST_SCHEMAS = 50
# Words in the names of members that say what went wrong, and of those that are its code.
SAYING = ("message", "msg", "text", "reason", "description", "explanation", "detail", "error")
CODING = ("code", "key", "number")
MARK = "where the vendor says what went wrong: "

Steps = tuple[str, ...]


def errors_chapter(document: Document, cleaner: Cleaner) -> dict[str, str]:
    """Return the definition's `errors`; empty if the usual places are right for the document, or it says nothing."""
    counts: Counter[str] = Counter()
    schemas: dict[str, Any] = {}
    for schema in _error_schemas(document):
        properties = schema.get("properties")
        key = str(schema.get("$ref") or sorted(map(str, properties if isinstance(properties, dict) else ())))
        counts[key] += 1
        schemas.setdefault(key, schema)
    for key, _ in counts.most_common(MOST_SCHEMAS):
        try:
            cleaned = cleaner.cleaned(schemas[key], DEPTH).schema
        except ReferenceRefused:
            continue
        if cleaned.get("properties"):
            return _places(cleaned)
    return {}


def _error_schemas(document: Document) -> Iterator[dict[str, Any]]:
    """Yield the JSON schema of every documented error, of Swagger 2.0 too."""
    for item in document.paths.values():
        operations = item.values() if isinstance(item, dict) else ()
        for operation in operations:
            responses = operation.get("responses") if isinstance(operation, dict) else None
            for status, response in responses.items() if isinstance(responses, dict) else ():
                if str(status)[:1] in {"4", "5", "d"}:
                    yield from _schemas_of(document, response)


def _schemas_of(document: Document, response: Any) -> Iterator[dict[str, Any]]:
    try:
        resolved = document.references.resolved(response)
    except ReferenceRefused:
        return
    if not isinstance(resolved, dict):
        return
    content = resolved.get("content")
    described = [resolved] if document.is_swagger else []
    if isinstance(content, dict):
        described = [each for media_type, each in content.items() if is_json(str(media_type))]
    for each in described:
        schema = each.get("schema") if isinstance(each, dict) else None
        if isinstance(schema, dict):
            yield schema


def _places(schema: Schema) -> dict[str, str]:
    """Return the expressions for an error's message and code, unless the usual places have the message."""
    texts = list(_texts(schema))
    told = [complaint.words for complaint in reason_in(_example(schema)).complaints]
    # A reason that is in no usual place is the JSON itself.
    found = {
        steps for steps in texts for words in told if not words.startswith("{") and MARK + expression(steps) in words
    }
    if not texts or any(set(words_of(steps[-1])) & {*SAYING, "title", "summary"} for steps in found):
        return {}
    message = next((steps for word in SAYING for steps in texts if word in words_of(steps[-1])), None)
    if message is None:
        return {}
    beside = [steps for steps in texts if steps[:-1] == message[:-1] and steps != message]
    code = next((steps for word in CODING for steps in beside if word in words_of(steps[-1])), None)
    return {"message": expression(message)} | ({"code": expression(code)} if code else {})


def _texts(schema: Schema, steps: Steps = ()) -> Iterator[Steps]:
    """Yield the steps to each text in an object, without going into lists."""
    for name, child in (schema.get("properties") or {}).items():
        if "string" in kinds_of(child) and not child.get("enum"):
            yield (*steps, name)
        elif isinstance(child, dict) and len(steps) < DEPTH:
            yield from _texts(child, (*steps, name))


def _example(schema: Schema, steps: Steps = ()) -> Any:
    """Return an error as the schema describes it, in which each text names its own place."""
    kinds = kinds_of(schema)
    if "string" in kinds:
        return MARK + expression(steps)
    if "array" in kinds and len(steps) < DEPTH:
        items = schema.get("items")
        return [_example(items, steps)] if isinstance(items, dict) else []
    properties = schema.get("properties") or {}
    if len(steps) >= DEPTH:
        return {}
    return {name: _example(child, (*steps, name)) for name, child in properties.items()} if properties else None
