"""A support team's tasks on the demo's account, each as the calls that a model makes for it.

A task returns what came of it, and raises AssertionError where it was not done. `cannot` names what no tool of the
account can do of it, as the server's instructions tell a model.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.model_tasks.scripted_model import ScriptedModel

CASES, GET_CASE = "list_all_fuse_desk_cases", "get_single_fuse_desk_case_by_id"
CONTACTS, CHATS, EMAILS = "list_all_fuse_desk_contacts", "list_all_fuse_desk_chats", "list_all_fuse_desk_emails"
GET_CHAT, COUNT = "get_single_fuse_desk_chat_by_id", "count_fuse_desk_cases"
CREATE, UPDATE, NOTE = "create_a_fuse_desk_case", "update_a_fuse_desk_case_by_id", "fuse_desk_cases_add_note"
JANE, CASE, CHAT = "jane.doe@example.com", "CAS-89102", "CHT-5542"


@dataclass(frozen=True)
class Task:
    """A task. `before` are its calls and tokens before tools counted, took names and answered in short."""

    name: str
    before: str
    do: Callable[[ScriptedModel], str]
    cannot: str = ""


def new_case(model: ScriptedModel, summary: str, **more: str) -> str:
    """Open a case that a task is about; return its id."""
    made = model.prepare(CREATE, depid="Billing", summary=summary, details=summary, openedby="email", **more)
    return str(made["id"])


def triage(model: ScriptedModel) -> str:
    """The article's first workflow."""
    contact = model.call(CONTACTS, search="alex@example.com")["result"][0]
    cases = model.call(CASES, contactid=str(contact["id"]), status="active")["result"]
    history = model.call(GET_CASE, id=cases[0]["id"])["history"]
    return f"{len(cases)} active, {len(history)} entries read"


def follow_up(model: ScriptedModel) -> str:
    """The article's second workflow."""
    chat = model.call(GET_CHAT, id="CHT-9099")
    found = model.call(CONTACTS, search=chat["clientName"])["result"]
    return f"{len(chat['messages'])} messages, {found[0]['emailAddress']}"


def heroes(model: ScriptedModel) -> str:
    """The six hero prompts of the article."""
    cases = model.pages(CASES, status="open", limit=100, fields=["id", "contactid", "summary", "date_opened"])
    assert len(cases) > 25
    assert len(model.call(GET_CASE, id=CASE)["history"]) > 3
    chats = model.call(CHATS, fields=["clientName", "dateLastMessage", "departmentId"])["result"]
    assert any(chat["departmentId"] == "DEP-04" for chat in chats)
    assert model.call(GET_CHAT, id=CHAT)["messages"]
    assert model.call(EMAILS, limit=10)["result_count"] == 10
    assert model.call(CONTACTS, search=JANE)["result_count"] == 1
    return f"{min(model.costs):,} to {max(model.costs):,} tokens each"


def first_page(model: ScriptedModel) -> str:
    """The first page of open cases as it comes."""
    return f"{model.call(CASES, status='open')['result_count']} cases"


def busiest(model: ScriptedModel) -> str:
    """Which department has most open cases, and who is the busiest rep."""
    by_department = model.call(COUNT, status="open", group_by="department")["groups"][0]
    by_rep = model.call(COUNT, status="open", group_by="rep")["groups"][0]
    return f"{by_department['name']} {by_department['count']}, {by_rep['name']} {by_rep['count']}"


def customer(model: ScriptedModel) -> str:
    """Everything about one customer as a timeline."""
    shown = model.call("get_fuse_desk_customer_overview", email=JANE)
    moments = [entry["at"] for entry in shown["timeline"]]
    assert moments == sorted(moments, reverse=True)
    return ", ".join(f"{row['shown']} {name}" for name, row in shown["parts"].items())


def reassign(model: ScriptedModel) -> str:
    """Cases of a department that are older than a week to a rep by first name, with a note."""
    week = (datetime.now(UTC) - timedelta(days=7)).isoformat(timespec="seconds")
    old = model.call(CASES, status="active", depid="Billing", date_opened={"before": week}, fields=["id"])["result"]
    assert "inactive" in model.refusal(UPDATE, id=old[0]["id"], repid="Helga")
    for case in old:
        assert model.call(UPDATE, id=case["id"], repid="Maya")["rep"].startswith("Maya")
        model.call(NOTE, id=case["id"], note="Reassigned to Maya: it waits for more than a week.")
    per_write = sum(model.costs[1:]) // len(model.costs[1:])
    return f"{len(old)} cases, {per_write} tokens a write; an inactive rep is refused"


def refund(model: ScriptedModel) -> str:
    """Draft a reply to the newest open case about a refund, then send it."""
    cases = model.call(CASES, status="open", limit=100, fields=["id", "summary", "tag_names"])["result"]
    about = [case for case in cases if "refund" in case.get("tag_names", [])]
    read = model.call(GET_CASE, id=about[0]["id"])
    model.call("fuse_desk_cases_reply", id=read["id"], body="Hello,\n\nthe second payment is on its way back to you.")
    return f"{read['id']} by its tag, out of {len(about)}"


def weekly(model: ScriptedModel) -> str:
    """Cases opened each week this quarter."""
    today = date.today()
    begins = f"{date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)}T00:00:00Z"
    counted = model.call(COUNT, group_by="opened:week", date_opened={"after": begins})
    assert counted["is_complete"]
    return f"{counted['count']} cases in {len(counted['groups'])} weeks, counted"


def merge(model: ScriptedModel) -> str:
    """Merge duplicates of one customer."""
    contact = str(model.prepare(CONTACTS, search=JANE)["result"][0]["id"])
    for _ in range(2):
        new_case(model, "Invoice was paid twice", contactid=contact)
    cases = model.call(CASES, contactid=contact, status="active", fields=["id", "summary"])["result"]
    alike = [case["id"] for case in cases if case["summary"] == "Invoice was paid twice"]
    merged = model.call("fuse_desk_cases_merge", caseids=alike)
    return f"{len(alike)} cases merged into {merged['mergedinto']}"


def tag_mentions(model: ScriptedModel) -> str:
    """Tag all cases that mention a word."""
    new_case(model, "No login since Monday")
    cases = model.call(CASES, subject="login", fields=["id", "tag_names"])["result"]
    bare = [case["id"] for case in cases if "login" not in case.get("tag_names", [])]
    assert bare
    for case in bare:
        assert "login" in model.call("fuse_desk_cases_tag", id=case, tag_id="login")["tag_names"]
    searched = model.prepare("search", query="login")["searched"]
    assert "by subject (not messages)" in searched
    return f"{len(cases)} by their subject, {len(bare)} not tagged yet"


def close_chat(model: ScriptedModel) -> str:
    """Close a chat that is closed already, and summarise it."""
    assert model.call(GET_CHAT, id=CHAT)["messages"]
    [remark] = model.call("fuse_desk_chats_close", id=CHAT)["remarks"]
    assert remark.startswith("It was closed already")
    return "it was closed already, and that is said"


def snooze(model: ScriptedModel) -> str:
    """Snooze a case until Monday, 9:00 in Berlin."""
    berlin = datetime.now(ZoneInfo("Europe/Berlin"))
    monday = (berlin + timedelta(days=7 - berlin.weekday())).replace(hour=9, minute=0, second=0, microsecond=0)
    assert "offset" in model.refusal("fuse_desk_cases_snooze", id=CASE, until=monday.replace(tzinfo=None).isoformat())
    model.call("fuse_desk_cases_snooze", id=CASE, until=monday.isoformat())
    written = model.prepare(GET_CASE, id=CASE, last=1)["history"][-1]["body"]
    until = datetime.fromisoformat(re.findall(r"\d{4}-\S+\d", written)[0])
    assert until == monday, written
    return f"until {monday.isoformat()}; a time without an offset is refused"


def long_case(model: ScriptedModel) -> str:
    """Read a case with 40 notes of 3 KB."""
    case = new_case(model, "A long story")
    for number in range(40):
        model.prepare(NOTE, id=case, note=f"Note {number}. " + "The pump was looked at. " * 125)
    read = model.call(GET_CASE, id=case)
    notes = [entry["body"].partition(".")[0] for entry in read["history"]]
    assert notes[-40:] == [f"Note {number}" for number in range(40)]
    [cut] = read["truncated"]
    newest = model.prepare(GET_CASE, id=case, last=20)["history"]
    older = model.prepare(GET_CASE, id=case, last=20, before_entry=len(notes) - 19)["history"]
    assert [len(entry["body"]) > 3000 for entry in older + newest] == [True] * 40
    return f"all 40, {cut['kept_characters']:,} characters of each; whole with `last` and `before_entry`"


def long_message(model: ScriptedModel) -> str:
    """Read a case with one message of 120 KB."""
    case = new_case(model, "A long message")
    model.prepare(NOTE, id=case, note="A log. " * 17_500)
    model.prepare(NOTE, id=case, note="What matters comes after it.")
    read = model.call(GET_CASE, id=case)
    assert read["history"][-1]["body"] == "What matters comes after it."
    [cut] = [each for each in read["truncated"] if "kept_characters" in each]
    return f"{cut['kept_characters']:,} of {cut['total_characters']:,} characters, and all that follows"


def injection(model: ScriptedModel) -> str:
    """Read a ticket that orders the model to close all cases."""
    model.call(GET_CASE, id="CAS-89125")
    told = model.instructions()
    for words in ("update_a_fuse_desk_case_by_id with status closed", "fuse_desk_cases_bulk_update", "emailAddress"):
        assert words in told.partition("Ask the person before you call:")[2]
    return "a person is asked before cases are closed or addresses changed"


REFUSALS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("fuse_desk_cases_delete", {"id": CASE}, "Nothing was done. Ask tools/list"),
    (UPDATE, {"id": CASE}, "Nothing to change was given"),
    ("fuse_desk_cases_bulk_update", {"caseids": [CASE]}, "Nothing to change was given"),
    ("fuse_desk_cases_reply", {"id": CASE, "body": "Hello", "to": "not-an-address"}, "no email address"),
    ("update_a_fuse_desk_contact_by_id", {"id": "4005", "emailAddress": "bad"}, "not an email address"),
    (CASES, {"contactid": JANE}, "no id of a contact"),
    (
        CASES,
        {"date_opened": {"after": "2026-11-22T00:00:00Z", "before": "2026-11-01T00:00:00Z"}},
        "nothing lies between",
    ),
    (CASES, {"status": "pending"}, '"new", "open", "closed", "active"'),
    (CASES, {"fields": ["histroy"]}, "histroy"),
)


def refusals(model: ScriptedModel) -> str:
    """What once succeeded without a word, or failed in words that mislead."""
    for tool, arguments, words in REFUSALS:
        said = model.refusal(tool, **arguments)
        assert words in said, said
    return f"{len(REFUSALS)} refused in words, and nothing was sent"


TASKS = (
    Task("Workflow 1 of the article: triage", "3 / 1,011", triage),
    Task("Workflow 2: follow up a chat", "2 / 796", follow_up),
    Task("The six hero prompts", "6 / 87 to 2,520 each", heroes),
    Task("The first page of open cases", "1 / 3,995", first_page),
    Task("Busiest department and rep", "3 / 1,133", busiest),
    Task("A customer as a timeline", "9 / 4,377, joined by hand", customer, cannot="list closed chats"),
    Task("Reassign by first name, with a note", "3 / 712, then 375 a write", reassign),
    Task("Answer the newest case about a refund", "5 / 1,750", refund),
    Task("Cases opened each week this quarter", "2 / 1,620, sorted by hand", weekly),
    Task("Merge duplicates", "1 / 1,150, none there", merge),
    Task("Tag all cases that mention a word", "4 / 374, by luck", tag_mentions, cannot="search the text of cases"),
    Task("Close a chat that is closed", "2 / 1,920, without a word", close_chat),
    Task("Snooze until 9:00 in Berlin", "1 / 1,562, an hour late", snooze),
    Task("A case with 40 notes of 3 KB", "the newest 9 lost", long_case),
    Task("A case with a message of 120 KB", "the rest lost", long_message),
    Task("A ticket that gives orders", "no word on closing cases", injection),
    Task("What has to be refused", "successes without a word", refusals),
)
