"""A form built from a tool's inputSchema: a field for each argument, or one for all of them as JSON."""

import json
import math
from collections.abc import Callable
from typing import Any

from django import forms

from accounts import bounded_json
from accounts.errors import NotJSON
from portal.tools.argument_rows import PLAIN, description_of, kind_of, takes
from tools.calling.trying import example_arguments
from tools.catalogue.tool import Tool

PREFIX = "argument"
LONG = 200
LONG_NAMES = frozenset({"body", "comment", "content", "description", "html", "message", "note", "summary", "text"})
MOST_BOXES = 40
YES_NO = (("", "–"), ("true", "yes"), ("false", "no"))


class ArgumentsForm(forms.Form):
    """The arguments of one tool, each in its own field.

    An empty field omits its argument. After `is_valid()`, `arguments` is what a client would send. The form refuses
    only values that cannot be converted; the tool validates the rest, so that people read the same errors as models.
    """

    use_required_attribute = False

    def __init__(self, tool: Tool, data: Any = None, *, arguments: dict[str, Any] | None = None) -> None:
        super().__init__(data, prefix=PREFIX, initial=_as_typed(tool, arguments or {}))
        self._read: dict[str, Callable[[Any], Any]] = {}
        properties: dict[str, Any] = tool.input_schema["properties"]
        required = tool.input_schema.get("required", [])
        for name in sorted(properties, key=lambda name: name not in required):
            field, self._read[name] = _field(tool, name, properties[name])
            field.label, field.required = name, name in required
            field.error_messages["required"] = f"{name} is required."
            field.help_text = _help(properties[name])
            self.fields[name] = field

    def clean(self) -> None:
        """Convert each value to the type in the schema."""
        self.arguments: dict[str, Any] = {}
        for name, read in self._read.items():
            typed = self.cleaned_data.get(name)
            if name in self.errors or typed in ("", None, []):
                continue
            try:
                self.arguments[name] = read(typed)
            except ValueError as problem:
                self.add_error(name, str(problem))


class JsonArgumentsForm(forms.Form):
    """All arguments as one JSON document, for values that no field can express."""

    use_required_attribute = False
    document = forms.CharField(
        label="Arguments, as JSON",
        required=False,
        widget=forms.Textarea({"rows": 12, "spellcheck": "false", "autocapitalize": "off", "class": "mono"}),
    )

    def __init__(self, tool: Tool, data: Any = None, *, arguments: dict[str, Any] | None = None) -> None:
        shown = example_arguments(tool.input_schema) if arguments is None else arguments
        super().__init__(data, prefix=PREFIX, initial={"document": written(shown)})

    def clean_document(self) -> Any:
        try:
            self.arguments: Any = _json(self.cleaned_data["document"].strip() or "{}")
        except ValueError as problem:
            raise forms.ValidationError(str(problem)) from None
        return self.arguments


def written(arguments: Any) -> str:
    """Return arguments as indented JSON."""
    return json.dumps(arguments, indent=2, ensure_ascii=False)


def _help(declared: Any) -> str:
    description, kind = description_of(declared), takes(declared)
    if not description:
        return kind.capitalize()
    return description if kind == PLAIN else f"{description} ({kind})"


def _field(tool: Tool, name: str, declared: Any) -> tuple[forms.Field, Callable[[Any], Any]]:
    """Return the field of one argument, and the function that converts its input."""
    if name in tool.files:
        return forms.CharField(widget=_area(4), strip=False), _file
    values = declared.get("enum") if isinstance(declared, dict) else None
    if isinstance(values, list) and all(isinstance(value, str | int | float) for value in values):
        # Choices are submitted as text: map them back to the values of the enum.
        given = {str(value): value for value in values}
        return forms.ChoiceField(choices=[("", "–"), *((text, text) for text in given)]), given.__getitem__
    match kind_of(declared):
        case "string":
            return _text_field(name, declared), _text
        case "integer":
            return forms.CharField(widget=forms.TextInput({"inputmode": "numeric"})), _whole
        case "number":
            return forms.CharField(widget=forms.TextInput({"inputmode": "decimal"})), _number
        case "boolean":
            return forms.ChoiceField(choices=YES_NO), lambda typed: typed == "true"
        case "array":
            return _list_field(declared.get("items"))
        case _:
            return forms.CharField(widget=_area(3, mono=True)), _json


def _area(rows: int, *, mono: bool = False) -> forms.Textarea:
    return forms.Textarea({"rows": rows, "spellcheck": "false", **({"class": "mono"} if mono else {})})


def _text_field(name: str, declared: dict[str, Any]) -> forms.CharField:
    if declared.get("format") == "date":
        return forms.CharField(widget=forms.TextInput({"type": "date"}))
    if name.rpartition("_")[2].lower() in LONG_NAMES or declared.get("maxLength", 0) > LONG:
        return forms.CharField(widget=_area(3), strip=False)
    return forms.CharField(strip=False, widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}))


def _list_field(items: Any) -> tuple[forms.Field, Callable[[Any], Any]]:
    """Return a field for a list: checkboxes, one item per line, or JSON."""
    if boxes := _boxes(items):
        choices = [(each, each) for each in boxes]
        return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple), list
    read = READERS.get(kind_of(items))
    if read is None:
        return forms.CharField(widget=_area(3, mono=True)), _json
    area = forms.Textarea({"rows": 2, "spellcheck": "false", "placeholder": "One per line"})
    return forms.CharField(widget=area), lambda typed: [
        read(line.strip()) for line in typed.splitlines() if line.strip()
    ]


def _boxes(items: Any) -> list[str]:
    """Return the values to offer as checkboxes; none where there are too many, or the list accepts other values."""
    values = items.get("enum") if isinstance(items, dict) else None
    few = isinstance(values, list) and len(values) <= MOST_BOXES and all(isinstance(value, str) for value in values)
    return values if few and values else []


def _text(typed: str) -> str:
    """Return a text with LF line endings, as clients send them; browsers submit CR LF."""
    return typed.replace("\r\n", "\n")


def _whole(typed: str) -> int:
    try:
        return int(typed.strip())
    except ValueError:
        raise ValueError(f"“{typed[:40]}” is not a whole number.") from None


def _number(typed: str) -> float:
    try:
        number = float(typed.strip().replace(",", "."))  # many countries write a decimal comma
    except ValueError:
        number = math.nan
    if not math.isfinite(number):  # which JSON cannot write
        raise ValueError(f"“{typed[:40]}” is not a number.")
    return number


READERS: dict[str, Callable[[str], Any]] = {"string": str, "integer": _whole, "number": _number}


def _json(typed: str) -> Any:
    try:
        return bounded_json.loads_request(typed.strip().encode())
    except (NotJSON, UnicodeEncodeError) as problem:  # a lone surrogate cannot be encoded
        raise ValueError(f"This is not JSON: {problem}.") from None


def _file(typed: str) -> Any:
    """Return a file's text, or the JSON object that describes a file that is not text."""
    return _json(typed) if typed.lstrip().startswith("{") else _text(typed)


def _as_typed(tool: Tool, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return arguments as initial values of the fields."""
    properties = tool.input_schema["properties"]
    return {name: _typed(properties[name], value) for name, value in arguments.items() if name in properties}


def _typed(declared: Any, value: Any) -> Any:
    if isinstance(value, bool):  # before int, of which bool is a subclass
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        items = declared.get("items") if isinstance(declared, dict) else None
        return value if _boxes(items) else "\n".join(value)
    return written(value)
