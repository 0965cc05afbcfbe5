"""The form field for JSON documents in admin: reports line and column of errors, and keeps invalid input."""

import json
import re
from typing import Any

from django import forms
from django.forms.fields import InvalidJSONInput
from unfold.widgets import TEXTAREA_CLASSES

from accounts import bounded_json
from accounts.errors import NotJSON

# The form of orjson's error messages.
_PLACE = re.compile(r"^(?P<what>.*): line (?P<line>\d+) column (?P<column>\d+)")


class JSONEditor(forms.Textarea):
    """A text area to which the page's script adds line numbers, a format button and a check while typing.

    Without the script it is a plain text area with the same content.
    """

    def __init__(self, *, rows: int = 12) -> None:
        super().__init__(
            attrs={
                "class": " ".join([*TEXTAREA_CLASSES, "pb-editor-text"]),
                "rows": rows,
                "data-json-editor": "",
                "spellcheck": "false",
                "autocapitalize": "off",
                "autocomplete": "off",
                "wrap": "off",
            }
        )

    class Media:
        js = ["admin-editor/json-editor.js"]
        css = {"all": ["admin-editor/admin.css"]}


class JSONDocumentField(forms.JSONField):
    """A JSON object as text; blank input is an empty object."""

    kind: type = dict
    wanted = "This must be one JSON object: {…}."

    def __init__(self, *, rows: int = 12, **kwargs: Any) -> None:
        super().__init__(widget=JSONEditor(rows=rows), **kwargs)

    def to_python(self, value: Any) -> Any:
        """Return the document; raise ValidationError with line and column."""
        if isinstance(value, self.kind):
            return value
        if value in self.empty_values or not str(value).strip():
            return self.kind()
        try:
            # Lone surrogates, which a form can post, cannot be encoded.
            document = bounded_json.loads(str(value).encode())
        except UnicodeEncodeError:
            raise forms.ValidationError("This contains characters that are not valid text.") from None
        except NotJSON as problem:
            raise forms.ValidationError(_sentence(str(problem))) from None
        if not isinstance(document, self.kind):
            raise forms.ValidationError(self.wanted)
        return document

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Keep the input verbatim, valid JSON or not."""
        return initial if self.disabled else InvalidJSONInput(data or "")

    def prepare_value(self, value: Any) -> str:
        """Return a stored document indented, and invalid input as typed."""
        return (
            value
            if isinstance(value, InvalidJSONInput)
            else json.dumps(value or self.kind(), indent=2, ensure_ascii=False)
        )


class JSONListField(JSONDocumentField):
    """A JSON list as text; blank input is an empty list."""

    kind = list
    wanted = "This must be one JSON list: […]."


def _sentence(problem: str) -> str:
    found = _PLACE.match(problem)
    if found is None:
        return f"This is not JSON: {problem}."
    return f"Line {found['line']}, column {found['column']}: this is not JSON ({found['what']})."
