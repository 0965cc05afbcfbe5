"""Resolve a vendor's host name once: the connection goes to exactly the addresses that were checked."""

import asyncio
import ipaddress
import socket
from collections import defaultdict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from accounts.errors import UpstreamForbidden
from accounts.vendors.addresses import all_excepted, is_excepted, is_public

# A name that is slow to resolve occupies a thread; with a share of them, an environment delays only itself.
RESOLVING_THREADS = 32
RESOLVING_SHARE = 4

Lookup = Callable[[str, int, socket.AddressFamily], list[ResolveResult]]
_Name = tuple[str, int, socket.AddressFamily]


def system_lookup(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    """Resolve a host name by the system's resolver; raise OSError, or UnicodeError for an invalid name."""
    results: list[ResolveResult] = []
    for found, _, protocol, _, address in socket.getaddrinfo(
        host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    ):
        # A fourth member other than zero is the zone of a link-local address, which is never called.
        if len(address) == 2 or not address[3]:
            results.append(
                ResolveResult(
                    hostname=host,
                    host=str(address[0]),
                    port=port,
                    family=found,
                    proto=protocol,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
            )
    if not results:
        raise OSError(f"{host} has no address that can be called")
    return results


class GuardedResolver(AbstractResolver):
    """Resolve host names, refusing every name that leads to an address that is not public.

    It uses threads of its own, one per name: the system's resolver may take half a minute for a name whose servers do
    not answer, and calls to other vendors must not wait for that. `asker` returns for whom a name is resolved; each
    asker has a share of the threads, and waits once that is used up, for as long as a connection may take. `excepted`
    returns the exceptions that hold for the request.
    """

    def __init__(
        self,
        lookup: Lookup = system_lookup,
        *,
        asker: Callable[[], Hashable] = lambda: None,
        excepted: Callable[[], frozenset[str]] = all_excepted,
    ) -> None:
        self._lookup = lookup
        self._asker = asker
        self._excepted = excepted
        self._threads = ThreadPoolExecutor(RESOLVING_THREADS, thread_name_prefix="resolving")
        self._under_way: dict[_Name, asyncio.Future[list[ResolveResult]]] = {}
        self._shares: defaultdict[Hashable, set[asyncio.Future[list[ResolveResult]]]] = defaultdict(set)

    @property
    def under_way(self) -> int:
        """How many names are being resolved."""
        return len(self.looking_up)

    @property
    def looking_up(self) -> set[asyncio.Future[list[ResolveResult]]]:
        """The look-ups that have not ended, whoever waits for them."""
        return set().union(*self._shares.values())

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host; raise UpstreamForbidden if any of them is not public."""
        name, asker = (host, port, family), self._asker()
        while (looking := self._under_way.get(name)) is None:
            share = self._shares.get(asker, ())
            if len(share) < RESOLVING_SHARE:
                looking = self._look_up(name, asker)
                break
            await asyncio.wait(share, return_when=asyncio.FIRST_COMPLETED)
        # A caller that is cancelled must not cancel the look-up for the others.
        results = await asyncio.shield(looking)
        if not is_excepted(host, port, self._excepted()):
            for result in results:
                if not is_public(ipaddress.ip_address(result["host"].partition("%")[0])):
                    raise UpstreamForbidden(f"{host} leads to an address that is not public")
        return results

    def _look_up(self, name: _Name, asker: Hashable) -> asyncio.Future[list[ResolveResult]]:
        looking = asyncio.get_running_loop().run_in_executor(self._threads, self._lookup, *name)
        self._under_way[name] = looking
        self._shares[asker].add(looking)

        def done(ended: asyncio.Future[list[ResolveResult]]) -> None:
            self._under_way.pop(name, None)
            share = self._shares[asker]
            share.discard(ended)
            if not share:
                del self._shares[asker]
            if not ended.cancelled():
                ended.exception()  # or asyncio would log a failure that nobody waits for any more

        looking.add_done_callback(done)
        return looking

    async def close(self) -> None:
        """Shut the threads down without waiting for look-ups."""
        self._threads.shutdown(wait=False, cancel_futures=True)
