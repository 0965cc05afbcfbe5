"""Addresses: each name stands for one, and the portal's navigation leads to pages."""

import re
from collections import Counter

from django.urls import get_resolver

from tests.pages import as_read
from tests.people import People
from tests.portal_site import browser
from tests.routes import routes


def test_no_two_routes_of_our_own_share_a_name() -> None:
    counts = Counter(each.name for each in routes(get_resolver().url_patterns) if each.name and ":" not in each.name)
    assert [name for name, count in counts.items() if count > 1] == []


def test_the_navigation_leads_to_pages(people: People) -> None:
    ana = browser(people.owner)
    shown = as_read(ana.get("/accounts").content.decode())
    rail = shown[shown.index('<nav class="rail"') : shown.index("<header")]
    addresses = set(re.findall(r'<a [^>]*href="([^"]+)"', rail))
    assert {"/accounts", "/activity", "/api-tokens", "/people", "/audit"} <= addresses
    for address in addresses:
        response = ana.get(address)
        assert response.status_code == 200, address
        assert response.headers["Content-Type"].startswith("text/html"), address
