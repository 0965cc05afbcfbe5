"""The form field for JSON documents."""

import pytest
from django import forms
from django.conf import settings

from accounts.admin.json_editor import JSONDocumentField


class Form(forms.Form):
    document = JSONDocumentField(required=False)


def problem(text: str) -> str:
    form = Form({"document": text})
    assert not form.is_valid()
    return str(form.errors["document"][0])


def test_a_document_is_read() -> None:
    form = Form({"document": '{"a": [1, null]}'})
    assert form.is_valid()
    assert form.cleaned_data["document"] == {"a": [1, None]}


def test_nothing_typed_counts_as_an_empty_object() -> None:
    for nothing in ("", " \n"):
        form = Form({"document": nothing})
        assert form.is_valid()
        assert form.cleaned_data["document"] == {}


def test_the_place_of_a_mistake_is_named() -> None:
    assert problem('{\n  "a": 1,\n  "b": }').startswith("Line 3, column 8")


@pytest.mark.parametrize("text", ["[1, 2]", '"text"', "3", "null", "true"])
def test_what_is_no_object_is_refused(text: str) -> None:
    assert "one JSON object" in problem(text)


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": "\\ud800"}', "{'a': 1}", '{"a": 1,}'])
def test_what_only_looks_like_json_is_refused(text: str) -> None:
    assert "not JSON" in problem(text)


def test_a_document_that_is_nested_too_deep_is_refused() -> None:
    depth = settings.MAX_JSON_DEPTH + 2
    assert "nested deeper" in problem('{"a":' * depth + "1" + "}" * depth)
    assert "not JSON" in problem('{"a":' * 100_000)


@pytest.mark.parametrize("text", ["{oops", '{"a":   1}', "[[[["])
def test_what_was_typed_is_shown_again_to_the_letter(text: str) -> None:
    form = Form({"document": text})
    form.is_valid()
    assert str(form["document"].value()) == text


def test_a_stored_document_is_shown_indented_and_escaped() -> None:
    shown = str(Form(initial={"document": {"a": "</textarea><script>"}})["document"])
    assert "{\n  &quot;a&quot;: &quot;&lt;/textarea&gt;&lt;script&gt;&quot;\n}" in shown
