"""Tell whether PostgreSQL and Redis answer: `python -m tests.services` exits with 0 when both do.

Otherwise it says which is missing, and exits with 1 where REQUIRE_SERVICES=1, else with 3.
"""

import os
import sys

import psycopg
import redis
from psycopg.conninfo import make_conninfo

MISSING = 3


def missing() -> list[str]:
    """Return a sentence for each service that does not answer."""
    problems = []
    database, broker = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
    try:
        server = make_conninfo(database, dbname="postgres", connect_timeout="3")
        psycopg.connect(server).close()
    except psycopg.Error as problem:
        problems.append(_sentence("PostgreSQL", "DATABASE_URL", str(problem).strip().splitlines()[0], "postgresql"))
    try:
        redis.Redis.from_url(broker, socket_connect_timeout=3).ping()
    except (redis.RedisError, ValueError) as problem:
        problems.append(_sentence("Redis", "REDIS_URL", str(problem), "redis-server"))
    return problems


def _sentence(name: str, variable: str, problem: str, package: str) -> str:
    return f"{name} does not answer at {variable} ({problem}). Start it (Debian: apt-get install {package})."


def main() -> None:
    """Say what is missing."""
    problems = missing()
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    if problems:
        sys.exit(1 if os.environ.get("REQUIRE_SERVICES") == "1" else MISSING)


if __name__ == "__main__":
    main()
