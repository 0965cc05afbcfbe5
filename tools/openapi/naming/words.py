"""Titles and descriptions of tools, from the description of an operation."""

import re

import inflection

from tools.catalogue.gate import MIN_DESCRIPTION, MIN_WORDS
from tools.openapi.naming.texts import plain, sentence, shortened
from tools.openapi.reading.operations import Operation

MAX_TITLE = 80
MAX_DESCRIPTION = 1200
# The vendor's own words; the rest is room for what they leave out.
MAX_VENDOR_WORDS = 700
ARTICLE = re.compile(r"\b(a) ([aeio])")
PAGES = "Pass next_cursor back unchanged for the next page."
VERBS = {"GET": "Reads", "POST": "Sends", "PUT": "Replaces", "PATCH": "Changes", "DELETE": "Deletes"}
STANDARD = {
    "list": "Lists {resource}", "get": "Returns one {singular}", "create": "Creates a {singular}",
    "update": "Changes a {singular}", "delete": "Deletes a {singular}",
}  # fmt: skip
TITLES = {
    "list": "List {resource}", "get": "Get a {singular}", "create": "Create a {singular}",
    "update": "Update a {singular}", "delete": "Delete a {singular}",
}  # fmt: skip


def title_of(operation: Operation, resource: str, method: str) -> str:
    """Return a title for people: the summary, or the method in words if the summary is a single word."""
    summary = plain(operation.summary, MAX_TITLE).rstrip(".")
    if len(summary) > 0 and len(summary.split()) > 1:
        return summary[0].upper() + summary[1:]
    return _named(TITLES, resource, method, "{Resource}: " + method.replace("_", " "))


def _named(patterns: dict[str, str], resource: str, method: str, otherwise: str) -> str:
    noun = resource.replace("_", " ")
    pattern = patterns.get(method, otherwise)
    singular = inflection.singularize(noun)
    text = pattern.format(resource=noun, singular=singular, Resource=noun.capitalize())
    return shortened(ARTICLE.sub(r"\1n \2", text), MAX_TITLE)


def description_of(operation: Operation, resource: str, method: str, label: str, *, paginated: bool) -> str:
    """Return a description for models: the vendor's words as plain text, with what they leave out."""
    summary = sentence(plain(operation.summary, 300))
    details = plain(operation.description, MAX_VENDOR_WORDS, lines=True)
    if summary and details and _plain_words(details).startswith(_plain_words(summary)):
        summary = ""
    parts = [part for part in (summary, sentence(details)) if part]
    text = "\n\n".join(parts) if "\n" in details else " ".join(parts)
    ending = PAGES if paginated else ""
    if operation.deprecated:
        text = f"Deprecated by the vendor. {text}".strip()
    if _is_thin(text):
        action = _named(STANDARD, resource, method, f"{VERBS[operation.http]} {resource.replace('_', ' ')}")
        text = f"{text} {action} at {label} ({operation.http} {_shown(operation.path)}).".strip()
    if _is_thin(text):
        text += " The vendor's description says no more about it."
    room = MAX_DESCRIPTION - len(ending) - 1
    return f"{shortened(text.strip(), room)} {ending}".strip()


def _shown(path: str) -> str:
    return shortened(plain(path, 120), 120) or "/"


def _is_thin(text: str) -> bool:
    return len(text) < MIN_DESCRIPTION or len(text.split()) < MIN_WORDS


def _plain_words(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()
