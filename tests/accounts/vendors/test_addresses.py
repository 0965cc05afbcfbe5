"""Where upstream requests may go: every way of naming an address that is not public is refused, and nothing is sent."""

import asyncio
import ipaddress
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

import httpx
import pytest
import pytest_asyncio
from aiohttp.abc import ResolveResult
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from accounts.errors import UpstreamFailure, UpstreamForbidden, UpstreamUnreachable
from accounts.vendors.addresses import base_url_problem, is_public
from accounts.vendors.resolving import RESOLVING_SHARE, GuardedResolver, Lookup
from accounts.vendors.transport import PooledTransport
from accounts.vendors.upstream import Upstream

# Each leads to this machine or its neighbours, if it leads anywhere.
FORBIDDEN = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.1", "017700000001", "0",
    "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.254",
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2002:a00:1::]", "[2001:0:1::1]",
    "[fe80::1]", "[fe80::1%25eth0]", "[fc00::1]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]", "[100::1]",
    "localhost", "LOCALHOST", "localhost.", "127.0.0.1.",
    # The same written otherwise: upper case, many digits, mixed forms, all eight groups.
    "0X7F.0.0.1", "0x7f.0.0.0x1", "127.0x0.1", "127.65281", "0x7f.0xffffff", "4294967295", "[0:0:0:0:0:0:0:1]",
    "[::FFFF:127.0.0.1]", "[0000:0000:0000:0000:0000:ffff:7f00:0001]", "[::ffff:0a00:0001]", "[::ffff:169.254.169.254]",
    # IPv4 inside IPv6: 6to4, Teredo, NAT64 (well-known and local), ISATAP under a public prefix.
    "[2002:a9fe:a9fe::1]", "[2001:0:7f00:1:0:0:80ff:fffe]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1:7f00:0:100::]",
    "[2606:4700::5efe:7f00:1]", "[2606:4700::200:5efe:7f00:1]",
    "[fe80::1%eth0]", "[fe80::1%251]", "[::1%25lo]", "[3fff::1]", "[5f00::1]", "[2001:10::1]", "[ff0e::1]",
    "192.0.0.1", "192.0.0.8", "198.51.100.1", "203.0.113.1", "198.19.255.255", "239.255.255.250", "0.1.2.3",
    "127.1.", "2130706433.",
]  # fmt: skip
# IANA's special-purpose registries, v4 and v6, as of 2025: the first and the last address of each entry.
SPECIAL = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.0.0/29",
    "192.0.0.8/32",
    "192.0.0.9/32",
    "192.0.0.10/32",
    "192.0.0.170/32",
    "192.0.0.171/32",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "::1/128",
    "::/128",
    "::ffff:0:0/112",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001::/32",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:1::3/128",
    "2001:2::/48",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:30::/28",
    "2001:db8::/32",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
    "2002:c058:6300::/40",
    "64:ff9b::c058:6300/120",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::"]


@pytest.fixture(autouse=True)
def _no_exceptions(settings: Settings, _reach_simulator: None) -> None:
    settings.UPSTREAM_PRIVATE_HOSTS = frozenset()


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with Upstream() as opened:
        yield opened


def requests(vendor: httpx.Client) -> int:
    """Return how many requests reached the simulator."""
    return int(vendor.get("/_control").json()["requests"])


@asynccontextmanager
async def transport(lookup: Lookup) -> AsyncIterator[Upstream]:
    """An upstream whose names are resolved like this."""
    own = PooledTransport(connect_seconds=5, read_seconds=5, total_seconds=5, lookup=lookup)
    async with Upstream(own) as opened:
        yield opened


async def send(upstream: Upstream, base_url: str) -> None:
    await upstream.send(httpx.Request("GET", base_url, extensions={"target": "/api/v1/cases"}))


async def test_a_host_that_is_not_public_is_refused_and_nothing_is_sent(
    upstream: Upstream, vendor: httpx.Client, simulator: str
) -> None:
    passed = {}
    for host in FORBIDDEN:
        failure = await failure_of(upstream, f"http://{host}:{httpx.URL(simulator).port}")
        # Whether a name that ends in a dot resolves is up to the system; refused it is in any case.
        is_forbidden = isinstance(failure, UpstreamForbidden) or host.endswith(".")
        if failure is None or not is_forbidden or failure.may_have_arrived or requests(vendor) != 0:
            passed[host] = failure
    assert passed == {}


async def failure_of(upstream: Upstream, base_url: str) -> UpstreamFailure | None:
    """Return why a request is not answered; None if it is."""
    try:
        await send(upstream, base_url)
    except UpstreamFailure as failure:
        return failure
    return None


@pytest.mark.parametrize(
    "url",
    [
        "http://0177.0.0.1",
        "http://%31%32%37.0.0.1",
        "http://x@127.0.0.1",
        "http://8.8.8.8@127.0.0.1",
        "http://[::1",
        "http://１２７.0.0.1",
        "http://127。0。0。1",
        "http://①②⑦.⓪.⓪.①",
        "http://ⓛocalhost",
        "http://127.0.0.1\t",
        "http://127.0.0.1%00",
        "http://8.8.8.8:80@127.0.0.1",
        "http://8.8.8.8\\@127.0.0.1",
        "http://127.0.0.1%2e",
        "http://[::ffff:127.0.0.1]x",
        "http:///127.0.0.1",
        "http:127.0.0.1",
    ],
)
async def test_a_host_in_disguise_is_not_called(
    upstream: Upstream, vendor: httpx.Client, simulator: str, url: str
) -> None:
    with pytest.raises((UpstreamFailure, httpx.InvalidURL)):
        await send(upstream, f"{url}:{httpx.URL(simulator).port}")
    assert requests(vendor) == 0


def found(address: str, port: int, host: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)


class AnsweredNames:
    """A name server that a test makes up: each look-up of a name takes the next of its answers, the last for good."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers, self.asked = answers, 0

    def __call__(self, host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
        self.asked += 1
        answers = self.answers[host.partition(".")[0]]
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [found(address, port, host) for address in addresses]


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["8.8.8.8", "fe80::1%eth0"],
     ["2606:4700::1111", "::ffff:10.0.0.1"], ["8.8.8.8", "64:ff9b::7f00:1"]],
)  # fmt: skip
async def test_a_name_with_one_address_that_is_not_public_is_refused_whatever_its_others_are(
    addresses: list[str], vendor: httpx.Client, simulator: str
) -> None:
    async with transport(AnsweredNames(evil=[addresses])) as upstream:
        with pytest.raises(UpstreamForbidden, match=r"evil\.example leads to an address that is not public"):
            await send(upstream, f"http://evil.example:{httpx.URL(simulator).port}")
    assert requests(vendor) == 0


async def test_the_connection_goes_to_the_addresses_that_were_checked(
    vendor: httpx.Client, simulator: str, settings: Settings
) -> None:
    """The second answer, which nobody asks for, would lead elsewhere."""
    port = httpx.URL(simulator).port
    settings.UPSTREAM_PRIVATE_HOSTS = frozenset({f"desk.example:{port}"})
    names = AnsweredNames(desk=[["127.0.0.1"], ["127.0.0.99"]])
    async with transport(names) as upstream:
        await send(upstream, f"http://desk.example:{port}")
    assert (names.asked, requests(vendor)) == (1, 1)


async def test_a_name_that_changes_its_answer_is_checked_anew_for_each_connection(settings: Settings) -> None:
    resolver = GuardedResolver(AnsweredNames(desk=[["8.8.8.8"], ["127.0.0.1"]]))
    assert [each["host"] for each in await resolver.resolve("desk.example", 443)] == ["8.8.8.8"]
    with pytest.raises(UpstreamForbidden):
        await resolver.resolve("desk.example", 443)
    await resolver.close()


async def test_a_name_that_is_slow_to_resolve_is_looked_up_once_and_holds_up_no_other() -> None:
    release = threading.Event()
    names = AnsweredNames(slow=[["8.8.8.8"]], other=[["1.1.1.1"]])

    def lookup(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
        if host == "slow.example":
            release.wait(10)
        return names(host, port, family)

    resolver = GuardedResolver(lookup)
    waiting = [asyncio.create_task(resolver.resolve("slow.example", 443)) for _ in range(200)]
    assert [each["host"] for each in await resolver.resolve("other.example", 443)] == ["1.1.1.1"]
    waiting[0].cancel()
    release.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert {each["host"] for outcome in outcomes[1:] if isinstance(outcome, list) for each in outcome} == {"8.8.8.8"}
    assert names.asked == 2
    await resolver.close()


async def test_an_environment_whose_names_are_silent_uses_up_its_own_share_alone() -> None:
    """Many hanging names of one environment leave threads for all others; what exceeds its share waits for it."""
    release, asker, hanging = threading.Event(), ContextVar[str]("asker"), threading.Semaphore(0)
    asked: list[str] = []

    def lookup(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
        asked.append(host)
        if host.startswith("silent"):
            hanging.release()
            release.wait(10)
        return AnsweredNames(**{host.partition(".")[0]: [["8.8.8.8"]]})(host, port, family)

    async def resolve(who: str, host: str) -> list[ResolveResult]:
        asker.set(who)
        return await resolver.resolve(host, 443)

    resolver = GuardedResolver(lookup, asker=asker.get)
    held_up = [asyncio.create_task(resolve("theirs", f"silent{number}.example")) for number in range(100)]
    for _ in range(RESOLVING_SHARE):
        assert await asyncio.to_thread(hanging.acquire, timeout=10)
    for number in range(50):
        assert (await resolve("ours", f"quick{number}.example"))[0]["host"] == "8.8.8.8"
    assert len([host for host in asked if host.startswith("silent")]) == RESOLVING_SHARE
    release.set()
    assert {found[0]["host"] for found in await asyncio.gather(*held_up)} == {"8.8.8.8"}
    assert not resolver.under_way
    await resolver.close()


async def test_whoever_gives_up_a_name_leaves_it_to_those_who_wait_in_the_same_share() -> None:
    release = threading.Event()

    def lookup(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
        release.wait(10)
        raise OSError("nothing")

    resolver = GuardedResolver(lookup)
    waiting = [asyncio.create_task(resolver.resolve(f"n{number}.example", 443)) for number in range(20)]
    await asyncio.sleep(0)
    for each in waiting[::2]:
        each.cancel()
    release.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {asyncio.CancelledError, OSError}
    # Those who gave up left look-ups whose threads may still be ending.
    await asyncio.gather(*resolver.looking_up, return_exceptions=True)
    assert not resolver.under_way
    await resolver.close()


async def test_a_name_that_cannot_be_resolved_says_so(upstream: Upstream) -> None:
    with pytest.raises(UpstreamUnreachable, match="its host name cannot be resolved"):
        await send(upstream, "http://nothing.invalid")


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example", "x" * 300])
async def test_what_can_be_no_name_is_a_failure_like_others(upstream: Upstream, host: str) -> None:
    with pytest.raises(UpstreamFailure) as failure:
        await send(upstream, f"http://{host}")
    assert not failure.value.may_have_arrived


@pytest.mark.parametrize("exception", ["127.0.0.1", "127.0.0.1:{port}", "localhost:{port}"])
async def test_a_host_that_the_setting_names_is_called(
    upstream: Upstream, vendor: httpx.Client, simulator: str, settings: Settings, exception: str
) -> None:
    port = httpx.URL(simulator).port
    settings.UPSTREAM_PRIVATE_HOSTS = frozenset({exception.format(port=port)})
    await send(upstream, f"http://{exception.partition(':')[0]}:{port}")
    assert requests(vendor) == 1


@pytest.mark.parametrize("exception", ["127.0.0.1:1", "127.0.0.2", "localhost", ""])
async def test_an_exception_holds_for_its_own_host_and_port_alone(
    upstream: Upstream, vendor: httpx.Client, simulator: str, settings: Settings, exception: str
) -> None:
    settings.UPSTREAM_PRIVATE_HOSTS = frozenset({exception})
    with pytest.raises(UpstreamForbidden):
        await send(upstream, simulator)
    assert requests(vendor) == 0


@pytest.mark.parametrize("exception", ["::1", "[::1]", "[::1]:9"])
async def test_an_ipv6_exception_is_written_with_or_without_brackets(
    upstream: Upstream, settings: Settings, exception: str
) -> None:
    settings.UPSTREAM_PRIVATE_HOSTS = frozenset({exception})
    with pytest.raises(UpstreamFailure, match="no connection could be made"):
        await send(upstream, "http://[::1]:9")


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_called(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_the_same_however_ipv6_wraps_it(address: ipaddress.IPv4Address) -> None:
    inner = int(address)
    wrapped = [(0xFFFF << 32) | inner, (0x64FF9B << 96) | inner, (0x2002 << 112) | (inner << 80)]
    assert {is_public(ipaddress.IPv6Address(each)) for each in wrapped} == {is_public(address)}


@pytest.mark.parametrize(
    "address", ["", "https://acme.fusedesk.com/api", "http://127.0.0.1:8001/api", "https://[2606:4700::1]"]
)
def test_an_address_that_can_stand_before_paths_is_taken(address: str) -> None:
    assert base_url_problem(address) == ""


@pytest.mark.parametrize(
    "address",
    [
        "acme", "ftp://acme.com", "file:///etc/passwd", "https://", "https:///api", "https://a:99999", "https://[::1",
        "https://a.com/?x=1", "https://a.com/#x", "https://user:pw@a.com", "https://user@a.com", "https://a b.com",
        "https://a.com\\@b.com", "https://ä.com", "https://a.com/\x00", "https://a.com\n", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_an_address_that_cannot_is_refused_with_the_reason(address: str) -> None:
    assert base_url_problem(address).endswith(".")


@pytest.mark.parametrize("network", SPECIAL)
def test_no_special_purpose_address_counts_as_public(network: str) -> None:
    entry = ipaddress.ip_network(network)
    for address in (entry[0], entry[entry.num_addresses // 2], entry[-1]):
        assert not is_public(address), address


@pytest.mark.parametrize("address", ["192.88.98.255", "192.88.100.0", "192.31.197.0", "2001:200::1", "2620:4f:8001::1"])
def test_the_neighbours_of_special_purpose_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
