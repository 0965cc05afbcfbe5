"""What tests of single sign-on share: the way to an identity provider and back, in a browser."""

from urllib.parse import parse_qsl, urlsplit

from django.http.response import HttpResponseBase
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.people.second_factors import begin_setup
from demo.identity_provider.provider import DemoIdentityProvider
from tests.portal_site import has_strict_policy, shown


def asked_by(address: str) -> dict[str, str]:
    """Return what a provider is asked by an address."""
    return dict(parse_qsl(urlsplit(address).query))


def leave(client: Client, query: str = "") -> dict[str, str]:
    """Begin to sign in; return what the provider is asked."""
    response = client.get(f"/sign-in/with/acme{query}")
    assert response.status_code == 302, shown(response)
    return asked_by(response.headers["Location"])


def answer_of(provider: DemoIdentityProvider, asked: dict[str, str], subject: str = "ida") -> str:
    """Choose somebody at the provider; return the path and query that the browser comes back with."""
    back = urlsplit(provider.consent(subject, asked))
    return f"{back.path}?{back.query}"


def sign_on(client: Client, provider: DemoIdentityProvider, subject: str = "ida", query: str = "") -> HttpResponseBase:
    """Go the whole way, and return what the answer's address answers."""
    return client.get(answer_of(provider, leave(client, query), subject))


def is_refused(client: Client, response: HttpResponseBase, words: str) -> bool:
    """Tell whether nobody was signed in, for this reason, by a page of the portal."""
    assert words in shown(response), shown(response)
    assert response.status_code in {403, 502}
    assert has_strict_policy(response)
    return client.get("/accounts").status_code == 302


def give_factor(user: User) -> None:
    """Give somebody a second factor."""
    factor = begin_setup(user)
    factor.confirmed_at = timezone.now()
    factor.save()
