"""The form of a documentation record."""

import json
from typing import Any

from tools.models import Documentation

SCHEMAS = ("query_schema", "body_schema", "response_schema", "examples")


def typed(record: Documentation, **changes: Any) -> dict[str, str]:
    """Return what the form of a record sends, with changes."""
    values = {name: json.dumps(getattr(record, name)) for name in SCHEMAS}
    values |= {"title": record.title, "description": record.description, "tool_name": record.tool_name}
    return {**values, "published": "on", **changes}
