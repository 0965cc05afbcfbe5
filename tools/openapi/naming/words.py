"""Titles and descriptions of tools, from the description of an operation."""

import re
from collections.abc import Iterable, Iterator

import inflection

from tools.catalogue.gate import MIN_DESCRIPTION, MIN_WORDS
from tools.openapi.naming.texts import plain, sentence, shortened, words_of
from tools.openapi.reading.operations import Operation

MAX_TITLE = 80
MAX_DESCRIPTION = 1200
# The vendor's own words; the rest is room for what they leave out.
MAX_VENDOR_WORDS = 700
ARTICLE = re.compile(r"\b(a) ([aeio])")
PAGES = "Pass next_cursor back unchanged for the next page."
TITLES = {
    "list": "List {resource}", "get": "Get a {singular}", "create": "Create a {singular}",
    "update": "Update a {singular}", "delete": "Delete a {singular}",
}  # fmt: skip
MAX_ARGUMENTS = 8
# What descriptions of an answer say when they say nothing.
EMPTY_ANSWERS = re.compile(
    r"(?:ok|okay|success(?:ful(?:ly)?)?|successful (?:operation|response|request)|created|accepted|no content|"
    r"default response|response|a successful response|the request (?:was successful|has succeeded))\W*",
    re.IGNORECASE,
)


def title_of(operation: Operation, resource: str, method: str) -> str:
    """Return a title for people: the summary, or the operation's name in words if the summary is a single word."""
    summary = plain(operation.summary, MAX_TITLE).rstrip(".")
    if len(summary.split()) > 1:
        return summary[0].upper() + summary[1:]
    noun = resource.replace("_", " ")
    pattern = TITLES.get(method, "{Resource}: " + method.replace("_", " "))
    text = pattern.format(resource=noun, singular=inflection.singularize(noun), Resource=noun.capitalize())
    return shortened(ARTICLE.sub(r"\1n \2", text), MAX_TITLE)


def description_of(operation: Operation, label: str, arguments: Iterable[str], *, paginated: bool) -> str:
    """Return a description for models: the vendor's words as plain text.

    Where they are thin, the description's other words about the operation follow, then which request it is: that is
    always true, unlike a guess at what the request does.
    """
    details = plain(operation.description, MAX_VENDOR_WORDS, lines=True)
    summary = sentence(_spoken(operation, is_alone=not details))
    if summary and details and _plain_words(details).startswith(_plain_words(summary)):
        summary = ""
    parts = [part for part in (summary, sentence(details)) if part]
    text = "\n\n".join(parts) if "\n" in details else " ".join(parts)
    ending = PAGES if paginated else ""
    if operation.deprecated:
        text = f"Deprecated by the vendor. {text}".strip()
    for more in _others(operation, label, arguments):
        if not _is_thin(text):
            break
        text = f"{text} {more}".strip()
    room = MAX_DESCRIPTION - len(ending) - 1
    return f"{shortened(text.strip(), room)} {ending}".strip()


def _spoken(operation: Operation, *, is_alone: bool) -> str:
    """Return an operation's summary; if nothing else describes it, its name in words may take the summary's place."""
    summary = plain(operation.summary, 300)
    if len(summary.split()) > 1 or not is_alone:
        return summary if len(summary.split()) > 1 else ""
    name = summary or operation.operation_id
    words = words_of(name) if "/" not in name else []
    return " ".join(words) if len(words) > 1 else summary


def _others(operation: Operation, label: str, arguments: Iterable[str]) -> Iterator[str]:
    """Yield what else is known of an operation, a sentence each."""
    body = plain(operation.body_description, 200)
    if body:
        yield sentence(f"It is given: {body}")
    answer = plain(operation.answer.description, 200)
    if answer and not EMPTY_ANSWERS.fullmatch(answer):
        yield sentence(f"It answers: {answer}")
    named = [*arguments]
    takes = f"takes {', '.join(named[:MAX_ARGUMENTS])}" if named else "takes no arguments"
    more = f" and {len(named) - MAX_ARGUMENTS} more" if len(named) > MAX_ARGUMENTS else ""
    yield f"It calls {operation.http} {_shown(operation.path)} at {label}, and {takes}{more}."
    yield "The vendor's description says no more about it."


def _shown(path: str) -> str:
    return shortened(plain(path, 120), 120) or "/"


def _is_thin(text: str) -> bool:
    return len(text) < MIN_DESCRIPTION or len(text.split()) < MIN_WORDS


def _plain_words(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()
