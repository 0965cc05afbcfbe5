"""A JSON column that gives a document back as it was written."""

import json
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class DocumentField(models.JSONField):
    """JSON whose members keep their order and whose numbers keep their form.

    PostgreSQL's jsonb, which JSONField uses, sorts members by length; what people write and models read (the order
    of methods, of arguments) would come back another on one database than on the other. The json type keeps the text.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """Return PostgreSQL's json there, what JSONField uses elsewhere."""
        return "json" if connection.vendor == "postgresql" else super().db_type(connection)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        """Return the document; psycopg has read a json column already."""
        return super().from_db_value(value, expression, connection) if isinstance(value, str) else value

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        """Return the document as text for PostgreSQL."""
        if connection.vendor == "postgresql" and value is not None:
            return json.dumps(value)
        return super().get_db_prep_value(value, connection, prepared)
