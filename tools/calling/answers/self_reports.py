"""Whether an answer with a success status reports a failure all the same.

A resource may have members of its own called `success`, `status` or `errors`, so a failure is only believed of an
envelope: an object that has no members but those of envelopes, and in which nothing is at the result's place.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from accounts.texts.names import plain_name, words_in
from tools.calling.answers.envelope_words import (
    ENVELOPE,
    ERRORS,
    FLAGS,
    NO_ERRORS,
    OF_PROBLEMS,
    OPPOSITE_FLAGS,
    PAGING,
    PAYLOADS,
    STATUSES,
    TEXTS,
    TOTALS,
)
from tools.calling.answers.envelopes import is_void, steps_of

IN_DIGITS = words_in("status statuscode")
FAILURES = words_in("error fail failed failure ko nok unsuccessful")
# A resource, such as a job or a payment, is as often `failed` as an answer is.
OF_RESOURCES = words_in("failed failure unsuccessful")
# Words in a status that mean failure too, where nothing is at the place of a result: `REQUEST_DENIED`, `ERR`.
IN_FAILURES = FAILURES | words_in("err denied invalid unauthorized forbidden rejected exception")
MORE_FAILURES = words_in("notfound overquerylimit overdailylimit ratelimited timeout")
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# At least one of these is in every answer that reports a failure; most answers have none, which this finds out quickly.
SIGNS = words_in(
    """
    success Success SUCCESS ok Ok OK succeeded Succeeded successful Successful isSuccess is_success IsSuccess
    isSuccessful isOk isError is_error IsError hasError has_error hasErrors has_errors HasErrors status Status STATUS
    stat statusCode status_code StatusCode code Code error Error ERROR errors Errors fault Fault errcode errorCode
    error_code error-codes errorCodes result Result
    """
)
MOST_MEMBERS = 30
WORDS_OF_SUCCESS = words_in("ok success succeeded successful successfully")
MOST_OF_STATUS, MOST_DIGITS = 60, 10
NEGATIONS = words_in("no not non without")


class SelfReport(Enum):
    """What an answer with a success status says of itself."""

    DONE = "done"
    PARTLY = "partly"  # it has a result, and errors beside it
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer should be: where its result is (None: all of it), the names documented of it, and of what kind.

    `names` are the plain names of the members of the whole answer, None if nothing is documented of it; those that are
    `pledged` are only ever true. `is_no_object` says that all of the answer is a list or a single value.
    """

    place: str | None = None
    names: frozenset[str] | None = None
    pledged: frozenset[str] = frozenset()
    is_no_object: bool = False
    writes: bool = False

    @property
    def is_bare(self) -> bool:
        """Whether the answer is documented to have no result inside it: then its members are the result."""
        return self.place is None and self.names is not None and not self.names & PAYLOADS

    @property
    def own(self) -> frozenset[str]:
        """The documented members that no envelope has, by which a resource is recognised."""
        names = (self.names or frozenset()) - ENVELOPE - PAYLOADS - PAGING - TOTALS
        return names - OF_PROBLEMS or names

    @property
    def first_step(self) -> str:
        """The plain name of the member in which the result is, if an expression that only leads there says so."""
        steps = steps_of(self.place) if self.place else None
        return plain_name(steps[0]) if steps else ""


def may_report(document: Any) -> bool:
    """Return whether an answer may say by its own words that it failed; most do not, which this finds out quickly."""
    return isinstance(document, dict) and len(document) <= MOST_MEMBERS and not SIGNS.isdisjoint(document)


def self_report(document: dict[str, Any], result: Any, expected: Expected) -> SelfReport:
    """Return whether an answer that `may_report` did what it was asked for; `result` is what is at its place."""
    members = {plain_name(name): member for name, member in document.items()}
    if any(members.get(name) is False for name in expected.pledged & FLAGS):
        return SelfReport.FAILED
    payload = _payload(members, result, expected)
    is_empty = all(each is False or is_void(each) for each in payload)
    # What is at the result's own place is the result, by whatever name: a list of `errors` may be asked for.
    around = members if result is None else {name: members[name] for name in members.keys() - {expected.first_step}}
    signs = _Signs.of(around, expected, has_place=bool(payload) or expected.is_no_object, is_empty=is_empty)
    if not signs or not _is_envelope(members, signs, expected, place_is_null=_is_null(document, expected.place)):
        return SelfReport.DONE
    if is_empty:
        if any(members[name] is True for name in FLAGS & members.keys()):
            return SelfReport.PARTLY  # it says that it succeeded, and reports errors
        failed = bool(payload) or signs.are_believed(expected)
        return SelfReport.FAILED if failed else SelfReport.DONE
    if (signs.flag or signs.status) and all(map(_is_explanation, payload)):
        return SelfReport.FAILED
    of_resource = signs.status in OF_RESOURCES and not signs.flag and not signs.error
    return SelfReport.DONE if of_resource else SelfReport.PARTLY


def _payload(members: dict[str, Any], result: Any, expected: Expected) -> list[Any]:
    """Return what is in the places where results are; of an answer without its documented place, lists in others."""
    named = {name: members[name] for name in PAYLOADS & members.keys()}
    if expected.place is None:
        return [member for name, member in named.items() if not _failure("result", member)]
    if result is not None:
        return [result]
    named.pop(expected.first_step, None)
    return [member for member in named.values() if isinstance(member, list) and not is_void(member)] or [None]


@dataclass(frozen=True, slots=True)
class _Signs:
    """What in an answer says that it failed: a flag, a status, an error; and whether a text explains it."""

    flag: bool
    status: str
    error: bool
    explained: bool

    @classmethod
    def of(cls, members: dict[str, Any], expected: Expected, *, has_place: bool, is_empty: bool) -> "_Signs":
        """Read the members around a result; `is_empty` says that nothing is in its place, if it `has_place` at all."""
        flag = any(_is_false(members[name]) for name in FLAGS & members.keys())
        flag = flag or any(members[name] is True for name in (OPPOSITE_FLAGS | {"error"}) & members.keys())
        # A code in digits may be anything, but beside the place of a result it is a status. What is nothing but
        # members like these may be about the status of something else.
        digits = IN_DIGITS | ({"code"} if has_place else set())
        if expected.is_bare and not expected.own:
            digits -= expected.names or set()
        named = STATUSES & members.keys()
        status = next(filter(None, (_failure(name, members[name], digits) for name in named)), "")
        if not status and is_empty:
            status = next(filter(None, (_worded_failure(members[name]) for name in named)), "")
            status = status or (_failing_code(members) if has_place else "")
        error = any(_is_error(name, members[name]) for name in ERRORS & members.keys())
        explained = any(isinstance(members[name], str | list | dict) and not is_void(members[name])
                        for name in TEXTS & members.keys())  # fmt: skip
        return cls(flag, status, error, explained)

    def __bool__(self) -> bool:
        return bool(self.flag or self.status or self.error)

    def are_believed(self, expected: Expected) -> bool:
        """Return whether an answer without any place for a result reports a failure, and is not itself the result."""
        if expected.is_no_object:
            return True
        if expected.own:  # none of which came
            is_sparse = self.status in OF_RESOURCES and not (self.flag or self.error or self.explained)
            return not is_sparse
        if not self.flag and not self.status:
            return not expected.is_bare
        if self.flag:
            # A check of health answers a read with `{"ok": false, "message": …}`.
            return expected.writes or self.error or (self.explained and not expected.is_bare)
        if not self.status.isdecimal() and self.status not in FAILURES:
            return False  # `invalid` may be what was found out
        if expected.writes:
            return True
        # A resource may be nothing but its status and what went wrong.
        return self.status not in OF_RESOURCES and (self.error or self.explained) and not expected.is_bare


def _is_envelope(members: dict[str, Any], signs: _Signs, expected: Expected, *, place_is_null: bool) -> bool:
    """Return whether an object only surrounds a result; by its members, and by those that are documented."""
    known = ENVELOPE | PAYLOADS
    if "jsonrpc" in members:
        known |= {"id"}
    if signs.error or signs.status.isdecimal():
        known |= OF_PROBLEMS
    said = {name for name, member in members.items() if not is_void(member)}
    if expected.place is not None:
        # Where null is at the very place of the result, the object is what surrounds it, whatever its members are.
        return place_is_null or said <= known | {expected.first_step} | PAGING | TOTALS
    if expected.is_no_object:
        known |= PAGING | TOTALS
    return said <= known and not said & expected.own


def _is_null(document: dict[str, Any], place: str | None) -> bool:
    steps = steps_of(place) if place else None
    return steps is not None and len(steps) == 1 and steps[0] in document and document[steps[0]] is None


def _is_false(value: Any) -> bool:
    return value is False or (isinstance(value, str) and value.lower() in {"false", "no"}) or (
        type(value) is int and value == 0
    )  # fmt: skip


def _failure(name: str, status: Any, in_digits: frozenset[str] = IN_DIGITS) -> str:
    """Return a status that means failure: a word in lower case, or an HTTP status in digits; empty for any other."""
    if isinstance(status, str) and status.lower() in FAILURES:
        return status.lower()
    digits = str(status) if type(status) is int or (isinstance(status, str) and len(status) == 3) else ""
    return digits if name in in_digits and digits.isdecimal() and 400 <= int(digits) <= 599 else ""


def _worded_failure(status: Any) -> str:
    """Return a status such as `REQUEST_DENIED` in lower case, if one of its words means failure; empty for others."""
    if not isinstance(status, str) or not status or len(status) > MOST_OF_STATUS or " " in status:
        return ""
    words = [word.lower() for word in WORD.findall(status)]
    means_failure = "".join(words) in MORE_FAILURES or (not IN_FAILURES.isdisjoint(words) and words[0] not in NEGATIONS)
    return status.lower() if means_failure else ""


def _failing_code(members: dict[str, Any]) -> str:
    """Return a `code` that is no usual one of success, in digits, where a text explains it; empty otherwise.

    Where nothing came, `{"code": 10001, "msg": "bad sign", "data": null}` is a failure; codes of success are 0, 1, and
    those that begin like HTTP's.
    """
    code = str(members.get("code", ""))
    texts = [members[name] for name in TEXTS & members.keys() if isinstance(members[name], str)]
    explained = any(text.strip() and not _means_success(text) for text in texts)
    is_number = type(members.get("code")) is int or code.removeprefix("-").isdecimal()
    unusual = is_number and len(code) <= MOST_DIGITS and int(code) not in (0, 1) and not code.startswith("2")
    return code.lstrip("-") if unusual and explained and not any(map(_means_success, texts)) else ""


def _means_success(text: str) -> bool:
    words = re.findall(r"[a-z]+", text.lower())
    return (not WORDS_OF_SUCCESS.isdisjoint(words) and NEGATIONS.isdisjoint(words)) or "成功" in text


def _is_error(name: str, value: Any) -> bool:
    """Return whether a member says that something went wrong; a number of `errors` is only a count."""
    if isinstance(value, str):
        return bool(value.strip()) and value.strip().lower() not in NO_ERRORS
    return (isinstance(value, list | dict) and not is_void(value)) or (
        type(value) is int and value != 0 and name != "errors"
    )


def _is_explanation(payload: Any) -> bool:
    """Return whether what is at the place of the result explains a failure instead, as JSend's `data` does."""
    if is_void(payload) or isinstance(payload, str):
        return True
    items = payload if isinstance(payload, list) else [payload]
    return all(isinstance(item, dict) and _explains(item) for item in items)


def _explains(item: dict[str, Any]) -> bool:
    names = set(map(plain_name, item))
    only_texts = all(isinstance(member, str) or _are_texts(member) for member in item.values())
    return names <= ENVELOPE | OF_PROBLEMS or (only_texts and "id" not in names)


def _are_texts(member: Any) -> bool:
    return isinstance(member, list) and all(isinstance(item, str) for item in member)
