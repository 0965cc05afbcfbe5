"""Streamed exports of calls: CSV, or JSON Lines (one object per line).

Each piece is a separate query that starts where the previous one ended. An open database cursor would pin a connection
and a snapshot for as long as a slow client takes; this way an export holds only one piece in memory.
"""

import csv
import io
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any
from uuid import UUID

import orjson
from channels.db import database_sync_to_async
from django.db.models import TextField
from django.db.models.functions import Cast

from portal.activity.names import CallNames
from tools.record.activity import CallFilter, CallPosition, following

PIECE = 1000
FIELDS = (
    "id", "started_at", "account_id", "account", "server_id", "server", "token_id", "person", "via", "transport",
    "revision", "client", "framework", "client_address", "tool", "access", "outcome", "error", "upstream_status",
    "duration_ms", "before_ms", "upstream_ms", "upstream_bytes", "result_chars", "trace_id", "step", "arguments",
)  # fmt: skip
STORED = tuple(name for name in FIELDS if name not in {"account", "server", "arguments"})
# Spreadsheets take a cell that starts with one of these for a formula, or a DDE command.
FORMULAS = frozenset("=+-@|%")
# They may skip these in front of it: spaces, control and other invisible characters, and quotation marks.
SKIPPED = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Zl", "Zp", "Zs"})
# Some spreadsheets read these as minus, plus or equals; NFKC does not normalise them.
DASHES = dict.fromkeys("‐‑‒–—―−﹣⁃➖", "-") | {"➕": "+", "꞊": "=", "᐀": "=", "⹀": "="}
QUOTES = frozenset("\"'`´‘’“”„«»")

Row = dict[str, Any]


async def pieces(wanted: CallFilter, write: Callable[[list[Row]], bytes], head: bytes) -> AsyncIterator[bytes]:
    """Yield the matching calls as bytes, newest first, piece by piece."""
    if head:
        yield head
    after: CallPosition | None = None
    names = CallNames()
    while True:
        rows = await database_sync_to_async(_rows)(wanted, after, names)
        if rows:
            after = CallPosition(rows[-1]["started_at"], rows[-1]["id"])
            yield write(rows)
        if len(rows) < PIECE:
            return


def as_csv(wanted: CallFilter) -> AsyncIterator[bytes]:
    """Yield CSV with a header line; an apostrophe keeps spreadsheets from computing a text."""
    return pieces(wanted, _csv, _lines([FIELDS]))


def as_json_lines(wanted: CallFilter) -> AsyncIterator[bytes]:
    """Yield one JSON object per line."""
    return pieces(wanted, _json_lines, b"")


def _rows(wanted: CallFilter, after: CallPosition | None, names: CallNames) -> list[Row]:
    # As text from the database: parsing the arguments only to serialise them again would be waste.
    calls = following(wanted, after).annotate(written=Cast("arguments", TextField())).values(*STORED, "written")
    rows: list[Row] = list(calls[:PIECE])
    names.learn_accounts({row["account_id"] for row in rows})
    names.learn_servers({row["server_id"] for row in rows if row["server_id"]})
    for row in rows:
        row["account"] = names.accounts[row["account_id"]]
        row["server"] = names.servers[row["server_id"]] if row["server_id"] else ""
        row["arguments"] = row.pop("written")
    return rows


def _csv(rows: list[Row]) -> bytes:
    return _lines([_cell(row[name]) for name in FIELDS] for row in rows)


def _lines(rows: Iterable[Iterable[Any]]) -> bytes:
    file = io.StringIO()
    # Quote texts: some spreadsheets also split unquoted cells at semicolons or tabs.
    csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return file.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if _is_formula(value) else value
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _is_formula(text: str) -> bool:
    """Return whether a spreadsheet may compute a text, even in full-width or after invisible characters."""
    for sign in text:
        for plain in unicodedata.normalize("NFKC", DASHES.get(sign, sign)):
            if plain in FORMULAS:
                return True
            if plain not in QUOTES and unicodedata.category(plain) not in SKIPPED:
                return False
    return False


def _json_lines(rows: list[Row]) -> bytes:
    # The arguments are JSON already: a Fragment is inserted as is.
    return b"".join(
        orjson.dumps(
            {name: orjson.Fragment(row[name]) if name == "arguments" else row[name] for name in FIELDS},
            option=orjson.OPT_APPEND_NEWLINE,
        )
        for row in rows
    )
