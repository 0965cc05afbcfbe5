"""How the values of arguments are written into a path, a query, a header or a cookie (OpenAPI 3, Parameter Object)."""

from tools.openapi.reading.operations import Parameter
from tools.openapi.shapes.merging import Schema, kinds_of

SEPARATED = {"spaceDelimited": "space", "pipeDelimited": "pipe", "tabDelimited": "tab"}


def path_style(parameter: Parameter, schema: Schema) -> str:
    """Return how a value is written into the path; empty for the default style."""
    if parameter.is_json:
        return "json"
    kinds = set(kinds_of(schema))
    is_exploded = parameter.explode and bool({"array", "object"} & kinds)
    if parameter.style in {"label", "matrix"}:
        return f"{parameter.style}_exploded" if is_exploded else parameter.style
    if "object" in kinds and "array" not in kinds and is_exploded:
        return "pairs"
    return SEPARATED.get(parameter.style, "") if "array" in kinds else ""


def query_style(parameter: Parameter, schema: Schema) -> str:
    """Return how a list or object is written into the query; empty for the default style."""
    if parameter.is_json:
        return "json"
    kinds = set(kinds_of(schema))
    if not {"array", "object"} & kinds:
        return ""
    holds_objects = bool({"object", "array"} & set(kinds_of(schema.get("items"))))
    # OpenAPI 3, Parameter Object, style values.
    if parameter.style == "deepObject":
        return "indices" if holds_objects else "brackets"
    if not parameter.explode:
        return SEPARATED.get(parameter.style, "comma")
    if "object" in kinds and "array" not in kinds:
        return "members"
    return "json" if holds_objects else ""


def simple_style(parameter: Parameter, schema: Schema) -> str:
    """Return how a list or object is written into a header or cookie; empty for the default style, with commas."""
    if parameter.is_json:
        return "json"
    kinds = set(kinds_of(schema))
    if "object" in kinds and "array" not in kinds and parameter.explode:
        return "pairs"
    return SEPARATED.get(parameter.style, "") if "array" in kinds else ""
