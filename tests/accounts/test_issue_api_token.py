"""`manage.py issue_api_token`."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.api_tokens import find_api_token
from accounts.models import AuditEntry, Environment, Role


def issue(*arguments: str) -> str:
    printed = io.StringIO()
    call_command("issue_api_token", *arguments, stdout=printed)
    return printed.getvalue().strip()


def test_it_prints_a_working_token_and_leaves_a_trace(environment: Environment) -> None:
    token = find_api_token(issue("Production", "--role", "viewer"))
    assert token is not None
    assert (token.environment, token.role) == (environment, Role.VIEWER)
    assert AuditEntry.objects.get().action == "api_token.issued"


@pytest.mark.django_db
def test_a_new_installation_gets_its_first_environment_with_it() -> None:
    token = find_api_token(issue("Production"))
    assert token is not None
    assert (token.environment.name, token.role) == ("Production", Role.ADMIN)


@pytest.mark.django_db
def test_an_environment_without_a_name_is_refused() -> None:
    with pytest.raises(CommandError, match="needs a name"):
        issue(" ")
