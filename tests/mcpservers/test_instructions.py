"""What a server's instructions say: how many tools, which calls to ask about, what none does, and today's date."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pytest_django.fixtures import Settings

from accounts.integrated_accounts.lifecycle import set_time_zone
from accounts.models import IntegratedAccount
from mcpservers.lifecycle import create_server
from mcpservers.models import MCPServer
from mcpservers.resolution import resolved
from tests.bundles import load_bundle
from tests.fuse_desk import BUNDLE
from tools.catalogue.compilation import catalogue_of


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        (["list_all_fuse_desk_cases"], "with 1 tool, which only reads."),
        (["create_a_fuse_desk_case"], "with 1 tool, which writes."),
        (["list_all_fuse_desk_cases", "get_single_fuse_desk_case_by_id"], "with 2 tools, all of which only read."),
        (["list_all_fuse_desk_cases", "create_a_fuse_desk_case"], "with 2 tools, of which 1 writes."),
        (["create_a_fuse_desk_case", "update_a_fuse_desk_case_by_id"], "with 2 tools, of which 2 write."),
    ],
)
def test_instructions_count_tools_as_a_person_would(account: IntegratedAccount, tools: list[str], words: str) -> None:
    server, _ = create_server(account, "tests", name="Few", methods=[], tags=[], tools=tools)

    assert words in resolved(server).instructions


def instructions_of(account: IntegratedAccount, *tools: str, search_mode: bool = False) -> str:
    server, _ = create_server(
        account, "tests", name="Few", methods=[], tags=[], tools=[*tools], search_mode=search_mode
    )
    return resolved(server).instructions


def test_people_are_asked_first_about_what_only_some_arguments_make_risky(account: IntegratedAccount) -> None:
    update, contact = "update_a_fuse_desk_case_by_id", "update_a_fuse_desk_contact_by_id"
    words = (
        f"Ask the person before you call: fuse_desk_cases_reply, {update} with status closed, {contact} with "
        "emailAddress or emailAddress2 or emailAddress3."
    )
    assert words in instructions_of(account, update, contact, "fuse_desk_cases_reply")
    hidden = instructions_of(account, update, "list_all_fuse_desk_cases", search_mode=True)
    assert f"whose destructiveHint is true, and {update} with status closed." in hidden
    assert "Ask the person before you call" not in instructions_of(account, "list_all_fuse_desk_cases")


def test_what_no_tool_does_is_said_so_that_a_model_says_it_too(account: IntegratedAccount) -> None:
    assert (
        "No tool here can: search the text of cases, notes or chats; list closed chats, write into a chat or open a "
        "closed one; delete a case or a contact; link an email to a case; open or send attachments. If it is asked "
        "for, say so instead of “there is none”."
    ) in instructions_of(account)


def test_dates_with_offsets_are_asked_for_where_an_argument_takes_one(account: IntegratedAccount) -> None:
    words = "A date in an argument needs a time and its offset, such as"
    assert words in instructions_of(account, "list_all_fuse_desk_cases")
    assert words not in instructions_of(account, "list_all_fuse_desk_reps")


def test_what_has_no_names_here_is_said(account: IntegratedAccount, settings: Settings) -> None:
    settings.NAMES_SECONDS = 300
    update, reps = "update_a_fuse_desk_case_by_id", "list_all_fuse_desk_reps"
    words = "Names of these are not known here, so give their ids: "
    assert f"{words}Departments, Reps." in instructions_of(account, update)
    assert f"{words}Departments." in instructions_of(account, update, reps)
    assert words not in instructions_of(account)
    assert words not in instructions_of(account, reps)


@pytest.mark.parametrize(
    ("bundle", "said", "unsaid"),
    [
        ("freshdesk", "search the text of messages. If", "attachments"),
        ("zendesk", "", "attachments"),
        ("intercom", "No tool here can: send attachments. If", "search the text"),
    ],
)
def test_what_some_tool_does_is_not_said(account: IntegratedAccount, bundle: str, said: str, unsaid: str) -> None:
    account.integration = load_bundle((BUNDLE.parent / f"{bundle}.yaml").read_text()).integration
    account.save()
    line = next((line for line in instructions_of(account).splitlines() if line.startswith("No tool here can: ")), "")
    assert said in line
    assert unsaid not in line
    narrow = instructions_of(account, next(tool.name for tool in catalogue_of(account.integration)))
    assert "search the text of " in narrow


def test_today_is_told_in_the_accounts_time_zone(account: IntegratedAccount, server: tuple[MCPServer, str]) -> None:
    assert resolved(server[0]).instructions.endswith("(UTC).")
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        set_time_zone(account, "tests", zone)
        today = datetime.now(ZoneInfo(zone))
        said = resolved(server[0]).instructions.splitlines()[-1]
        offset = {"Pacific/Kiritimati": "+14:00", "Pacific/Pago_Pago": "-11:00"}[zone]
        assert said == f"Today is {today:%A, %Y-%m-%d} in the account's time zone, {zone} (UTC{offset})."
