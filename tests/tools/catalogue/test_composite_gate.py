"""Composites against the records of their reads: what these do not take or return keeps the tool from being made."""

from typing import Any

import pytest

from accounts.models import Integration
from tests.bundles import OPERATOR, read_bundle
from tests.fuse_desk import BUNDLE
from tools.catalogue.compilation import build
from tools.documentation.bundles import Loading, load_parts
from tools.documentation.preview import preview_of
from tools.documentation.verdicts import ensure_fresh
from tools.models import Documentation

KEY, NAME = "contacts.overview", "get_fuse_desk_customer_overview"
pytestmark = pytest.mark.django_db


def drafts_with(step: str, records: dict[str, dict[str, Any]] | None = None, **changed: Any) -> list[str]:
    """Load the bundle with a step changed, and records replaced; return why the overview is a draft."""
    document, all_records = read_bundle(BUNDLE.read_text())
    steps = document["resources"]["contacts"]["methods"]["overview"]["composite"]["steps"]
    steps[step] |= changed
    kept = [{**each, **(records or {}).get(f"{each['resource']}.{each['method']}", {})} for each in all_records]
    loaded = load_parts(document, kept, OPERATOR, Loading(withdraw=True))
    # The three that judge must agree: the load, the catalogue, and the pages of the editor.
    catalogue = build(loaded.integration)
    reasons = next((draft.reasons for draft in catalogue.drafts if draft.key == KEY), [])
    ensure_fresh()
    record = Documentation.objects.select_related("verdict").get(integration=loaded.integration, method="overview")
    assert reasons == loaded.drafts.get(KEY, []) == record.verdict.problems == [*preview_of(record).reasons]
    assert (NAME in catalogue.tools) is not bool(reasons)
    return reasons


def calls(method: str, **arguments: Any) -> list[dict[str, Any]]:
    return [{"method": method, "arguments": arguments}]


def texts(*names: str) -> dict[str, Any]:
    return {name: {"type": "string"} for name in names}


@pytest.mark.parametrize(
    ("step", "changed", "reason"),
    [
        (
            "chats",
            {"calls": calls("cases.list", contactId="{contact.id}")},
            "composite.chats.calls: cases.list has no argument contactId; did you mean contactid?",
        ),
        ("chats", {"calls": calls("chats.get")}, "composite.chats.calls: chats.get needs the argument id."),
        (
            "open_cases",
            {"calls": calls("cases.list", contactid="{contact.id}", status="pending")},
            "composite.open_cases.calls: cases.list does not take 'pending' as status.",
        ),
        (
            "chats",
            {"at": ["dateLastMesage"]},
            "composite.chats.at: chats.list: dateLastMesage is not in the result; did you mean dateLastMessage?",
        ),
        (
            "emails",
            {"show": ["id", "sender"]},
            "composite.emails.show: emails.list: sender is not in the result;",
        ),
        (
            "chats",
            {"calls": [{"method": "chats.list", "where": {"contact": "{contact.id}"}}]},
            "composite.chats.calls: where: chats.list: contact is not in the result; did you mean contactId?",
        ),
        (
            "emails",
            {"calls": calls("emails.list", **{"from": "{contact.email}"})},
            "composite.emails.calls: {contact.email}: contacts.list: email is not in the result; did you mean",
        ),
        (
            "case_messages",
            {"entries": "messages"},
            "composite.case_messages.entries: cases.get: messages is not in the result;",
        ),
        (
            "chats",
            {"calls": calls("chats.list", next_cursor="x")},
            "composite.chats.calls: chats.list takes next_cursor from its own results only; leave it out.",
        ),
    ],
)
def test_a_step_that_does_not_fit_its_read_makes_a_draft(step: str, changed: dict[str, Any], reason: str) -> None:
    reasons = drafts_with(step, **changed)
    assert reasons
    assert reasons[0].startswith(reason), reasons


def test_a_read_that_is_withdrawn_takes_the_composite_with_it() -> None:
    reasons = drafts_with("chats", {"chats.list": {"published": False}})
    assert reasons == ["composite: it needs chats.list, which is no tool: its record is missing or held back."]


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        (texts("id", "email"), "the steps refer to {name}, which is not among"),
        (texts("id", "email", "name", "phone"), "phone is used by no step; take it out."),
        (texts("id", "email", "name", "detail"), "detail is added to every composite"),
    ],
)
def test_its_own_arguments_are_those_that_its_steps_use(properties: dict[str, Any], reason: str) -> None:
    schema = {"type": "object", "properties": properties}
    (told,) = drafts_with("chats", {KEY: {"query_schema": schema}})
    assert reason in told


def test_a_tool_without_documentation_is_none(integration: Integration) -> None:
    Documentation.objects.get(integration=integration, method="overview").delete()
    integration.refresh_from_db()
    assert NAME not in build(integration).tools
