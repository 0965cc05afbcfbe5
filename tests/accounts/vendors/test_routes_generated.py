"""Whatever is changed in whatever order: no secret reaches an origin that it was not given for.

The vendors are sockets, so that what they got is what was sent. What a secret was given for is told here by the plain
rule (the address that the account has at the moment when somebody types it), not by the code under test.
"""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.errors import AccountError
from accounts.integrated_accounts.check import check_account
from accounts.integrated_accounts.lifecycle import connect_account, reconnect_account, set_enabled
from accounts.models import Environment, IntegratedAccount, Integration
from accounts.vendors.addresses import origin
from accounts.vendors.calling import ask
from accounts.vendors.connection import connect
from accounts.vendors.oauth.client import moved
from accounts.vendors.upstream import Upstream
from tests.vendors.recording import RecordingVendor, recording_vendor
from tests.vendors.routed import BASIC, BEARER, HEADER, QUERY, client_at, document, load

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.hostile]
COUNT = 3
_numbers = itertools.count(1)

# Which vendor, and how its address is written; the last ones are filled from the field `tenant`.
PLACES = st.tuples(st.integers(0, COUNT - 1), st.sampled_from(["", "/", "/v1", "/v2"]))
TEMPLATES = st.one_of(PLACES, st.just("{tenant}"), st.tuples(st.integers(0, COUNT - 1), st.just("/{tenant}")))
AUTHENTICATIONS = st.one_of(
    st.sampled_from([HEADER, QUERY, BEARER, BASIC, {**HEADER, "value": "{client_secret}"}]),
    st.tuples(st.integers(0, COUNT - 1), st.sampled_from(["basic", "post"])),
)
CHANGES = st.fixed_dictionaries(
    {
        "base_url": st.one_of(st.none(), st.just(""), PLACES),
        "tenant": st.one_of(st.none(), st.integers(0, COUNT - 1)),
        "secrets": st.sets(st.sampled_from(["api_key", "client_secret"])),
        "fields": st.booleans(),
    }
)
STEP = st.one_of(
    st.tuples(st.just("change"), CHANGES),
    st.tuples(st.just("define"), st.tuples(TEMPLATES, AUTHENTICATIONS)),
    st.tuples(st.sampled_from(["disable", "enable", "check", "call", "rename"]), st.none()),
)

BEGINNINGS = st.tuples(TEMPLATES, AUTHENTICATIONS, st.one_of(st.just(""), PLACES))


@dataclass
class World:
    """The vendors, the account, and where each secret may go."""

    vendors: list[RecordingVendor]
    allowed: dict[str, set[tuple[str, str, int]]] = field(default_factory=dict)

    def address(self, place: Any) -> str:
        """Return an address as the generated place says."""
        return f"{self.vendors[place[0]].address}{place[1]}" if isinstance(place, tuple) else f"http://{place}"

    def host(self, number: int) -> str:
        """Return a vendor as a value of the field `tenant`."""
        return self.vendors[number].address.removeprefix("http://")

    def definition(self, template: Any, authentication: Any) -> dict[str, Any]:
        """Return the definition that was generated."""
        if isinstance(authentication, tuple):
            number, way = authentication
            authentication = client_at(self.vendors[number].address, client_authentication=way)
        return document(self.address(template), authentication)

    def secrets(self, names: set[str]) -> dict[str, str]:
        """Return new secrets."""
        return {name: f"secret-{next(_numbers)}-end" for name in names}

    def give(self, account: IntegratedAccount, secrets: dict[str, str]) -> None:
        """Note where secrets were given for that an account has taken."""
        definition = account.integration.definition
        usual = definition["base_url"].replace("{tenant}", account.connection["tenant"])
        base = account.base_url or usual
        token_url = definition["authentication"].get("token_url")
        tokens = moved(token_url, usual, account.base_url) if token_url and account.base_url else token_url
        places = {origin(base)} | ({origin(tokens)} if tokens else set())
        for secret in secrets.values():
            self.allowed[secret] = places

    def check(self) -> None:
        """Look at what each vendor got: secrets that were given for it, and tokens that it may see."""
        for vendor in self.vendors:
            got = [secret for secret in self.allowed if vendor.got(secret)]
            assert all(origin(vendor.address) in self.allowed[secret] for secret in got)

    def tokens(self) -> set[str]:
        """Return every token that was given so far."""
        return {token for vendor in self.vendors for token in vendor.issued}

    def note_tokens(self, account: IntegratedAccount, known: set[str]) -> None:
        """Note where tokens may go that were given in a step: to the address that the account had then."""
        usual = account.integration.definition["base_url"].replace("{tenant}", account.connection["tenant"])
        for vendor in self.vendors:
            for token in {*vendor.issued} - known:
                self.allowed[token] = {origin(account.base_url or usual)}


def now() -> IntegratedAccount:
    return IntegratedAccount.objects.select_related("integration").get()


def call(account: IntegratedAccount) -> None:
    async def send() -> None:
        async with Upstream() as upstream:
            await ask(connect(account, account.integration.parsed()), "GET", "/tickets", upstream=upstream)

    asyncio.run(send())


def change(world: World, wanted: dict[str, Any]) -> None:
    """Change the account as an admin does, who gives some secrets and leaves out others."""
    secrets = world.secrets(wanted["secrets"])
    tenant = {} if wanted["tenant"] is None else {"tenant": world.host(wanted["tenant"])}
    base_url = wanted["base_url"]
    account = now()
    fields = {**secrets, **tenant} if wanted["fields"] or secrets or tenant else None
    # What is typed is meant for where it is going to be, whether the vendor takes it or not.
    meant = IntegratedAccount(integration=account.integration, connection={**account.connection, **tenant})
    meant.base_url = account.base_url if base_url is None else world.address(base_url) if base_url else ""
    world.give(meant, secrets)
    known = world.tokens()
    try:
        reconnect_account(account, "tests", fields=fields, base_url=None if base_url is None else meant.base_url)
    finally:
        world.note_tokens(meant, known)


def step(world: World, kind: str, wanted: Any) -> None:
    """Take one step; a refusal is as good as any outcome, as long as nothing was sent where it must not go."""
    known = world.tokens()
    with suppress(AccountError):
        match kind:
            case "change":
                change(world, wanted)
            case "define":
                load(world.definition(*wanted))
            case "disable" | "enable":
                set_enabled(now(), "tests", enabled=kind == "enable")
            case "check":
                check_account(now(), "tests")
            case "rename":
                reconnect_account(now(), "tests", name=f"Desk {next(_numbers)}")
            case _:
                call(now())
    if kind != "change":
        world.note_tokens(now(), known)
    world.check()


def begin(world: World, environment: Environment, template: Any, authentication: Any, own: Any) -> None:
    """Connect an account, tested at its vendor."""
    integration = load(world.definition(template, authentication))
    secrets = world.secrets({"api_key", "client_secret"})
    fields = {"tenant": world.host(0), "client_id": "patchbay", **secrets}
    base_url = world.address(own) if own else ""
    known = world.tokens()
    account = connect_account(environment, integration, "tests", name="Desk", fields=fields, base_url=base_url)
    world.give(account, secrets)
    world.note_tokens(account, known)
    world.check()


@pytest.fixture(scope="module")
def vendors() -> Iterator[list[RecordingVendor]]:
    """Three addresses of three people."""
    with recording_vendor() as first, recording_vendor() as second, recording_vendor() as third:
        yield [first, second, third]


@given(beginning=BEGINNINGS, steps=st.lists(STEP, min_size=2, max_size=8))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_secret_reaches_an_origin_that_it_was_not_given_for(
    environment: Environment, vendors: list[RecordingVendor], beginning: Any, steps: list[tuple[str, Any]]
) -> None:
    IntegratedAccount.objects.all().delete()
    Integration.objects.all().delete()
    for vendor in vendors:
        vendor.forget()
    world = World(vendors)
    begin(world, environment, *beginning)
    for kind, wanted in steps:
        step(world, kind, wanted)
        with suppress(AccountError):
            call(now())
        world.check()
