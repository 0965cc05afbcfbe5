"""The Activity pages: the calls of an environment and of an account, one call, charts, files."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test import AsyncClient, Client

from accounts.models import ApiToken, AuditEntry, Environment, IntegratedAccount, Membership, Role
from mcpservers.models import MCPServer
from tests.calls import TOOL, note_of, record
from tests.pages import as_read
from tests.people import People
from tests.portal_site import browser, has_strict_policy
from tools.models import Call

pytestmark = pytest.mark.django_db(transaction=True)

HOSTILE = "<script>alert(1)</script>\"'>"
OLD_TRANSPORT: dict[str, Any] = {"transport": "sse", "revision": "2025-11-25", "framework": "LangChain 1.2"}
ROW = re.compile(r'<tr id="call-(\d+)"')


@pytest.fixture
def ana(people: People) -> Client:
    """The browser of an admin."""
    return browser(people.owner)


def page(client: Client, path: str, /, **query: str) -> str:
    """Return a page that answers."""
    response = client.get(path, query)
    assert response.status_code == 200
    return as_read(response.content.decode())


def shown(client: Client, path: str, /, **query: str) -> list[int]:
    """Return the calls that a page lists, from the top."""
    return [int(number) for number in ROW.findall(page(client, path, **query))]


class TestWhoMaySee:
    """Members of the environment, whatever their role."""

    def test_every_member_sees_calls_and_outsiders_see_none(
        self, people: People, server: tuple[MCPServer, str]
    ) -> None:
        account = server[0].account
        (call,) = record(note_of(account, server[0].pk))
        paths = [
            f"/accounts/{account.pk}/activity",
            f"/activity/calls/{call.pk}",
            f"/accounts/{account.pk}/activity/export",
        ]
        for person in (people.owner, people.operator, people.teammate):
            assert shown(browser(person), "/activity") == [call.pk]
            assert all(browser(person).get(path).status_code == 200 for path in paths[:2])
        outsider = browser(people.outsider)
        assert shown(outsider, "/activity") == []
        assert account.name not in page(outsider, "/activity", account=str(account.pk), server=str(server[0].pk))
        for path in paths:
            response = outsider.get(path)
            assert response.status_code == 404
            assert TOOL not in response.content.decode()

    def test_strangers_are_asked_to_sign_in_and_people_without_environment_told_so(self, people: People) -> None:
        assert Client().get("/activity").status_code == 302
        Membership.objects.filter(user=people.teammate).delete()
        assert "environment" in page(browser(people.teammate), "/activity")
        assert browser(people.teammate).get("/activity/export").status_code == 404

    def test_a_call_of_another_environment_that_one_belongs_to_enters_it(
        self, ana: Client, people: People, account: IntegratedAccount
    ) -> None:
        other = Environment.objects.create(name="Staging")
        Membership.objects.create(environment=other, user=people.owner, role=Role.VIEWER)
        note = note_of(account)
        note.caller = type(note.caller)(environment_id=other.pk, account_id=uuid4(), via="rest")
        (call,) = record(note)
        assert shown(ana, "/activity") == []
        assert "disconnected since" in page(ana, f"/activity/calls/{call.pk}")
        assert shown(ana, "/activity") == [call.pk]


class TestList:
    """What the list shows, by which filters, page by page."""

    def test_a_row_names_tool_account_server_client_outcome_and_time(
        self, ana: Client, server: tuple[MCPServer, str]
    ) -> None:
        row = server[0]
        called: dict[str, Any] = {"client": "Claude 4", **OLD_TRANSPORT}
        (call,) = record(note_of(row.account, row.pk, outcome="refused", duration_ms=1234.5, **called))
        html = page(ana, "/activity")
        for words in (TOOL, row.account.name, row.name, "Claude 4", "LangChain 1.2", "Refused by the vendor", "1.23 s"):
            assert words in html
        of_call = page(ana, f"/activity/calls/{call.pk}")
        for words in ("MCP, HTTP+SSE", "2025-11-25", "LangChain 1.2"):
            assert words in of_call
        assert has_strict_policy(ana.get("/activity"))
        assert row.account.name not in page(ana, f"/accounts/{row.account.pk}/activity").split("data-calls")[1]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({}, {"ok", "failed", "rest"}),
            ({"outcome": "failures"}, {"failed"}),
            ({"outcome": "ok"}, {"ok", "rest"}),
            ({"via": "rest"}, {"rest"}),
            ({"via": "sse"}, {"failed"}),
            ({"via": "mcp"}, {"ok", "failed"}),
            ({"revision": "2025-11-25"}, {"failed"}),
            ({"framework": "LANGCHAIN"}, {"failed"}),
            ({"client": "cur"}, {"rest"}),
            ({"tool": "failed"}, {"failed"}),
            ({"tool": "nothing"}, set()),
            ({"period": "30d"}, {"ok", "failed", "rest", "old"}),
            ({"period": "1h", "tool": "ok"}, {"ok"}),
        ],
    )
    def test_filters_stand_in_the_address(
        self, ana: Client, account: IntegratedAccount, query: dict[str, str], expected: set[str]
    ) -> None:
        calls = record(
            note_of(account, tool="ok"),
            note_of(account, tool="failed", outcome="failed", **OLD_TRANSPORT),
            note_of(account, tool="rest", via="rest", client="Cursor 2"),
            note_of(account, tool="old", ago=60 * 60 * 24 * 9),
        )
        names = {call.pk: call.tool for call in calls}
        assert {names[number] for number in shown(ana, "/activity", **query)} == expected

    def test_accounts_and_servers_can_be_chosen(self, ana: Client, server: tuple[MCPServer, str]) -> None:
        row, account = server[0], server[0].account
        other = IntegratedAccount.objects.create(
            environment=account.environment, integration=account.integration, name="Other"
        )
        of_server, of_account, _ = record(note_of(account, row.pk), note_of(account), note_of(other))
        assert shown(ana, "/activity", account=str(account.pk)) == [of_account.pk, of_server.pk]
        assert shown(ana, "/activity", server=str(row.pk)) == [of_server.pk]
        assert shown(ana, f"/accounts/{account.pk}/activity", server=str(row.pk)) == [of_server.pk]
        assert shown(ana, f"/accounts/{account.pk}/activity", account=str(other.pk)) == [of_account.pk, of_server.pk]
        chosen = page(ana, "/activity", account=str(account.pk))
        assert f'<option value="{row.pk}">{row.name}</option>' in chosen
        assert f'<option value="{account.pk}" selected>' in chosen

    def test_a_moment_is_meant_in_the_reader_s_zone(self, ana: Client, account: IntegratedAccount) -> None:
        at = datetime.now(UTC).replace(minute=30, second=0, microsecond=0) - timedelta(days=2)
        (call,) = record(note_of(account, started_at=at))
        for zone, offset, found in (("UTC", 0, True), ("Asia/Tokyo", 9, True), ("Asia/Tokyo", 0, False)):
            local = at + timedelta(hours=offset)
            since, until = (f"{local + timedelta(minutes=minutes):%Y-%m-%dT%H:%M}" for minutes in (-5, 5))
            query = {"period": "custom", "since": since, "until": until, "time_zone": zone}
            assert (shown(ana, "/activity", **query) == [call.pk]) is found

    def test_moments_that_make_no_sense_are_told_and_stay_in_the_form(self, ana: Client) -> None:
        html = page(ana, "/activity", period="custom", since="2026-01-02T10:00", until="2026-01-01T10:00")
        assert "This is not later than “From”." in html
        assert 'value="2026-01-02T10:00"' in html
        for query in (
            {"since": "soon"},
            {"since": "0001-01-01T00:00"},
            {"account": "x"},
            {"outcome": "x"},
            {"after": "x"},
        ):
            assert ana.get("/activity", query).status_code == 200

    def test_pages_follow_each_other_and_keep_the_filters(self, ana: Client, account: IntegratedAccount) -> None:
        calls = record(*(note_of(account, tool="often", ago=200 - number) for number in range(120)), note_of(account))
        seen: list[int] = []
        path = "/activity?tool=often"
        while path:
            response = ana.get(path)
            html = response.content.decode()
            seen += [int(number) for number in ROW.findall(html)]
            older = re.search(r'rel="next" href="([^"]+)"', html)
            path = older.group(1).replace("&amp;", "&") if older else ""
        assert seen == [call.pk for call in reversed(calls[:120])]

    def test_only_the_newest_page_of_a_time_that_goes_on_is_live(self, ana: Client, account: IntegratedAccount) -> None:
        record(*(note_of(account) for _ in range(60)))
        html = page(ana, "/activity", tool=TOOL)
        stream = re.search(r'data-stream="([^"]+)"', html)
        assert stream is not None
        assert f"environment={account.environment_id}" in stream.group(1)
        assert f"tool={TOOL}" in stream.group(1)
        older = re.search(r'rel="next" href="([^"]+)"', html)
        assert older is not None
        assert "data-stream=" not in page(ana, older.group(1).replace("&amp;", "&"))
        assert "data-stream=" not in page(ana, "/activity", period="custom", until="2026-01-01T10:00")

    def test_what_clients_wrote_is_never_html(self, ana: Client, account: IntegratedAccount) -> None:
        (call,) = record(note_of(account, client=HOSTILE, tool=HOSTILE, error=HOSTILE, arguments={HOSTILE: HOSTILE}))
        paths = ["/activity", "/activity?view=breakdown", f"/activity/calls/{call.pk}", f"/activity?tool={HOSTILE}"]
        for path in paths:
            html = page(ana, path)
            assert "<script>alert" not in html
            assert "alert(1)" in html

    def test_htmx_gets_the_address_without_what_is_empty(self, ana: Client) -> None:
        query = {"tool": "a", "client": "", "period": "24h", "since": "", "time_zone": "Asia/Tokyo"}
        response = ana.get("/activity", query, headers={"HX-Request": "true"})
        assert response["HX-Push-Url"] == "/activity?tool=a"

    def test_an_empty_list_teaches(self, ana: Client, account: IntegratedAccount) -> None:
        assert "appears here within a second" in page(ana, "/activity")
        assert "appears here within a second" in page(ana, f"/accounts/{account.pk}/activity")
        assert "Clear the filters" in page(ana, "/activity", tool="nothing")


class TestQueries:
    """A page asks as often for many calls as for few."""

    @pytest.mark.parametrize("view", ["", "breakdown"])
    @pytest.mark.parametrize("period", ["1h", "24h", "30d"])
    def test_queries_do_not_grow(
        self, ana: Client, server: tuple[MCPServer, str], django_assert_max_num_queries: Any, view: str, period: str
    ) -> None:
        row, account = server[0], server[0].account
        others = IntegratedAccount.objects.bulk_create(
            IntegratedAccount(environment=account.environment, integration=account.integration, name=f"Desk {number}")
            for number in range(30)
        )
        record(
            *(note_of(each, None, tool=f"tool_{place}") for place, each in enumerate(others)), note_of(account, row.pk)
        )
        for path in ("/activity", f"/accounts/{account.pk}/activity"):
            with django_assert_max_num_queries(18):
                page(ana, path, view=view, period=period)

    def test_a_call_takes_few(
        self, ana: Client, server: tuple[MCPServer, str], django_assert_max_num_queries: Any
    ) -> None:
        (call,) = record(note_of(server[0].account, server[0].pk))
        with django_assert_max_num_queries(10):
            page(ana, f"/activity/calls/{call.pk}")


class TestCharts:
    """Charts, their table, and what is slow or fails."""

    def test_the_table_says_what_the_charts_show(self, ana: Client, account: IntegratedAccount) -> None:
        record(note_of(account, duration_ms=40), note_of(account, outcome="failed"), note_of(account))
        html = page(ana, "/activity", period="1h")
        assert "3 calls" in html
        assert "1 failed" in html
        assert '<rect class="bar-calls"' in html
        assert '<path class="line line-p50"' in html
        assert "Counted exactly, from 3 calls." in html
        assert "style=" not in html

    def test_tools_and_servers_are_ranked_with_links_that_keep_the_filters(
        self, ana: Client, server: tuple[MCPServer, str]
    ) -> None:
        row = server[0]
        record(note_of(row.account, row.pk, tool="slow_one", duration_ms=5000, outcome="failed"), note_of(row.account))
        for period in ("1h", "24h", "7d", "30d"):
            html = page(ana, "/activity", view="breakdown", period=period)
            assert "slow_one" in html.split("Most failing tools")[0]
            assert f"&amp;account={row.account.pk}&amp;server={row.pk}" in html
            assert "No server: REST or portal" in html
        gone = str(row.pk)
        row.delete()
        assert "A deleted server" in page(ana, "/activity", view="breakdown", server=gone)


class TestCall:
    """One call."""

    def test_it_opens_to_what_was_sent_what_came_back_and_where_its_time_went(
        self, ana: Client, server: tuple[MCPServer, str], people: People
    ) -> None:
        row = server[0]
        token, _ = ApiToken.objects.issue(
            environment=row.account.environment, name="Reporting", role=Role.VIEWER, owner=people.owner
        )
        (call,) = record(
            note_of(
                row.account, row.pk, token_id=token.pk, arguments={"status": "open", "api_key": "s3cret"},
                duration_ms=100.0, before_ms=10.0, upstream_ms=80.0,
                upstream_status=200, upstream_bytes=2048, result_chars=1234,
            )
        )  # fmt: skip
        html = page(ana, f"/activity/calls/{call.pk}")
        for words in (
            "&quot;status&quot;: &quot;open&quot;",
            "•••",
            row.name,
            "Reporting (acts for ana)",
            "HTTP 200, 2.0 KiB",
            "1,234",
        ):
            assert words in html
        assert "s3cret" not in html
        widths = re.findall(r'<rect class="part part-(\w+)" x="([\d.]+)" y="0" width="([\d.]+)"', html)
        assert widths == [("here", "0.0", "10.0"), ("vendor", "10.0", "80.0"), ("after", "90.0", "10.0")]
        in_dialog = ana.get(f"/activity/calls/{call.pk}", headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in in_dialog
        assert 'id="dialog-title"' in in_dialog

    def test_names_may_be_gone(self, ana: Client, server: tuple[MCPServer, str]) -> None:
        row = server[0]
        (call,) = record(note_of(row.account, row.pk, token_id=uuid4(), before_ms=None, outcome="refused", error="No."))
        row.delete()
        html = page(ana, f"/activity/calls/{call.pk}")
        assert html.count("deleted since") == 2
        assert "In Patchbay, before and after" in html
        row.account.delete()
        assert "disconnected since" in page(ana, f"/activity/calls/{call.pk}")

    def test_more_like_this_is_found_by_its_link(self, ana: Client, server: tuple[MCPServer, str]) -> None:
        row = server[0]
        like, other = record(note_of(row.account, row.pk, outcome="refused"), note_of(row.account, row.pk))
        html = page(ana, f"/activity/calls/{like.pk}")
        link = re.search(r'href="([^"]+)">More like this', html)
        assert link is not None
        assert shown(ana, link.group(1).replace("&amp;", "&")) == [like.pk]
        assert other.pk != like.pk

    def test_a_call_without_an_answer_says_what_that_means(self, ana: Client, account: IntegratedAccount) -> None:
        row = note_of(account, access="write", outcome="pending", duration_ms=None, upstream_ms=None).row()
        row.save()
        html = page(ana, f"/activity/calls/{row.pk}")
        assert "no answer is recorded yet" in html
        assert "It is not known how long it took." in html
        assert shown(ana, "/activity") == [row.pk]

    def test_one_that_never_was_is_not_found(self, ana: Client) -> None:
        assert ana.get("/activity/calls/999999").status_code == 404


class TestExport:
    """Calls as a file."""

    async def _read(self, people: People, path: str, **query: str) -> tuple[Any, bytes]:
        client = AsyncClient()
        await sync_to_async(client.force_login)(people.teammate)
        response: Any = await client.get(path, query)
        return response, b"".join([piece async for piece in response.streaming_content])

    async def test_csv_has_the_calls_that_the_filters_select_and_no_formulas(
        self, people: People, server: tuple[MCPServer, str]
    ) -> None:
        row = server[0]
        await sync_to_async(record)(
            note_of(row.account, row.pk, client="=HYPERLINK(1)", arguments={"a": [1, "é"]}),
            note_of(row.account, row.pk, tool="another"),
        )
        response, content = await self._read(people, "/activity/export", tool=TOOL, format="csv")
        (line,) = csv.DictReader(io.StringIO(content.decode()))
        assert (line["tool"], line["server"], line["account"]) == (TOOL, row.name, row.account.name)
        assert (line["client"], line["client_address"]) == ("'=HYPERLINK(1)", "203.0.113.0/24")
        assert json.loads(line["arguments"]) == {"a": [1, "é"]}
        assert response["Content-Type"].startswith("text/csv")
        assert response["Content-Disposition"].startswith('attachment; filename="patchbay-calls-')
        assert response["Cache-Control"] == "private, no-store"

    async def test_whatever_a_spreadsheet_would_compute_is_a_text(
        self, people: People, account: IntegratedAccount
    ) -> None:
        leads = [
            "=", "+", "-", "@", "|", "%", "\t=", "\r=", "\n=", " =", "＝", "＋", "－", "＠", "﹢", "−", "\ufeff=",
            "\u200b=", "\u2060 ＝", "'=", '"=', "\u00a0@", "\u202e=", "\u3000=", "“=", "\x01=",
        ]  # fmt: skip
        await sync_to_async(record)(*(note_of(account, error=f"{lead}1+1") for lead in leads))
        _, content = await self._read(people, "/activity/export")
        lines = csv.DictReader(io.StringIO(content.decode(), newline=""))
        assert sorted(line["error"] for line in lines) == sorted(f"'{lead}1+1" for lead in leads)

    async def test_json_has_one_call_a_line_newest_first(self, people: People, account: IntegratedAccount) -> None:
        calls = await sync_to_async(record)(*(note_of(account, ago=9 - n, arguments={"n": n}) for n in range(3)))
        _, content = await self._read(people, f"/accounts/{account.pk}/activity/export", format="jsonl")
        lines = [json.loads(line) for line in content.splitlines()]
        assert [line["id"] for line in lines] == [call.pk for call in reversed(calls)]
        assert [line["arguments"] for line in lines] == [{"n": 2}, {"n": 1}, {"n": 0}]

    async def test_many_calls_come_in_pieces_each_once(self, people: People, account: IntegratedAccount) -> None:
        def fill() -> None:
            record(note_of(account))
            columns = [str(field.column) for field in Call._meta.fields if field.name not in {"id", "started_at"}]
            earlier = {
                "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', started_at, -%s || ' seconds')",
                "postgresql": "started_at - %s * interval '1 second'",
            }[connection.vendor]
            into, taken = f"{', '.join(columns)}, started_at", f"{', '.join(columns)}, {earlier}"
            with connection.cursor() as cursor:
                for doubled in range(16):
                    cursor.execute(f"INSERT INTO tools_call ({into}) SELECT {taken} FROM tools_call", [2**doubled])

        await sync_to_async(fill)()
        client = AsyncClient()
        await sync_to_async(client.force_login)(people.teammate)
        response: Any = await client.get("/activity/export", {"format": "jsonl"})
        assert response.streaming
        assert response.is_async
        pieces, ids = 0, set()
        async for piece in response.streaming_content:
            pieces += 1
            ids |= {json.loads(line)["id"] for line in piece.splitlines()}
        assert (pieces, len(ids)) == (66, 65_536)

    async def test_an_export_stands_in_the_audit_record(self, people: People, account: IntegratedAccount) -> None:
        await self._read(people, f"/accounts/{account.pk}/activity/export", format="jsonl", outcome="failures")
        entry = await AuditEntry.objects.aget(action="calls.exported")
        assert (entry.actor, entry.target_name, entry.environment_id) == ("tim", account.name, account.environment_id)
        assert entry.details == {"format": "jsonl", "filters": "outcome=failures"}

    def test_there_is_no_other_format(self, ana: Client) -> None:
        assert ana.get("/activity/export", {"format": "xls"}).status_code == 404
        assert ana.head("/activity/export").status_code == 405
        assert not AuditEntry.objects.filter(action="calls.exported").exists()
