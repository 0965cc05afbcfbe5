"""Arguments that take the id of a lookup's entry: they take its name as well, even where the vendor wants a number."""

from collections.abc import Iterable, Sequence

from tools.catalogue.schemas.json_schemas import Schema, kinds_of


def taking_names(schema: Schema, paths: Iterable[str]) -> tuple[Schema, frozenset[str]]:
    """Return a schema that takes texts too where there is a number at these paths, and the paths where it did."""
    numeric = set()
    for path in paths:
        widened = _widened(schema, path.split("."))
        if widened is not schema:
            schema = widened
            numeric.add(path)
    return schema, frozenset(numeric)


def _widened(node: Schema, path: Sequence[str]) -> Schema:
    """Return a schema with a text allowed at a path, lists on the way entered; the same one where nothing changes."""
    if isinstance(node.get("items"), dict):
        items = _widened(node["items"], path)
        return node if items is node["items"] else {**node, "items": items}
    if path:
        inner = node.get("properties", {}).get(path[0])
        widened = _widened(inner, path[1:]) if isinstance(inner, dict) else inner
        return node if widened is inner else {**node, "properties": {**node["properties"], path[0]: widened}}
    kinds = kinds_of(node)
    if "integer" not in kinds or "string" in kinds or {"enum", "const"} & node.keys():
        return node
    return {**node, "type": [*kinds, "string"]}
