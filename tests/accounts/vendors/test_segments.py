"""Whatever decodes to another place is known, however often it was encoded."""

from urllib.parse import quote

import pytest

from accounts.vendors.segments import are_segments, decoded_segments, is_one_segment

ELSEWHERE = ("..", ".", "../x", "a/../b", "a\\..\\b", "..;x=1", " .. ", "a\x00b", "a\nb")


def encoded(text: str, times: int) -> str:
    for _ in range(times):
        text = quote(text, safe="").replace(".", "%2E")
    return text


@pytest.mark.parametrize("times", range(5))
@pytest.mark.parametrize("path", ELSEWHERE)
def test_a_path_that_leads_elsewhere_is_known_in_any_encoding(path: str, times: int) -> None:
    assert decoded_segments(encoded(path, times)) is None
    assert not is_one_segment(encoded(path, times))


def test_what_is_encoded_more_often_than_anybody_means_is_refused() -> None:
    assert decoded_segments(encoded("a/b", 5)) is None


@pytest.mark.parametrize(("path", "segments"), [("a/b%2Fc", ["a", "b", "c"]), ("a.b/..c", ["a.b", "..c"]), ("", [""])])
def test_segments_are_those_of_the_decoded_path(path: str, segments: list[str]) -> None:
    assert decoded_segments(path) == segments


@pytest.mark.parametrize(("value", "fits"), [("7", True), ("a b%c", True), ("ä;v=1", True), ("", False), (";v", False)])
def test_an_id_is_one_segment_that_says_something(value: str, fits: bool) -> None:
    assert is_one_segment(value) is fits


@pytest.mark.parametrize("value", ["a", "a/b", "a.b/..c/d e", "library/nginx:1"])
def test_values_with_slashes_are_segments(value: str) -> None:
    assert are_segments(value)


@pytest.mark.parametrize("times", range(4))
@pytest.mark.parametrize("part", [*ELSEWHERE, "", ";x", "a/b"])
def test_each_part_between_slashes_is_held_to_the_same(part: str, times: int) -> None:
    inner = encoded(part, times)
    for value in (f"a/{inner}", f"{inner}/a", f"a/{inner}/b"):
        assert are_segments(value) is (part == "a/b" and times == 0)
