"""Parts of descriptions that are made for a test: parameters, bodies and objects."""

from typing import Any

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
TEXTS = {"type": "array", "items": TEXT}
COLOURS = {"type": "object", "properties": {"R": NUMBER, "G": NUMBER}}
LIST, OBJECT = ["blue", "b,l/k"], {"R": 100, "G": 200}


def parameter(place: str, schema: Any, name: str = "color", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": schema, "required": place == "path", **more}


def body(schema: Any, media_type: str = "application/json", *, required: bool = False, **more: Any) -> dict[str, Any]:
    return {"required": required, "content": {media_type: {"schema": schema, **more}}}


def members(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}
