"""Find what a vendor says went wrong, in the places of an error's body where vendors usually write it.

Read are, among others: OAuth (RFC 6749), problem details (RFC 9457) and its extensions, JSON:API, GraphQL, Google's and
FastAPI's lists, `fault` as SOAP has it, and objects that map fields to their errors. Work is bounded by VISITS.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Any

import orjson

from accounts.texts.names import plain_name

# The most values that are looked at, levels that are entered, complaints and characters that are kept.
VISITS = 300
DEPTH = 10
MOST_COMPLAINTS = 20
MOST_WORDS = 500
MOST_CODE = 100
MORE = "; and more"


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


# Names of members, in lower case with letters and digits only. Those of texts stand in the order of preference.
TEXTS = tuple(
    """
    message msg errormessage errormsg errmsg faultstring errortext errorsummary errordescription statusmessage
    usermessage localizedmessage description detail details longmessage reason explanation problem cause hint errorinfo
    errordetail errordetails errorusermsg diagnostics developermessage defaultmessage issue summary text
    """.split()  # noqa: SIM905  a list of it fills a page
)
# These say something only where nothing else does.
WEAK_TEXTS = _named("reason cause issue summary text developermessage defaultmessage")
LAST_TEXTS = ("title", "error", "err", "errors", "fault", "exception", "status", "data", "result")
CODES = ("code", "errorcode", "errcode", "faultcode", "errorkey", "type", "status", "category", "reason", "error")
FIELDS = (
    "field", "fieldname", "fieldpath", "param", "parameter", "parametername", "paramname", "propertypath",
    "propertyname", "property", "attribute", "attributename", "pointer", "jsonpointer", "instancepath", "datapath",
    "loc", "source", "target", "element", "argument", "fields", "expression",
)  # fmt: skip
# Names that mean the field in an entry of a list, and something else anywhere else.
FIELDS_OF_ENTRIES = ("path", "location", "name", "keys")
# Members that contain lists or objects of errors; those of the second line map fields to errors, or list them.
SEVERAL = _named(
    """
    errors fielderrors validationerrors validationmessages validation details detail fields errordetails invalidparams
    invalidparameters formerrors fieldvalidationerrors violations
    """
)
NESTED = SEVERAL | _named(
    """
    error fault faults exception message errormessages fieldviolations constraintviolations issues problems globalerrors
    generalerrors causes cause rootcause innererror innererrors suberrors failures reasons errorlist errordata
    odataerror envelope body elements responsemetadata errorcodes errorcauses errorchain issue messages
    transactionresponse
    """
)
# An object with one of these is an error, or contains some; any other object may map fields to errors.
STRUCTURAL = NESTED - _named("message body detail details error errors fields validation elements reasons")
DECISIVE = STRUCTURAL | _named("message msg code errorcode errormessage detail faultstring field param loc")
# Of these, only objects are read; lists of these names name fields, or tell what is of no importance.
MAPS = _named("fields messages")
# Looked at only where nothing was found elsewhere.
LAST_RESORT = ("data", "result", "response", "messages", "warnings")
OF_NO_FIELD = _named("nonfielderrors all base error errors general global form root")
LOCATIONS = _named("body query path header headers cookie cookies params querystring json form")
# What only says the status in words, such as `Bad Request`.
PHRASES = frozenset(status.phrase.lower() for status in HTTPStatus)
# What only says that it failed.
SAYS_ONLY_THAT = _named("error fail failed failure about:blank error.list false true ko")

Field = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong, and the fields that it is about, each as the steps that lead to it."""

    words: str
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """What a vendor says went wrong, and its code for that; both are empty if it says nothing."""

    complaints: tuple[Complaint, ...] = ()
    code: str = ""

    def __bool__(self) -> bool:
        return bool(self.complaints or self.code)

    def told(self, named: Callable[[Field], str] = ".".join) -> str:
        """Return the reason on one line of at most MOST_WORDS characters; `named` returns a field's name."""
        told: list[str] = []
        room = MOST_WORDS
        for complaint in self.complaints:
            fields = ", ".join(dict.fromkeys(filter(None, map(named, complaint.fields))))
            words = f"{fields}: {complaint.words}" if fields else complaint.words
            if told and len(words) > room - len(MORE):
                return "; ".join(told) + MORE
            told.append(words)
            room -= len(words) + 2
        return "; ".join(told)[:MOST_WORDS]


def reason_in(value: Any) -> Reason:
    """Return the reason that the JSON of an error gives; without any usual member, the JSON itself."""
    reading = _ReasonReading()
    reading.read(value)
    if not reading.complaints and isinstance(value, dict):
        members = _members(value)
        for name in LAST_RESORT:
            if not reading.complaints and isinstance(members.get(name), dict | list):
                reading.read(members[name], depth=1, are_several=True)
    if not reading.complaints and isinstance(value, dict):
        reading.read_fields(value)
        for member in islice(value.values(), MOST_COMPLAINTS):
            if not reading.complaints and isinstance(member, dict):  # a wrapper by any name
                reading.read(member, depth=1)
    if not reading.complaints and value not in (None, "", [], {}):
        reading.add(_excerpt(value), ())
    return Reason(tuple(reading.complaints), reading.code)


class _ReasonReading:
    """Collects the complaints of an error, the outer ones first."""

    def __init__(self) -> None:
        self.complaints: list[Complaint] = []
        self.code = ""
        self._visits = VISITS

    def add(self, words: str, fields: tuple[Field, ...]) -> None:
        """Keep a complaint, unless the same words are kept already."""
        complaint = Complaint(one_line(words)[:MOST_WORDS], fields)
        same = any(complaint.words == other.words and fields in ((), other.fields) for other in self.complaints)
        if complaint.words and not same and len(self.complaints) < MOST_COMPLAINTS:
            self.complaints.append(complaint)

    def read(
        self, value: Any, fields: tuple[Field, ...] = (), depth: int = 0, *, are_several: bool = False,
        is_entry: bool = False,
    ) -> None:  # fmt: skip
        """Read a value that says what is wrong; `are_several`: an object may map fields to their errors."""
        self._visits -= 1
        if self._visits < 0 or depth > DEPTH:
            return
        match value:
            case str():
                self.add(value, fields)
            case list():
                for at, item in enumerate(value[:MOST_COMPLAINTS]):
                    maps = isinstance(item, dict) and _maps_only_fields(item)
                    # An item of a list that is itself a field: its fields are at its number.
                    inner = tuple((*field, str(at)) for field in fields) if are_several and maps else fields
                    self.read(item, inner, depth + 1, is_entry=True, are_several=maps)
            case dict() if are_several and _maps_fields(value):
                self.read_fields(value, fields, depth)
            case dict():
                self._read_error(_members(value), fields, depth, is_entry=is_entry)

    def read_fields(self, value: dict[str, Any], outer: tuple[Field, ...] = (), depth: int = 0) -> None:
        """Read an object whose members are fields, each with what is wrong with it."""
        before = outer[0] if outer else ()
        for name, member in islice(value.items(), MOST_COMPLAINTS):
            if isinstance(member, str | list | dict) and (depth or _is_worth_reading(member)):
                is_location = _plain(name) in LOCATIONS and isinstance(member, dict)
                field = before if is_location or _plain(name) in OF_NO_FIELD else (*before, *steps_of(name))
                self.read(member, (field,) if field else (), depth + 1, are_several=True)

    def _read_error(self, members: dict[str, Any], outer: tuple[Field, ...], depth: int, *, is_entry: bool) -> None:
        fields = tuple(_fields(members, is_entry=is_entry)) or outer
        texts = list(_texts(members))
        if texts:
            self.add(
                ". ".join(text.rstrip(". ") for text in texts[:-1]) + (". " if texts[1:] else "") + texts[-1], fields
            )
        self.code = self.code or (_code(members, texts) if texts else "")
        before = len(self.complaints)
        for name, member in members.items():
            if name in NESTED and isinstance(member, dict if name in MAPS else dict | list) and not _text(member):
                several = name in SEVERAL or name in {"message", "messages"} or _maps_only_fields(member)
                self.read(member, fields, depth + 1, are_several=several)
        if not texts and len(self.complaints) == before:
            self._read_last(members, fields)

    def _read_last(self, members: dict[str, Any], fields: tuple[Field, ...]) -> None:
        """Take what says little for the reason, since nothing else was said."""
        if fields and isinstance(members.get("messages"), list):
            self.read(members["messages"], fields, DEPTH - 1)
            return
        for name in (*LAST_TEXTS, *CODES):
            text = members.get(name)
            if isinstance(text, str) and text.strip() and text.strip().lower() not in SAYS_ONLY_THAT:
                if name in CODES and self.complaints and not fields:
                    self.code = self.code or _code(members, [])
                else:
                    self.add(text, fields)
                return


def _maps_fields(value: dict[str, Any]) -> bool:
    """Return whether an object among errors maps fields to their errors, and is not itself an error."""
    names = {_plain(name) for name in islice(value, MOST_COMPLAINTS)}
    members = list(islice(value.values(), MOST_COMPLAINTS))
    if members and all(isinstance(member, list) for member in members):
        return not names & STRUCTURAL
    return not names & DECISIVE and all(isinstance(member, str | list | dict) for member in members)


def _maps_only_fields(value: Any) -> bool:
    """Return whether an object maps fields to lists or objects of errors, and has nothing else."""
    members = list(islice(value.values(), MOST_COMPLAINTS)) if isinstance(value, dict) else []
    return bool(members) and all(isinstance(member, list | dict) for member in members) and _maps_fields(value)


def _is_worth_reading(member: Any) -> bool:
    """Return whether a member of an error without any usual name is a list of texts or errors."""
    return isinstance(member, list) and bool(member) and all(isinstance(item, str | dict) for item in member)


def _members(value: dict[str, Any]) -> dict[str, Any]:
    """Return an object's members by their plain names; of two with the same, the first."""
    found: dict[str, Any] = {}
    for name, member in islice(value.items(), 100):
        found.setdefault(_plain(name), member)
    return found


def _plain(name: str) -> str:
    """Return a name in lower case, with letters and digits only, and without the prefix of an XML namespace."""
    return plain_name(name[:100].rpartition(":")[2])


def _texts(members: dict[str, Any]) -> Iterator[str]:
    """Yield what an error says, a title first: at most three texts, none of which is part of another."""
    found = _further_texts(members)
    for name in TEXTS:
        text = _text(members.get(name))
        if text and not (found and name in WEAK_TEXTS) and not any(text.lower() in other.lower() for other in found):
            found.append(text)
    titles = [(name, _text(members.get(name))) for name in ("title", "error")]
    said = [text for name, text in titles if _is_said(name, text, found)]
    yield from [*said[:1], *found][:3]


def _is_said(name: str, text: str, found: list[str]) -> bool:
    """Return whether a title, or an error in words, says more than its status, and than what was found."""
    is_code = name == "error" and " " not in text
    return bool(text) and not is_code and text.lower() not in PHRASES and text.lower() not in "".join(found[:1]).lower()


def _further_texts(members: dict[str, Any]) -> list[str]:
    """Return the texts that class-validator has by the names of rules, and Linear in `extensions`."""
    rules, extensions = members.get("constraints"), members.get("extensions")
    texts = list(islice(rules.values(), 3)) if isinstance(rules, dict) and "property" in members else []
    texts += [extensions.get("userPresentableMessage")] if isinstance(extensions, dict) else []
    return list(filter(None, map(_text, texts)))


def _text(member: Any) -> str:
    """Return a member's text; OData writes one as an object with its language, FHIR with its coding."""
    if isinstance(member, dict) and member.keys() <= {"text", "coding"}:
        member = member.get("text")
    elif isinstance(member, dict):
        member = member.get("value", member.get("#text", member.get("$t")))
    return one_line(member) if isinstance(member, str) else ""


def _code(members: dict[str, Any], texts: list[str]) -> str:
    for name in CODES:
        code = members.get(name)
        if isinstance(code, int) and not isinstance(code, bool) and not 100 <= code <= 599:
            return str(code)[:MOST_CODE]
        # A status in digits, an address, or a text is no code.
        if (
            isinstance(code, str)
            and code
            and len(code) <= MOST_CODE
            and not code.isspace()
            and " " not in code
            and "://" not in code
            and code.lower() not in SAYS_ONLY_THAT
            and code.lower() not in PHRASES
            and not (code.isdecimal() and len(code) == 3)
            and code not in texts
        ):
            return code
    extensions = members.get("extensions")
    return _code({"code": extensions.get("code")}, texts) if isinstance(extensions, dict) else ""


def _fields(members: dict[str, Any], *, is_entry: bool) -> Iterator[Field]:
    """Yield the fields that an error names."""
    for name in (*FIELDS, *FIELDS_OF_ENTRIES) if is_entry else FIELDS:
        member = members.get(name)
        if name == "source" and isinstance(member, dict):  # JSON:API
            member = next((member[each] for each in ("pointer", "parameter", "header") if member.get(each)), None)
        if name in {"fields", "keys", "expression"} and isinstance(member, list):
            yield from (steps_of(each) for each in member[:MOST_COMPLAINTS] if isinstance(each, str) and each)
            return
        steps = steps_of(member)
        if steps and not (name == "location" and member in LOCATIONS):
            yield steps
            return


def steps_of(field: Any) -> Field:
    """Return the steps to a field: of a JSON pointer or a list; any other name is one step, whatever is in it."""
    if isinstance(field, list):
        return tuple(str(step) for step in field[:DEPTH] if isinstance(step, str | int))
    if not isinstance(field, str):
        return ()
    name = one_line(field)[:MOST_CODE].removeprefix("#")
    if name.startswith("/"):
        return tuple(step.replace("~1", "/").replace("~0", "~") for step in name[1:].split("/"))
    return (name,) if name else ()


def one_line(text: str) -> str:
    """Return the beginning of a text, with every run of white space as one space."""
    return " ".join(text[: 8 * MOST_WORDS].split())


def _excerpt(value: Any) -> str:
    """Return the beginning of a JSON value."""
    if isinstance(value, dict):
        value = dict(islice(value.items(), MOST_COMPLAINTS))
    if isinstance(value, list):
        value = value[:MOST_COMPLAINTS]
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()[:MOST_WORDS]
