"""Slips in the JSON Schemas of a bundle's records: unknown words, and values that are no text where text is meant.

JSON Schema ignores words that it does not know, so a mistyped one changes what a model sees and nobody is told.
"""

from collections.abc import Iterator
from typing import Any

from accounts.texts.names import words_in
from accounts.texts.nearest import nearest
from tools.catalogue.schemas.json_schemas import SUBSCHEMA_LISTS, SUBSCHEMA_MAPS, SUBSCHEMAS
from tools.documentation.places import Places

# JSON Schema 2020-12, with the words of earlier drafts, and those that OpenAPI adds.
KEYWORDS = frozenset(
    """
    $anchor $comment $defs $dynamicAnchor $dynamicRef $id $recursiveAnchor $recursiveRef $ref $schema $vocabulary
    additionalItems additionalProperties allOf anyOf const contains contentEncoding contentMediaType contentSchema
    default definitions dependencies dependentRequired dependentSchemas deprecated description discriminator else enum
    example examples exclusiveMaximum exclusiveMinimum externalDocs format id if items maxContains maxItems maxLength
    maxProperties maximum minContains minItems minLength minProperties minimum multipleOf not nullable oneOf pattern
    patternProperties prefixItems properties propertyNames readOnly required then title type unevaluatedItems
    unevaluatedProperties uniqueItems writeOnly xml
    """.split()  # noqa: SIM905  a list of it fills a page
)
EXTENSION = "x-"
TEXTS = ("$comment", "$ref", "contentEncoding", "contentMediaType", "description", "format", "pattern", "title")
INSIDE = (*SUBSCHEMAS, "propertyNames", "unevaluatedProperties", "unevaluatedItems", "contentSchema")
NAMED = (*SUBSCHEMA_MAPS, "$defs", "definitions")
# What YAML 1.1 reads as true and false, and JSON does not know.
WORDS_READ_AS_TRUTH = words_in("yes no on off")


def schema_slips(schema: Any, place: str, places: Places) -> Iterator[str]:
    """Yield the slips of a schema and of all inside it, each with its place; `places` has the text."""
    seen: set[int] = set()
    waiting = [(place, schema)]
    while waiting:
        place, node = waiting.pop()
        # An anchor's target is in many places, and has its slips once.
        if not isinstance(node, dict) or id(node) in seen:
            continue
        seen.add(id(node))
        yield from _unknown(node, place)
        yield from _untexted(node, place, places)
        waiting += reversed([*_inner(node, place)])


def _unknown(node: dict[str, Any], place: str) -> Iterator[str]:
    for word in node:
        if word in KEYWORDS or word.startswith(EXTENSION):
            continue
        meant = nearest(word, KEYWORDS, cutoff=0.6)
        hint = f"; did you mean {meant}?" if meant else "; a note of your own begins with x-."
        yield f"{place}: {word[:64]} is not a word of JSON Schema{hint}"


def _untexted(node: dict[str, Any], place: str, places: Places) -> Iterator[str]:
    for word in TEXTS:
        if not isinstance(node.get(word, ""), str):
            yield f"{place}.{word}: takes text."
    if node.get("type") not in ("string", ["string"]):
        return
    values = node["enum"] if isinstance(node.get("enum"), list) else []
    placed = [(f"{place}.enum[{at}]", value) for at, value in enumerate(values)]
    placed += [(f"{place}.{word}", node[word]) for word in ("const", "default") if word in node]
    for where, value in placed:
        is_misread = isinstance(value, bool) and places.written(where).lower() in WORDS_READ_AS_TRUTH
        if is_misread or (isinstance(value, bool | int | float) and not where.endswith(".default")):
            yield f"{where}: is read as {str(value).lower()}, but takes text."


def _inner(node: dict[str, Any], place: str) -> Iterator[tuple[str, Any]]:
    for word in INSIDE:
        yield f"{place}.{word}", node.get(word)
    for word in SUBSCHEMA_LISTS:
        if isinstance(node.get(word), list):
            yield from ((f"{place}.{word}[{at}]", each) for at, each in enumerate(node[word]))
    for word in NAMED:
        if isinstance(node.get(word), dict):
            yield from ((f"{place}.{word}.{name}", each) for name, each in node[word].items())
