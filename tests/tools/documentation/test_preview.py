"""What a documentation record comes to, saved or not."""

from typing import Any

import pytest

from accounts.models import Integration
from tools.catalogue.costs import estimate_tokens
from tools.documentation.preview import preview_of, stored_preview
from tools.documentation.verdicts import ensure_fresh
from tools.models import Documentation

pytestmark = pytest.mark.django_db


def record(integration: Integration, resource: str = "cases", method: str = "list", **values: Any) -> Documentation:
    """Return a stored record with other values, which are not saved."""
    row = Documentation.objects.select_related("integration").get(
        integration=integration, resource=resource, method=method
    )
    for name, value in values.items():
        setattr(row, name, value)
    return row


def test_a_good_record_is_shown_as_clients_list_it(integration: Integration) -> None:
    shown = preview_of(record(integration))
    assert (shown.state, shown.reasons) == ("exposed", ())
    assert shown.listed is not None
    assert shown.listed["name"] == "list_all_fuse_desk_cases"
    assert "next_cursor" in shown.listed["inputSchema"]["properties"]
    assert shown.listed["annotations"]["readOnlyHint"] is True
    assert shown.tokens == estimate_tokens(shown.listed)


def test_what_is_typed_counts_before_it_is_saved(integration: Integration) -> None:
    shown = preview_of(record(integration, title="Another title"))
    assert shown.listed is not None
    assert shown.listed["title"] == "Another title"


def test_a_thin_description_makes_a_draft_that_is_shown_all_the_same(integration: Integration) -> None:
    shown = preview_of(record(integration, description="Thin."))
    assert shown.state == "draft"
    assert [reason.partition(":")[0] for reason in shown.reasons] == ["description"]
    assert shown.listed is not None


def test_a_schema_that_no_client_takes_makes_no_tool(integration: Integration) -> None:
    shown = preview_of(record(integration, query_schema={"type": "object", "properties": {"a": {"type": "array"}}}))
    assert shown.listed is None
    assert any("needs `items`" in reason for reason in shown.reasons)


def test_a_method_that_the_definition_lacks_is_named(integration: Integration) -> None:
    shown = preview_of(record(integration, method="list"))
    assert shown.state == "exposed"
    gone = preview_of(Documentation(integration=integration, resource="cases", method="sing", title="Sing"))
    assert gone.reasons[0].startswith("method: the definition has no cases.sing")


def test_another_tools_name_is_refused(integration: Integration) -> None:
    shown = preview_of(record(integration, tool_name="list_all_fuse_desk_chats"))
    assert shown.reasons == ("tool_name: list_all_fuse_desk_chats is the name of chats.list's tool already.",)


def test_a_broken_definition_is_the_reason(integration: Integration) -> None:
    row = record(integration)
    row.integration.definition = {**integration.definition, "base_url": "nowhere"}
    shown = preview_of(row)
    assert shown.state == "draft"
    assert shown.reasons[0].startswith("definition: base_url")


def test_a_new_record_without_an_integration_has_no_tool_yet(db: None) -> None:
    assert preview_of(Documentation(), ("integration: This field is required.",)).listed is None


@pytest.mark.parametrize(
    ("published", "description", "state"),
    [(True, "", "exposed"), (True, "Thin.", "draft"), (False, "", "withdrawn"), (False, "Thin.", "draft")],
)
def test_lists_and_pages_agree_on_the_state(
    integration: Integration, published: bool, description: str, state: str
) -> None:
    row = record(integration, published=published)
    row.description = description or row.description
    row.save()
    ensure_fresh()
    stored = stored_preview(Documentation.objects.select_related("verdict").get(pk=row.pk))
    shown = preview_of(row)
    assert stored.state == shown.state == state
    assert (stored.reasons, stored.score, stored.findings) == (shown.reasons, shown.score, shown.findings)
