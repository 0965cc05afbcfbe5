"""The settings of an account while somebody types another address: what the page says of the stored secret."""

import pytest

from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser


def test_the_hint_that_an_empty_secret_stays_goes_when_the_address_changes(visitor: Visitor) -> None:
    visitor.sign_in()
    page = visitor.page
    page.goto(f"/accounts/{visitor.demo['integrated_account_id']}/settings")
    key, address = page.locator("#id_field_api_key"), page.locator("#id_base_url")
    before = address.input_value()
    assert key.get_attribute("placeholder") == "Leave empty to keep the present one"
    address.fill("https://test.example/api")
    assert key.get_attribute("placeholder") == "Needed again, since the address is another"
    address.fill(before)
    assert key.get_attribute("placeholder") == "Leave empty to keep the present one"


def test_a_move_without_the_secret_is_refused_beside_its_field(visitor: Visitor) -> None:
    visitor.sign_in()
    page = visitor.page
    page.goto(f"/accounts/{visitor.demo['integrated_account_id']}/settings")
    page.fill("#id_base_url", "https://test.example/api")
    page.click("text=Test and replace")
    said = page.locator("#id_field_api_key_error")
    assert f"the account moves from {visitor.demo['simulator_url']} to https://test.example" in said.inner_text()
    assert page.locator("#id_field_api_key").get_attribute("placeholder") != "Leave empty to keep the present one"
    assert visitor.problems() == []
    visitor.complaints = [each for each in visitor.complaints if "422" not in each]
