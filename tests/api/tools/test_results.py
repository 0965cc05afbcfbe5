"""Results over REST that are more than JSON, and failures that a vendor hides in a success."""

import base64

import pytest

from accounts.models import IntegratedAccount
from tests.rest import AsyncRest, problem
from tests.vendors.scripted import ScriptedVendor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rest(admin_token: str, upstream: None) -> AsyncRest:
    return AsyncRest(admin_token)


@pytest.fixture
def tools(archive_account: IntegratedAccount) -> str:
    return f"/integrated-account/{archive_account.pk}/tools"


async def test_a_file_comes_with_its_content_in_base64(rest: AsyncRest, tools: str, scripted: ScriptedVendor) -> None:
    scripted.headers, scripted.body = {"content-type": "application/pdf"}, b"%PDF\x00\xff"
    response = await rest.post(f"{tools}/archive_papers_download", {"id": "7"})
    assert response["Content-Type"] == "application/json"
    file = response.json()["file"]
    assert base64.b64decode(file.pop("base64")) == scripted.body
    assert file == {"name": "file", "media_type": "application/pdf", "bytes": 6}


async def test_a_textual_file_comes_as_text(rest: AsyncRest, tools: str, scripted: ScriptedVendor) -> None:
    scripted.headers, scripted.body = {"content-type": "text/csv; charset=iso-8859-1"}, b"a;\xe9"
    file = (await rest.post(f"{tools}/archive_papers_download", {"id": "7"})).json()["file"]
    assert file == {"name": "file", "media_type": "text/csv", "bytes": 3, "text": "a;é"}


async def test_only_the_chosen_members_come(rest: AsyncRest, tools: str, scripted: ScriptedVendor) -> None:
    scripted.body = b'{"id": 1, "title": "x"}'
    response = await rest.post(f"{tools}/get_single_archive_paper_by_id", {"id": "7", "fields": ["title"]})
    assert response.json() == {"title": "x"}


async def test_a_failure_in_a_success_is_a_refusal(rest: AsyncRest, tools: str, scripted: ScriptedVendor) -> None:
    scripted.body = b'{"ok": false, "error": {"text": "No such paper"}}'
    refused = problem(await rest.post(f"{tools}/archive_papers_raw", {"id": "7"}), 422)
    assert refused["type"].endswith(":vendor-refused")
    assert "No such paper" in refused["detail"]
    assert refused["vendor_status"] == 200
