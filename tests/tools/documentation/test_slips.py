"""What a bundle's author did not mean: each slip is refused with its line and what was probably meant."""

import io
import json
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command

from accounts.errors import DefinitionInvalid
from accounts.models import Integration
from tests.bundles import load_bundle
from tools.errors import BundleInvalid

pytestmark = pytest.mark.django_db

BUNDLE = """\
bundle: 1
integration:
  name: acme
  label: Acme
  base_url: https://api.acme.example
  connection_fields: [{name: key, label: API key, secret: yes}]
  authentication: {kind: bearer, token: "{key}"}
  headers: {Acme-Version: "1.10"}
  connection_test: {path: /me}
  pagination: {kind: none}
  resources:
    notes:
      label: Notes
      methods:
        list: {http: GET, path: /notes, access: read}
documentation:
  - resource: notes
    method: list
    title: List notes
    description: Lists the notes of the account as summaries. Use it to find the id of a note by its day.
    query_schema:
      type: object
      properties:
        sort: {type: string, enum: [up, down], description: Order.}
        day: {type: string, description: "A day, such as 2026-01-31."}
        most: {type: number, default: 1.5, description: Most of it., x-own: 1}
"""
SLIPS = {
    "a comma in a text": (
        '"A day, such as 2026-01-31."',
        "A day, such as 2026-01-31.",
        "line 25, column 68: 'such as 2026-01-31.' stands in braces without a value. If the comma before it belongs "
        'to the text, put the whole text in quotes: "A day, such as 2026-01-31.".',
    ),
    "a key without a value": (
        "{path: /me}", "{path: /me, scopes: }", "'scopes' stands in braces without a value. If the comma",
    ),
    "a key given twice": (
        "    title: List notes\n",
        "    title: List notes\n    method: get\n",
        "line 20, column 5: the key method is there already, in line 18; the last would hide the first.",
    ),
    "a key read as true": (
        "up, down], description: Order.}",
        "up, down], description: Order.}\n        on: {type: string, description: A day.}",
        'line 25, column 9: the key on is read as true; put it in quotes: "on".',
    ),
    "a key read as a number": (
        "x-own: 1", "7: 1", 'the key 7 is read as the number 7; put it in quotes: "7".',
    ),
    "a value read as true": (
        "[up, down]",
        "[yes, no]",
        "line 24: documentation[0].query_schema.properties.sort.enum[0]: is read as true, but takes text. Put it in "
        'quotes: "yes".',
    ),
    "a default read as false": (
        "[up, down], ",
        "[up, down], default: off, ",
        'sort.default: is read as false, but takes text. Put it in quotes: "off"',
    ),
    "a version read as a number": (
        '"1.10"', "1.10", 'line 8, column 27: 1.10 is read as the number 1.1. For the text, write "1.10"; else 1.1.',
    ),
    "a number where the definition takes text": (
        '"1.10"', "2.14", 'line 8: headers.Acme-Version: Input should be a valid string. Put it in quotes: "2.14".',
    ),
    "a number in base 60": (
        "default: 1.5", "default: 12:30", '12:30 is read as the number 750. For the text, write "12:30"; else 750.',
    ),
    "a number among the values of a text": (
        "[up, down]", "[1, 2]", "sort.enum[0]: is read as 1, but takes text.",
    ),
    "a number as a description": (
        '"A day, such as 2026-01-31."',
        "7",
        "line 25: documentation[0].query_schema.properties.day.description: takes text.",
    ),
    "an unknown part": (
        "documentation:", "records: []\ndocumentation:", "line 16: records: is not a known key.",
    ),
    "an unknown key of the definition": (
        "  base_url:", "  basurl: x\n  base_url:", "line 5: basurl: is not a known key; did you mean base_url?",
    ),
    "an unknown key of a method": (
        "access: read}", "access: read, pagnated: true}",
        "line 15: resources.notes.methods.list.pagnated: is not a known key; did you mean paginated?",
    ),
    "an unknown key of a record": (
        "    title: List",
        "    titel: x\n    title: List",
        "line 17: documentation[0]: titel is not a known key; did you mean title?",
    ),
    "an unknown word of JSON Schema": (
        "x-own: 1",
        "minimun: 1",
        "line 26: documentation[0].query_schema.properties.most: minimun is not a word of JSON Schema; "
        "did you mean minimum?",
    ),
    "an unknown word inside a list's items": (
        "[up, down], description: Order.}",
        "[up, down], description: Order., items: {anyOf: [{typ: string}]}}",
        "sort.items.anyOf[0]: typ is not a word of JSON Schema; did you mean type?",
    ),
}  # fmt: skip


def test_what_is_meant_as_it_is_read_is_taken() -> None:
    assert load_bundle(BUNDLE).created == ["notes.list"]


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_refused_with_its_line_and_what_was_meant(name: str) -> None:
    right, wrong, problem = SLIPS[name]
    assert BUNDLE.count(right) == 1
    with pytest.raises((BundleInvalid, DefinitionInvalid)) as refused:
        load_bundle(BUNDLE.replace(right, wrong))
    assert problem in str(refused.value)
    assert not Integration.objects.exists()


def test_every_slip_is_told_at_once() -> None:
    text = BUNDLE.replace('"A day, such as 2026-01-31."', "A day, such as 2026-01-31.").replace('"1.10"', "1.10")
    with pytest.raises(BundleInvalid) as refused:
        load_bundle(text)
    assert [problem.partition(",")[0] for problem in refused.value.problems] == ["line 8", "line 25"]


def test_a_key_given_twice_in_json_is_refused_with_its_line() -> None:
    with pytest.raises(BundleInvalid, match=r"line 2, column \d+: the key bundle is there already, in line 1"):
        load_bundle('{"bundle": 1,\n "bundle": 1}')


def test_a_schema_that_many_records_share_has_its_slip_once() -> None:
    shared = BUNDLE.replace("sort: {type: string,", "sort: &sort {type: string, minimun: 1,")
    with pytest.raises(BundleInvalid) as refused:
        load_bundle(shared.replace("        day:", "        other: *sort\n        day:"))
    assert len(refused.value.problems) == 1


def test_the_command_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(BUNDLE.replace('"1.10"', "1.10"))
    with pytest.raises(CommandError) as refused:
        call_command("load_integration", str(file), stdout=io.StringIO())
    assert str(file) in str(refused.value)
    assert "line 8, column 27: 1.10 is read as the number 1.1." in str(refused.value)


def test_a_number_in_json_is_a_number_however_it_is_written() -> None:
    text = json.dumps(yaml.safe_load(BUNDLE)).replace('"default": 1.5,', '"default": 1.50,')
    assert "1.50" in text
    assert load_bundle(text).created == ["notes.list"]
