"""Bearer tokens: their form, what is kept of them, and that no text or log shows one."""

import logging
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from accounts import tokens
from config.monitoring.logs import RedactTokens, redact_event

KINDS = [tokens.MCP_PREFIX, tokens.API_PREFIX, tokens.INVITATION_PREFIX, tokens.PASSWORD_PREFIX]
# How a token can stand in a text; each is what some log, error or link shows.
PLACES = [
    "{}",
    "Authorization: Bearer {}",
    "GET /mcp/{} HTTP/1.1",
    "GET /mcp/{}/sse?x=1",
    "GET /sign-in?next=%2Finvitations%2F{}",
    "Not Found: /invitations/{}/accept",
    "'{}'",
    'url="https://h.example/mcp/{}"',
    "next=%2Fmcp%2F{}",
    "token={}&x=1",
    "x_{}",
    "({}),[{}]",
    "a\n{}\nb",
]


def log_record(message: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("x", logging.INFO, __file__, 1, message, args, info)


@pytest.mark.parametrize("prefix", KINDS)
def test_a_token_names_its_kind_and_is_well_formed(prefix: str) -> None:
    token = tokens.mint(prefix).value
    assert re.fullmatch(rf"{prefix}_[0-9A-Za-z]{{49}}", token)
    assert tokens.is_well_formed(token, prefix)


def test_no_two_tokens_are_the_same() -> None:
    assert len({tokens.mint(tokens.MCP_PREFIX).value for _ in range(200)}) == 200


def test_a_token_of_one_kind_is_not_one_of_the_other() -> None:
    assert not tokens.is_well_formed(tokens.mint(tokens.API_PREFIX).value, tokens.MCP_PREFIX)


@given(place=st.integers(0, 54), letter=st.sampled_from(tokens.ALPHABET + "_-é "))
def test_a_token_with_another_letter_anywhere_is_refused_by_its_checksum(place: int, letter: str) -> None:
    token = tokens.mint(tokens.MCP_PREFIX).value
    altered = token[:place] + letter + token[place + 1 :]
    assert tokens.is_well_formed(altered, tokens.MCP_PREFIX) is (altered == token)


@given(st.text(max_size=80))
def test_no_other_text_is_well_formed(text: str) -> None:
    assert not tokens.is_well_formed(text, tokens.MCP_PREFIX)


@pytest.mark.parametrize(
    "change", [str.upper, str.lower, str.swapcase, lambda token: token[:-1], lambda token: token + "0"]
)
def test_a_token_is_not_taken_in_another_case_or_length(change: object) -> None:
    assert callable(change)
    assert not tokens.is_well_formed(change(tokens.mint(tokens.MCP_PREFIX).value), tokens.MCP_PREFIX)


def test_what_is_kept_of_a_token_does_not_lead_back_to_it() -> None:
    minted = tokens.mint(tokens.MCP_PREFIX)
    assert len(minted.digest) == 32
    assert minted.last_four == minted.value[-4:]
    assert minted.value[:-4] not in repr(minted)
    assert repr(minted.digest) not in repr(minted)


def test_a_digest_holds_under_one_key_alone(settings: Settings) -> None:
    token = tokens.mint(tokens.MCP_PREFIX)
    assert tokens.digest(token.value) == token.digest
    settings.TOKEN_KEY = "another key"
    assert tokens.digest(token.value) != token.digest


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("prefix", KINDS)
def test_no_text_shows_a_token_wherever_it_stands_in_it(prefix: str, place: str) -> None:
    token = tokens.mint(prefix).value
    shown = tokens.redact(place.replace("{}", token))
    assert token[6:] not in shown
    assert token[-6:] not in shown


def test_a_token_that_was_cut_short_is_redacted_too() -> None:
    assert tokens.redact(f"see {tokens.mint(tokens.MCP_PREFIX).value[:20]}…") == "see pbmcp_……"


@pytest.mark.parametrize("path", ["/mcp/anything", "/mcp/%70bmcp_x/sse", "/mcp/pbmcp"])
def test_whatever_stands_where_a_token_would_in_a_path_is_redacted(path: str) -> None:
    assert tokens.redact(path).startswith("/mcp/…")


@pytest.mark.parametrize("path", ["/invitations/anything", "/invitations/%70binv_x/join"])
def test_whatever_stands_where_an_invitation_would_in_a_path_is_redacted(path: str) -> None:
    assert tokens.redact(path).startswith("/invitations/…")
    assert "binv" not in tokens.redact(path)


@pytest.mark.parametrize("text", ["", "pbmcp", "a pbapi_ b", "/mcp", "the mcp server", "pbmcp_x"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert tokens.redact(text) == text


def test_a_log_record_shows_no_token_in_message_arguments_or_traceback() -> None:
    token = tokens.mint(tokens.MCP_PREFIX).value
    try:
        raise LookupError(f"/mcp/{token}")
    except LookupError as error:
        record = log_record("%s called %r", token, {"url": token}, error=error)
    assert RedactTokens().filter(record)
    assert token not in f"{record.getMessage()} {record.exc_text} {record.args} {record.exc_info}"
    assert "LookupError" in str(record.exc_text)


def test_a_structured_event_shows_no_token_in_any_field() -> None:
    token = tokens.mint(tokens.API_PREFIX).value
    event = redact_event(sys, "info", {"event": f"sent {token}", "path": f"/mcp/{token}", "status": 200})
    assert event == {"event": "sent pbapi_…", "path": "/mcp/…", "status": 200}
