"""What the admin says where a list has no rows: in English, which the theme's own words are not."""

import pytest

from tests.admin_site import browser, superuser
from tests.pages import as_read

pytestmark = pytest.mark.django_db


def said(address: str) -> str:
    return as_read(browser(superuser()).get(address).content.decode())


def test_a_search_that_finds_nothing_offers_to_reset_it() -> None:
    page = said("/admin/accounts/environment/?q=nothing-of-this-name")

    assert "<h2>No environments</h2>" in page
    assert 'Nothing matches the search and the filters. <a href="?">Reset them</a>' in page
    assert "yielded" not in page


def test_a_list_without_rows_offers_to_add_one() -> None:
    page = said("/admin/accounts/environment/")

    assert "There is nothing here yet." in page
    assert '<a href="/admin/accounts/environment/add/">Add environment</a>' in page
