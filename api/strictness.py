"""Serializers that reject undocumented input: an unknown key or a wrong type is an error.

DRF's own fields accept a number as text and `"yes"` as a boolean, and ignore undeclared keys, so that a mistyped
setting would appear to be accepted.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from rest_framework import serializers
from rest_framework.settings import api_settings

from accounts.texts.nearest import nearest

MAX_UNKNOWN = 8


class StrictSerializer(serializers.Serializer[Any]):
    """A JSON object without undeclared keys."""

    default_error_messages = {"invalid": "Takes a JSON object."}

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated values; raise ValidationError with every problem, unknown keys included."""
        unknown = self._unknown(data) if isinstance(data, Mapping) else {}
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as refused:
            if not unknown or not isinstance(refused.detail, dict):
                raise
            raise serializers.ValidationError({**refused.detail, **unknown}) from None
        if unknown:
            raise serializers.ValidationError(unknown)
        return value

    def _unknown(self, data: Mapping[Any, Any]) -> dict[str, str]:
        """Return the first MAX_UNKNOWN undeclared keys with a hint each, and how many more there are."""
        known = [name for name, field in self.fields.items() if not field.read_only]
        # Bounded, because the look-up for hints is costly and a body may have thousands of keys.
        unknown = [str(key)[:64] for key in islice((key for key in data if key not in known), MAX_UNKNOWN)]
        hints = {key: unknown_key(key, known) for key in unknown}
        more = sum(key not in known for key in data) - len(unknown)
        return {**hints, api_settings.NON_FIELD_ERRORS_KEY: f"{more} more are not known here."} if more else hints


def unknown_key(key: str, known: list[str]) -> str:
    """Return what is said of a key that is not declared."""
    meant = nearest(key, known, cutoff=0.6)
    return "Is not known here. " + (f"Did you mean {meant}?" if meant else f"There is: {', '.join(known)}.")


class TextField(serializers.CharField):
    """A JSON string."""

    default_error_messages = {"invalid": "Takes text."}

    def to_internal_value(self, data: Any) -> str:
        """Return the text; raise ValidationError for other types, which DRF would convert."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class NameField(TextField):
    """A name given by people: one line, at most 80 characters."""

    default_error_messages = {"lines": "Takes one line of text, without control characters."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 80, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        """Return the stripped name; raise ValidationError for control characters."""
        name = super().to_internal_value(data)
        if not name.isprintable():
            self.fail("lines")
        return name


class MomentField(serializers.DateTimeField):
    """A point in time; without an offset it is UTC."""

    default_error_messages = {"invalid": "Takes a date and time such as 2027-01-31T18:00:00Z."}


class TruthField(serializers.BooleanField):
    """A JSON `true` or `false`."""

    default_error_messages = {"invalid": "Takes true or false."}

    def to_internal_value(self, data: Any) -> bool:
        """Return the boolean; raise ValidationError for other types, which DRF would convert."""
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class ObjectField(serializers.DictField):
    """A JSON object with any content except NUL characters, which PostgreSQL cannot store."""

    default_error_messages = {"not_a_dict": "Takes a JSON object.", "nul": "Must not hold NUL characters."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        value: dict[str, Any] = super().to_internal_value(data)
        if _has_nul(value):
            self.fail("nul")
        return value


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(key) or _has_nul(child) for key, child in value.items())
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\0" in value
