"""Error pages for people, problem details for programs, and the health of the process."""

import logging

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client, RequestFactory

from config import views
from tests.people import People
from tests.portal_site import browser, has_strict_policy

FACTORY = RequestFactory()


def test_an_unknown_page_is_a_kind_404(db: None) -> None:
    response = Client().get("/nothing/here")
    assert response.status_code == 404
    assert "There is nothing at this address." in response.content.decode()
    assert has_strict_policy(response)


@pytest.mark.parametrize(
    "path", ["/.well-known/oauth-protected-resource", "/.well-known/openid-configuration/mcp/x", "/api/nothing"]
)
def test_programs_get_a_real_404_as_problem_details_and_no_sign_in_page(db: None, path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json().keys() >= {"type", "title", "status", "detail"}
    assert response.json()["status"] == 404


@pytest.mark.parametrize(
    "accept", ["application/json", "application/problem+json", "application/json, text/html;q=0.5"]
)
def test_whoever_prefers_json_gets_json(db: None, accept: str) -> None:
    response = Client().get("/nothing", headers={"Accept": accept})
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("accept", ["*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html, application/json"])
def test_whoever_does_not_prefer_json_gets_a_page(db: None, accept: str) -> None:
    response = Client().get("/nothing", headers={"Accept": accept})
    assert response.headers["Content-Type"].startswith("text/html")


def test_a_refusal_says_its_own_reason_and_django_s_inner_words_stay_inside(db: None) -> None:
    told = views.permission_denied(FACTORY.get("/x"), PermissionDenied("Ask <b>Ana</b>."))
    assert "Ask &lt;b&gt;Ana&lt;/b&gt;." in told.content.decode()
    inner = views.page_not_found(FACTORY.get("/x"), Http404("No Integration matches the given query."))
    assert "Integration" not in inner.content.decode()
    assert "There is nothing at this address." in inner.content.decode()


def test_a_request_that_cannot_be_read_gets_a_400() -> None:
    response = views.bad_request(FACTORY.get("/x"), ValueError())
    assert response.status_code == 400
    assert "could not be read" in response.content.decode()


def test_a_failure_gets_a_page_that_needs_neither_session_nor_database() -> None:
    response = views.server_error(FACTORY.get("/x"))
    assert response.status_code == 500
    assert "Something failed here" in response.content.decode()


def test_a_failure_within_a_view_shows_the_page_and_none_of_its_words(
    people: People, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = browser(people.owner)
    client.raise_request_exception = False

    def fail(_user: object) -> None:
        raise RuntimeError("inner secret")

    monkeypatch.setattr("portal.requests.accounts_of", fail)
    with caplog.at_level(logging.CRITICAL):
        response = client.get("/accounts/6d6c4d9e-8a5b-4a1e-9d6f-0d6b5a6f8a11")
    assert response.status_code == 500
    assert "inner secret" not in response.content.decode()
    assert has_strict_policy(response)
