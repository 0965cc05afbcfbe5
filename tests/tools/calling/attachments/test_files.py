"""Files whose vendor gives them no id: each has one of its own, which stays when its address is signed anew."""

from accounts.definition import Attachments
from tools.calling.attachments.files import files_in

DECLARED = Attachments.model_validate({"members": ["attachments"]})


def ids(*files: tuple[str, str]) -> list[str]:
    record = {"attachments": [{"name": name, "url": url} for name, url in files]}
    return [each.id for each in files_in(record, DECLARED)]


def test_files_that_only_the_query_tells_apart_are_told_apart() -> None:
    download = "https://vendor.example/download"
    one, other = ids(("a.txt", f"{download}?id=1"), ("b.txt", f"{download}?id=2"))
    assert one != other


def test_an_id_stays_when_the_address_is_signed_anew_at_another_host() -> None:
    assert ids(("a.txt", "https://one.example/f/9/a.txt?signature=x")) == ids(
        ("a.txt", "https://two.example/f/9/a.txt?signature=y")
    )
