"""Everything that Django answers: both REST APIs, the portal, the admin. Each route stands in the URL resolver."""

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from accounts.models import Identity, IntegratedAccount, Membership, Role
from accounts.people.invitations import invite
from mcpservers.models import MCPServer
from tests.entrances.inputs import BODIES, FILES, QUERIES, VALUES, texts, written
from tests.entrances.measuring import FILE, LARGEST, THREAD, yardsticks_of
from tests.people import People
from tests.rest import token_of
from tests.routes import routes
from tools.models import Call, Documentation

pytestmark = pytest.mark.hostile

# What a page takes whatever is sent, most of it templates.
OWN = 8.0
PROGRAMS = re.compile(r"(integrated-account|api-token|call|documentation|integration|integration-schema|api|openapi)\b")
# Names of parameters and fields, found in what the pages themselves offer, and those that only scripts send.
NAMES = re.compile(r'name="([A-Za-z0-9_.-]+)"')
ALWAYS = ["q", "page", "p", "o", "limit", "next_cursor", "methods", "tags", "format", "status", "integration", "next",
          "account", "server", "tool", "call", "since", "until", "time_zone", "name", "text", "document",
          "argument-document", "way", "query_schema", "definition", "description", "connection",
          "base_url"]  # fmt: skip


@dataclass(frozen=True)
class Route:
    """One address, with what its placeholders stand for filled in."""

    name: str
    address: str

    @property
    def is_program(self) -> bool:
        """Whether JSON is sent there."""
        return bool(PROGRAMS.match(self.address.removeprefix("/")))


def named_routes(samples: dict[str, str]) -> Iterator[Route]:
    """Yield every route that has a name; fail for a placeholder that has no sample."""
    for each in routes(get_resolver().url_patterns):
        if each.name:
            yield Route(each.name, "/" + _filled(each.path, samples, each.name))


def _filled(template: str, samples: dict[str, str], name: str) -> str:
    if template.startswith("^") or "(?P" in template or "^" in template:
        template = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", template)
        template = re.sub(r"\(\?:[^()]*(?:\([^()]*\))*[^()]*\)\??", "api/x", template).replace("^", "").rstrip("$")
    missing = set(re.findall(r"<(?:\w+:)?(\w+)>", template)) - samples.keys()
    assert not missing, f"{name}: give samples of {missing}, so that this entrance is tried too"
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: samples[found[1]], template)


@pytest.fixture
def visitor(
    transactional_db: None, account: IntegratedAccount, server: tuple[MCPServer, str], people: People, upstream: None
) -> tuple[Client, dict[str, str], str]:
    """Somebody who may do everything, what the placeholders of routes stand for, and a token of an admin's."""
    people.owner.is_staff = people.owner.is_superuser = True
    people.owner.save()
    record = Documentation.objects.get(resource="cases", method="list")
    call = Call.objects.create(
        environment_id=account.environment_id, account_id=account.pk, via="mcp", tool="list_all_fuse_desk_cases",
        access="read", outcome="ok", started_at=timezone.now(), arguments={},
    )  # fmt: skip
    client = Client()
    client.force_login(people.owner)
    membership = Membership.objects.get(user=people.teammate)
    invitation = invite(account.environment, people.owner, role=Role.VIEWER).invitation
    identity = Identity.objects.create(user=people.owner, issuer="https://id.example.com", subject="s")
    samples = {
        "account_id": str(account.pk), "server_id": str(server[0].pk), "record_id": str(record.pk), "name": "fuse_desk",
        "call_id": str(call.pk), "token_id": str(account.pk), "integration_name": "fuse_desk", "key": "x", "token": "x",
        "membership_id": str(membership.pk), "user_id": str(people.outsider.pk), "resource": "cases", "method": "list",
        "object_id": str(record.pk), "app_label": "tools", "content_type_id": "1", "url": "x", "path": "x", "id": "1",
        "version": "1", "session_id": str(account.pk), "invitation_id": str(invitation.pk),
        "identity_id": str(identity.pk), "connection_id": str(account.pk),
    }  # fmt: skip
    return client, samples, token_of(account.environment)


def refusals(response: HttpResponseBase) -> str:
    """Return what is wrong with an answer, whatever it says."""
    if response.status_code >= 500:
        return f"is a failure of ours, {response.status_code}"
    size = 0 if response.streaming else len(response.content)  # type: ignore[attr-defined]  # not of a stream
    return f"is answered with {size} bytes" if size > 2 * LARGEST else ""


async def problems_of(name: str, ask: Callable[[], HttpResponseBase], most: float) -> list[str]:
    """Return what is wrong with the answer to a request, or with how long it takes."""
    found: list[str] = []

    async def handle() -> None:
        found[:] = [refusals(ask())]

    taken = await yardsticks_of(handle, most=most)
    if taken > most:
        found.append(f"takes {taken:.1f} yardsticks")
    return [f"{name}: {problem}" for problem in found if problem]


def every_route(samples: dict[str, str]) -> list[Route]:
    found = {route.address: route for route in named_routes(samples)}
    # The stream is answered before Django, and has tests of its own.
    left_out = ("_slashed", "sign-out", "logout", "activity-stream")
    return [route for route in found.values() if not route.name.endswith(left_out)]


def page_of(client: Client, route: Route) -> str:
    """Return the page that an address shows; nothing where it shows none."""
    response = client.get(route.address)
    return "" if response.streaming or response.status_code != 200 else response.content.decode(errors="replace")


def names_on(client: Client, route: Route) -> list[str]:
    """Return the names of fields that a page offers, and those that are tried everywhere."""
    return list(dict.fromkeys([*ALWAYS, *NAMES.findall(page_of(client, route))]))


def files_on(client: Client, route: Route) -> list[str]:
    """Return the names of the fields of a page that take a file."""
    inputs = re.findall(r"<input[^>]+>", page_of(client, route))
    return [name for tag in inputs if 'type="file"' in tag for name in NAMES.findall(tag)]


def run(work: Callable[[], Awaitable[list[str]]]) -> list[str]:
    """Run in this thread, so that its time is that of the request."""
    coroutine = work()
    try:
        coroutine.send(None)  # type: ignore[attr-defined]  # nothing in it waits
    except StopIteration as ended:
        result: list[str] = ended.value
        return result
    raise AssertionError("something waited")


def headers_of(token: str, route: Route) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if route.is_program else {}


@pytest.mark.parametrize("kind", QUERIES)
def test_no_query_holds_up_the_process(visitor: tuple[Client, dict[str, str], str], kind: str) -> None:
    client, samples, token = visitor
    problems = []
    for route in every_route(samples):
        names = [*ALWAYS[:14]] if route.is_program else names_on(client, route)
        address = f"{route.address}?{QUERIES[kind](names)}"

        async def work(address: str = address, route: Route = route) -> list[str]:
            return await problems_of(
                route.name, lambda: client.get(address, headers=headers_of(token, route)), OWN + THREAD
            )

        problems += run(work)
    assert problems == []


@pytest.mark.parametrize("turn", [0, 5])
def test_no_form_holds_up_the_process(visitor: tuple[Client, dict[str, str], str], turn: int) -> None:
    client, samples, _ = visitor
    problems = []
    for route in (each for each in every_route(samples) if not each.is_program):
        names = names_on(client, route)
        fields = texts(names, LARGEST // 4 // len(names), turn)

        async def work(route: Route = route, fields: dict[str, Any] = fields) -> list[str]:
            return await problems_of(route.name, lambda: client.post(route.address, fields), OWN + THREAD)

        problems += run(work)
    assert problems == []


def test_no_number_of_parts_holds_up_the_process(visitor: tuple[Client, dict[str, str], str]) -> None:
    client, samples, _ = visitor
    part = b'--b\r\nContent-Disposition: form-data; name="methods"\r\n\r\nlist\r\n'
    body, problems = part * (LARGEST // len(part)) + b"--b--\r\n", []
    for route in (each for each in every_route(samples) if not each.is_program):

        async def work(route: Route = route) -> list[str]:
            kind = "multipart/form-data; boundary=b"
            ask = lambda: client.post(route.address, body, content_type=kind)  # noqa: E731  named for the line's length
            return await problems_of(route.name, ask, OWN + THREAD)

        problems += run(work)
    assert problems == []


@pytest.mark.parametrize("kinds", [FILES, BODIES], ids=["files", "bodies"])
def test_no_file_holds_up_the_process(
    visitor: tuple[Client, dict[str, str], str], kinds: dict[str, Callable[[int], bytes]]
) -> None:
    client, samples, _ = visitor
    pages = [route for route in every_route(samples) if route.address.startswith("/admin/")]
    taking = [(route, field) for route in pages for field in files_on(client, route)]
    assert len(taking) >= 2
    problems = []
    for kind, content_of in kinds.items():
        content = content_of(LARGEST - 1000)
        for route, field in taking:

            async def work(route: Route = route, field: str = field, content: bytes = content) -> list[str]:
                fields = {"name": "vendor", "label": "Vendor", field: SimpleUploadedFile("vendor.yaml", content)}
                return await problems_of(route.name, lambda: client.post(route.address, fields), OWN + FILE)

            problems += [f"{kind}: {problem}" for problem in run(work)]
    assert problems == []


METHODS = ("post", "patch")


def _in_every_field(value_of: Callable[[int], Any], size: int) -> bytes:
    value = value_of(size // (len(ALWAYS) + 2))
    return written({**dict.fromkeys(ALWAYS, value), "config": {"methods": value, "tags": value}})


DOCUMENTS: dict[str, Callable[[int], bytes]] = {
    f"body: {kind}": BODIES[kind] for kind in ("objects in objects", "one number", "keys", "half a text")
} | {
    f"every field: {kind}": partial(_in_every_field, VALUES[kind])
    for kind in ("long text", "near names", "digits", "deep with wide ends", "files")
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_no_document_holds_up_the_process(visitor: tuple[Client, dict[str, str], str], kind: str) -> None:
    client, samples, token = visitor
    body, problems = DOCUMENTS[kind](LARGEST - 1000), []
    for route in (each for each in every_route(samples) if each.is_program):
        for method in METHODS:

            async def work(route: Route = route, method: str = method) -> list[str]:
                send = getattr(client, method)
                headers = headers_of(token, route)
                ask = lambda: send(route.address, body, content_type="application/json", headers=headers)  # noqa: E731
                return await problems_of(f"{method} {route.name}", ask, THREAD)

            problems += run(work)
    assert problems == []


class TestWhatIsRefused:
    """In which words."""

    def test_wrong_items_are_told_up_to_a_number_and_the_rest_is_counted(
        self, visitor: tuple[Client, dict[str, str], str]
    ) -> None:
        client, samples, token = visitor
        address = f"/integrated-account/{samples['account_id']}/mcp"
        body = json.dumps({"name": "x", "config": {"methods": [{}] * 150}})
        refused = client.post(address, body, "application/json", headers={"Authorization": f"Bearer {token}"})
        assert refused.status_code == 400
        assert len(refused.json()["errors"]) == 20
        assert refused.json()["detail"].endswith("And 130 more.")
        body = json.dumps({"name": "x", "config": {"methods": ["x"] * 201}})
        refused = client.post(address, body, "application/json", headers={"Authorization": f"Bearer {token}"})
        assert refused.json()["errors"] == [{"field": "config.methods", "reason": "Takes at most 200 names."}]

    def test_unknown_keys_are_told_up_to_a_number_and_the_rest_is_counted(
        self, visitor: tuple[Client, dict[str, str], str]
    ) -> None:
        client, _, token = visitor
        body = json.dumps({f"x{count}": 1 for count in range(5000)})
        refused = client.post("/api-token", body, "application/json", headers={"Authorization": f"Bearer {token}"})
        told = {error["field"]: error["reason"] for error in refused.json()["errors"]}
        assert told["body"] == "4992 more are not known here."
        assert len(told) == 11  # eight, the rest, and two that are missing

    @pytest.mark.parametrize("address", ["/api-token", "/integrated-account/{account_id}/tools", "/call"])
    def test_too_many_parameters_are_a_problem_and_no_failure(
        self, visitor: tuple[Client, dict[str, str], str], address: str
    ) -> None:
        client, samples, token = visitor
        query = "&".join(f"a{count}=1" for count in range(2000))
        refused = client.get(f"{address.format(**samples)}?{query}", headers={"Authorization": f"Bearer {token}"})
        assert refused.status_code == 400
        assert "too many parameters" in refused.json()["detail"]

    def test_a_made_up_cursor_is_refused_by_its_length_before_anything_is_decoded(
        self, visitor: tuple[Client, dict[str, str], str]
    ) -> None:
        client, _, token = visitor
        query = {"next_cursor": "." + "A" * 2001}
        refused = client.get("/api-token", query, headers={"Authorization": f"Bearer {token}"})
        assert refused.status_code == 400
        assert "Is not one that this list gave out" in refused.json()["detail"]
