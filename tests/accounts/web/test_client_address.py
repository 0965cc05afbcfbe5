"""How much of a client's address logs and the record keep."""

import pytest
from pytest_django.fixtures import Settings

from accounts.web.client_address import noted_address


@pytest.mark.parametrize(
    ("address", "full", "truncated"),
    [
        ("203.0.113.77", "203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::1", "fe80::/48"),
        ("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", "2001:db8:aaaa::/48"),
        ("testclient", "", ""),
        ("", "", ""),
    ],
)
def test_a_setting_says_how_much_of_an_address_is_kept(
    settings: Settings, address: str, full: str, truncated: str
) -> None:
    kept = {}
    for how_much in ("full", "truncated", "none"):
        settings.CLIENT_ADDRESSES = how_much
        kept[how_much] = noted_address(address)
    assert kept == {"full": full, "truncated": truncated, "none": ""}
    assert all(len(each) <= 43 for each in kept.values())  # the column's length
