"""A JSON column that preserves a document as it was written."""

import json
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class DocumentField(models.JSONField):
    """JSON whose members keep their order and whose numbers keep their notation.

    JSONField uses PostgreSQL's jsonb, which sorts members by length, so the order of methods and arguments would differ
    between databases. The json type keeps the text.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """Return json for PostgreSQL, and JSONField's type for other databases."""
        return "json" if connection.vendor == "postgresql" else super().db_type(connection)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        """Return the document; psycopg has already parsed a json column."""
        return super().from_db_value(value, expression, connection) if isinstance(value, str) else value

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        """Return the document as text for PostgreSQL, where Django's own would adapt it as jsonb."""
        if connection.vendor == "postgresql" and value is not None:
            return json.dumps(value)
        return super().get_db_prep_value(value, connection, prepared)
