"""A process that calls an OAuth account: `python -m tests.oauth_caller ACCOUNT_ID COUNT`.

It prints `ready`, waits for a line, makes its calls all at once, and prints how many got which answer, as JSON.
"""

import asyncio
import json
import sys
from collections import Counter

import django

django.setup()

from accounts.errors import AccountError  # noqa: E402
from accounts.models import IntegratedAccount  # noqa: E402
from accounts.vendors.calling import ask  # noqa: E402
from accounts.vendors.connection import Connection, connect  # noqa: E402
from accounts.vendors.upstream import close_shared_upstream  # noqa: E402


async def answer(connection: Connection) -> str:
    """Return the status of one call, or the name of what went wrong."""
    try:
        return str((await ask(connection, "GET", "/tickets")).status)
    except AccountError as problem:
        return type(problem).__name__


async def answers(connection: Connection, count: int) -> dict[str, int]:
    """Make the calls."""
    try:
        return dict(Counter(await asyncio.gather(*(answer(connection) for _ in range(count)))))
    finally:
        await close_shared_upstream()


def main() -> None:
    """Call when told."""
    account = IntegratedAccount.objects.select_related("integration").get(pk=sys.argv[1])
    connection = connect(account, account.integration.parsed())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(json.dumps(asyncio.run(answers(connection, int(sys.argv[2])))) + "\n")


if __name__ == "__main__":
    main()
