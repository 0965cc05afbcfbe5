"""The pages of records: addresses that are built from a definition's template alone, and escaped."""

from typing import Any

import pytest

from accounts.definition import Definition
from accounts.vendors.record_pages import RecordPages, record_pages
from tests.bundles import read_bundle
from tests.fuse_desk import BUNDLE


def pages(template: str, **fields: str) -> RecordPages:
    """Return the pages of an account of FuseDesk whose cases have this template."""
    document, _ = read_bundle(BUNDLE.read_text())
    document["resources"]["cases"]["record_url"] = template
    return record_pages(Definition.model_validate(document), {"app_name": "acme", **fields})


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (7, "7"),
        ("CAS-7", "CAS-7"),
        ("a/b?c#d", "a%2Fb%3Fc%23d"),
        ("../../admin", "..%2F..%2Fadmin"),
        ("{id}", "%7Bid%7D"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("ü\n", "%C3%BC%0A"),
    ],
)
def test_a_member_is_one_part_of_the_address(value: Any, written: str) -> None:
    shown = pages("https://{app_name}.desk.example/app/{id}?tab=1").url_of("cases", {"id": value})
    assert shown == f"https://acme.desk.example/app/{written}?tab=1"


@pytest.mark.parametrize("value", [None, "", "..", ".", True, 1.5, ["7"], {"a": 1}, "x" * 201])
def test_a_record_without_such_a_member_has_no_page(value: Any) -> None:
    assert pages("https://{app_name}.desk.example/{id}").url_of("cases", {"id": value}) == ""
    assert pages("https://{app_name}.desk.example/{id}").url_of("cases", {}) == ""
    assert pages("https://{app_name}.desk.example/{id}").url_of("reps", {"id": "7"}) == ""


@pytest.mark.parametrize("name", ["", "evil.example/", "a@evil.example", "x.evil.example:1", "évil"])
def test_a_connection_field_that_is_no_name_of_a_host_makes_no_address(name: str) -> None:
    made = pages("https://{app_name}.desk.example/{id}", app_name=name)
    assert made.url_of("cases", {"id": "7"}) == ""
    assert made.app == ""
