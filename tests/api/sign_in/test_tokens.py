"""Tokens: what a code is exchanged for, once, by its client alone; how they are renewed, and how they end."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from accounts.models import IntegratedAccount, Membership, User
from mcpservers.models import AccessToken, AuthorizationCode, PersonConnection, RefreshToken
from mcpservers.sign_in.addresses import address_of
from mcpservers.sign_in.rates import TOKEN_FAILURES
from mcpservers.sign_in.validation import GrantValidator
from tests.people import People
from tests.rest import RestAnswer
from tests.sign_in import VERIFIER, Authorizing, challenge_of, registered, server_for_people


@pytest.fixture
def flow(account: IntegratedAccount, people: People) -> Authorizing:
    cache.clear()
    return Authorizing(server_for_people(account), people.operator)


def error(answer: RestAnswer) -> str:
    assert answer.status_code in {400, 401}, answer.content
    assert answer["Cache-Control"] == "no-store"
    return str(answer.json()["error"])


def test_a_code_is_exchanged_for_tokens_of_which_only_digests_are_stored(flow: Authorizing) -> None:
    code = flow.code()
    answer = flow.exchange(code)
    assert answer.status_code == 200
    made = answer.json()
    assert (made["token_type"], made["scope"], made["expires_in"]) == ("Bearer", "read", 3600)
    stored = str([*AccessToken.objects.values(), *RefreshToken.objects.values(), *AuthorizationCode.objects.values()])
    assert not [secret for secret in (made["access_token"], made["refresh_token"], code) if secret in stored]


@pytest.fixture
def at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], RestAnswer]], list[RestAnswer]]:
    """Return a function with which another request is answered between the check of the next one and its tokens."""
    answers: list[RestAnswer] = []
    save = GrantValidator.save_bearer_token

    def let_in(other: Callable[[], RestAnswer]) -> list[RestAnswer]:
        def late(self: Any, token: Any, request: Any, *args: Any, **kwargs: Any) -> None:
            monkeypatch.setattr(GrantValidator, "save_bearer_token", save)
            answers.append(other())
            save(self, token, request, *args, **kwargs)

        monkeypatch.setattr(GrantValidator, "save_bearer_token", late)
        return answers

    return let_in


class TestCodes:
    """A code is of use to its client alone, once."""

    def test_a_replayed_code_is_refused_and_ends_what_came_of_it(self, flow: Authorizing) -> None:
        code = flow.code()
        made = flow.exchange(code).json()
        assert error(flow.exchange(code)) == "invalid_grant"
        assert not AccessToken.objects.exists()
        assert error(flow.refresh(made["refresh_token"])) == "invalid_grant"

    def test_of_two_at_the_same_time_neither_keeps_anything(self, flow: Authorizing, at_the_same_time: Any) -> None:
        code = flow.code()
        others = at_the_same_time(lambda: flow.exchange(code))
        assert error(flow.exchange(code)) == "invalid_grant"
        assert [other.status_code for other in others] == [200]
        assert not AccessToken.objects.exists()
        assert error(flow.refresh(others[0].json()["refresh_token"])) == "invalid_grant"

    @pytest.mark.parametrize("verifier", [None, "", "w" * 43, challenge_of(VERIFIER)])
    def test_without_its_verifier_it_is_refused(self, flow: Authorizing, verifier: str | None) -> None:
        assert error(flow.exchange(flow.code(), code_verifier=verifier)) in {"invalid_grant", "invalid_request"}
        assert not AccessToken.objects.exists()

    def test_another_client_cannot_use_it(self, flow: Authorizing) -> None:
        assert error(flow.exchange(flow.code(), client_id=registered(name="Another"))) == "invalid_grant"

    def test_another_redirect_address_is_refused(self, flow: Authorizing) -> None:
        mismatched = flow.exchange(flow.code(), redirect_uri="https://client.example/other")
        assert error(mismatched) in {"invalid_grant", "invalid_request"}

    def test_another_resource_is_refused(self, flow: Authorizing, account: IntegratedAccount) -> None:
        other = server_for_people(account, "Another")
        assert error(flow.exchange(flow.code(), resource=address_of(other.pk))) == "invalid_target"
        assert not AccessToken.objects.exists()

    def test_after_a_minute_it_is_refused(self, flow: Authorizing) -> None:
        code = flow.code()
        AuthorizationCode.objects.update(expires=timezone.now() - timedelta(seconds=1))
        assert error(flow.exchange(code)) == "invalid_grant"

    def test_a_member_who_was_removed_meanwhile_gives_nothing(self, flow: Authorizing, people: People) -> None:
        code = flow.code()
        Membership.objects.filter(user=people.operator).delete()
        assert error(flow.exchange(code)) == "invalid_grant"


class TestRefreshing:
    """A refresh token is used once. Used again, it ends all that came of it."""

    def test_it_rotates_and_the_previous_access_token_ends(self, flow: Authorizing) -> None:
        first = flow.tokens()
        second = flow.refresh(first["refresh_token"]).json()
        assert second["refresh_token"] != first["refresh_token"]
        assert AccessToken.objects.count() == 1
        third = flow.refresh(second["refresh_token"])
        assert third.json()["scope"] == "read"

    def test_a_second_use_ends_the_family(self, flow: Authorizing) -> None:
        first = flow.tokens()
        second = flow.refresh(first["refresh_token"]).json()
        assert error(flow.refresh(first["refresh_token"])) == "invalid_grant"
        assert error(flow.refresh(second["refresh_token"])) == "invalid_grant"
        assert not AccessToken.objects.exists()

    def test_a_second_use_at_the_same_time_ends_the_family(self, flow: Authorizing, at_the_same_time: Any) -> None:
        first = flow.tokens()
        others = at_the_same_time(lambda: flow.refresh(first["refresh_token"]))
        assert error(flow.refresh(first["refresh_token"])) == "invalid_grant"
        assert [other.status_code for other in others] == [200]
        assert not AccessToken.objects.exists()
        assert error(flow.refresh(others[0].json()["refresh_token"])) == "invalid_grant"

    def test_another_client_cannot_use_it(self, flow: Authorizing) -> None:
        made = flow.tokens()
        assert error(flow.refresh(made["refresh_token"], client_id=registered(name="Another"))) == "invalid_grant"

    def test_it_is_not_for_another_server(self, flow: Authorizing, account: IntegratedAccount) -> None:
        made, other = flow.tokens(), server_for_people(account, "Another")
        assert error(flow.refresh(made["refresh_token"], resource=address_of(other.pk))) == "invalid_target"

    def test_it_gives_no_more_than_was_granted(self, flow: Authorizing) -> None:
        made = flow.tokens()
        assert error(flow.refresh(made["refresh_token"], scope="read write")) == "invalid_scope"

    def test_it_ends_with_the_connection(self, flow: Authorizing) -> None:
        made = flow.tokens()
        PersonConnection.objects.all().delete()
        assert error(flow.refresh(made["refresh_token"])) == "invalid_grant"

    def test_it_ends_when_the_person_said(self, flow: Authorizing) -> None:
        made = flow.tokens({"decision": "allow", "days": "1"})
        PersonConnection.objects.update(ends_at=timezone.now())
        assert error(flow.refresh(made["refresh_token"])) == "invalid_grant"

    def test_a_new_consent_after_the_end_brings_no_earlier_token_back(self, flow: Authorizing) -> None:
        earlier = flow.tokens({"decision": "allow", "days": "1"}, scope="read write")
        PersonConnection.objects.update(ends_at=timezone.now())
        assert flow.tokens()["scope"] == "read"
        assert error(flow.refresh(earlier["refresh_token"])) == "invalid_grant"
        assert AccessToken.objects.get().scope == "read"

    @pytest.mark.parametrize("table", ["accounts_membership", "mcpservers_mcpserver"])
    def test_it_ends_with_what_a_process_of_the_previous_release_deletes(self, flow: Authorizing, table: str) -> None:
        made, code = flow.tokens(), flow.code()
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")
        assert error(flow.refresh(made["refresh_token"])) == "invalid_grant"
        assert error(flow.exchange(code)) == "invalid_grant"

    def test_it_ends_for_a_person_who_is_disabled(self, flow: Authorizing, people: People) -> None:
        made = flow.tokens()
        User.objects.filter(pk=people.operator.pk).update(is_active=False)
        assert error(flow.refresh(made["refresh_token"])) == "invalid_grant"


class TestRevocation:
    """RFC 7009: whichever token a client revokes, the other ends with it."""

    @pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
    def test_a_client_ends_both(self, flow: Authorizing, kind: str) -> None:
        made = flow.tokens()
        response = flow.program.post("/oauth/revoke", {"token": made[kind], "client_id": flow.client_id})
        assert response.status_code == 200
        assert not AccessToken.objects.exists()
        assert error(flow.refresh(made["refresh_token"])) == "invalid_grant"

    def test_another_client_ends_nothing_and_learns_nothing(self, flow: Authorizing) -> None:
        made = flow.tokens()
        given = {"token": made["access_token"], "client_id": registered(name="Another")}
        assert flow.program.post("/oauth/revoke", given).status_code == 200
        assert AccessToken.objects.count() == 1


@pytest.mark.parametrize("grant", ["password", "client_credentials", "implicit", "", None])
def test_there_are_no_other_grants(flow: Authorizing, grant: str | None) -> None:
    answer = flow.exchange("x", grant_type=grant, username="olga", password="olga-pass-1")
    assert error(answer) in {"unsupported_grant_type", "unauthorized_client", "invalid_request"}


@pytest.mark.parametrize("client_id", ["\0", "a\0b", "x" * 5000])
def test_so_does_one_whose_id_cannot_be(flow: Authorizing, client_id: str) -> None:
    assert error(flow.refresh("x", client_id=client_id)) == "invalid_client"
    assert error(flow.program.post("/oauth/revoke", {"token": "\0", "client_id": client_id})) == "invalid_client"
    assert flow.ask(client_id=client_id).status_code == 400


def test_an_unknown_client_gets_the_rfcs_code(flow: Authorizing) -> None:
    assert error(flow.exchange("x", client_id="nobody")) == "invalid_client"


def test_guessing_is_limited(flow: Authorizing) -> None:
    for _ in range(TOKEN_FAILURES.most):
        TOKEN_FAILURES.count("127.0.0.1")
    answer = flow.exchange("guess")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


def test_guesses_from_a_shared_network_shut_nobody_out(flow: Authorizing) -> None:
    made, code = flow.tokens(), flow.code()
    for _ in range(TOKEN_FAILURES.most):
        TOKEN_FAILURES.count("127.0.0.1")
    assert flow.refresh(made["refresh_token"]).status_code == 200
    assert flow.exchange(code).status_code == 200
    # Both are used now.
    assert flow.refresh(made["refresh_token"]).status_code == 429
    assert flow.exchange(code).status_code == 429
