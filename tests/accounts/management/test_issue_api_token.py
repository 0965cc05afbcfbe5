"""`manage.py issue_api_token`."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from accounts.api_tokens.recognition import find_api_token
from accounts.models import AuditEntry, Environment, Role


def issue(*arguments: str) -> str:
    printed = io.StringIO()
    call_command("issue_api_token", *arguments, stdout=printed)
    return printed.getvalue().strip()


def test_it_prints_a_working_token_and_leaves_a_trace(environment: Environment) -> None:
    token = find_api_token(issue("Production", "--role", "viewer"), "")
    assert token is not None
    assert (token.environment, token.role) == (environment, Role.VIEWER)
    assert AuditEntry.objects.get().action == "api_token.issued"


@pytest.mark.django_db
def test_a_new_installation_gets_its_first_environment_with_it() -> None:
    token = find_api_token(issue("Production"), "")
    assert token is not None
    assert (token.environment.name, token.role) == ("Production", Role.ADMIN)


@pytest.mark.parametrize(
    ("arguments", "what"), [((" ",), "environment"), (("x" * 81,), "environment"), (("A", "--name", "x" * 81), "token")]
)
@pytest.mark.django_db
def test_a_name_that_is_missing_or_too_long_is_refused(arguments: tuple[str, ...], what: str) -> None:
    with pytest.raises(CommandError, match=f"The {what} needs a name of 1 to 80 characters"):
        issue(*arguments)
    assert not Environment.objects.exists()


def test_it_makes_a_service_token_that_says_so_and_ends_in_90_days(environment: Environment) -> None:
    token = find_api_token(issue("Production"), "")
    assert token is not None
    assert (token.kind, token.owner, token.created_by) == ("service", None, "the command issue_api_token")
    assert token.expires_at is not None
    assert token.expires_at - token.created_at == pytest.approx(timedelta(days=90), abs=timedelta(minutes=1))


def test_an_end_and_networks_are_held_to_what_the_environment_allows(environment: Environment) -> None:
    token = find_api_token(issue("Production", "--days", "30", "--network", "10.0.0.0/8"), "10.1.2.3")
    assert token is not None
    assert token.networks == ["10.0.0.0/8"]
    for arguments, words in (
        (("--days", "91"), "live at most 90 days"),
        (("--days", "0"), "live at most 90 days"),
        (("--days", "-1"), "whole number"),
        (("--network", "10.0.0.1/8"), "Give 10.0.0.0/8"),
    ):
        with pytest.raises(CommandError, match=words):
            issue("Production", *arguments)
    with pytest.raises(CommandError):
        issue("Another", "--days", "91")
    assert not Environment.objects.filter(name="Another").exists()


def test_where_the_environment_allows_it_a_token_has_no_end(environment: Environment) -> None:
    Environment.objects.update(token_days_max=None)
    token = find_api_token(issue("Production", "--days", "0"), "")
    assert token is not None
    assert token.expires_at is None
