"""What the admin says where a list has no rows: in English, which the theme's own words are not."""

import pytest

from tests.admin_site import browser, superuser
from tests.pages import as_read

pytestmark = pytest.mark.django_db


def said(address: str) -> str:
    return as_read(browser(superuser()).get(address).content.decode())


@pytest.mark.parametrize(
    ("address", "offer"),
    [
        ("/admin/accounts/environment/?q=nothing", 'Nothing matches the search. <a href="?">Reset it</a>'),
        ("/admin/accounts/invitation/?role__exact=admin", 'Nothing matches the filters. <a href="?">Reset them</a>'),
        (
            "/admin/accounts/invitation/?q=nothing&role__exact=admin",
            'Nothing matches the search and the filters. <a href="?">Reset them</a>',
        ),
    ],
)
def test_a_list_that_is_narrowed_to_nothing_offers_to_reset_what_narrows_it(address: str, offer: str) -> None:
    page = said(address)

    assert offer in page
    assert "yielded" not in page


def test_a_list_without_rows_offers_to_add_one() -> None:
    page = said("/admin/accounts/environment/")

    assert "<h2>No environments</h2>" in page
    assert "There is nothing here yet." in page
    assert '<a href="/admin/accounts/environment/add/">Add environment</a>' in page
