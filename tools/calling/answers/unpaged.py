"""A list whose way of paging nobody declared: its result says where the vendor's answer may lead to more."""

import re
from dataclasses import replace
from typing import Any

from tools.calling.answers.answer import AnswerContent, VendorAnswer
from tools.calling.answers.page_answers import page_answer
from tools.calling.shaping import Surroundings
from tools.pagination.signs import places_of, signs_of_more

# The most places that the remark names, and the names that it repeats: others could be sentences.
MAX_PLACES = 3
NAMED = re.compile(r"[\w.@$-]{1,60}")


def with_signs_of_more(content: AnswerContent, answer: VendorAnswer) -> AnswerContent:
    """Return the content of a tool without paging; if it is a list, with what the answer says of more."""
    if not isinstance(content.result, list):
        return content
    signs = signs_of_more(page_answer(content, answer, ""))
    return replace(content, beside=beside_signs(content.beside, signs)) if signs else content


def beside_signs(beside: Surroundings, signs: dict[str, Any]) -> Surroundings:
    """Return what is shown beside a list, with the members that may lead to more, and a remark on them."""
    named = [place for place in places_of(signs) if NAMED.fullmatch(place)][:MAX_PLACES]
    places = f" ({', '.join(named)})" if named else ""
    remark = (
        f"How this list goes on is unknown: members of the envelope{places} may lead to more. "
        "Ask for it with this tool's own arguments, if it has any for that."
    )
    return replace(beside, remarks=(*beside.remarks, remark), envelope=_merged(beside.envelope, signs))


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    merged = {**one}
    for name, value in other.items():
        inner = merged.get(name)
        merged[name] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged
