"""Lint the words of a record: whether a model can choose the tool by title, description and name."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from accounts.definition import Definition, Method
from tools.documentation.lint.findings import LintFinding
from tools.models import Documentation

THIN = 80
LONG = 1024  # some clients cut what is longer
LONG_TITLE = 60
NEW_WORDS = 5
LONG_NAME = 56

WORD = re.compile(r"[a-z0-9]+")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
EMPTY_WORDS = frozenset(
    WORD.findall(
        "a an and any are as at be by can each for from get gets has have in into is it its list lists new of on one "
        "or return returns single that the their this to update create delete retrieve retrieves specified given which "
        "will with you your api endpoint resource object all by id"
    )
)
WHEN = re.compile(
    r"\b(use (?:it|this|them|these|only|for|when|to)|used (?:to|for|when)|useful|when(?:ever)?|"
    r"if (?:you|the|a|an|one|it)|instead|only (?:when|if|for|after)|before|after(?:wards)?|first|in order to|"
    r"to (?:find|see|learn|turn|check|answer|look|tell|move|correct|reply|route)|ask|for (?:the details|several|a))\b",
    re.IGNORECASE,
)
RESULT = re.compile(
    r"\b(returns?|lists?|gives?|answers?|tells?|shows?|yields?|reports?|responds?|provides?|holds?|contains?|includ\w+|"
    r"result)\b.{12,}",
    re.IGNORECASE | re.DOTALL,
)
MARKETING = re.compile(
    r"\b(powerful|seamless(?:ly)?|world[- ]class|best[- ]in[- ]class|leverag(?:e|es|ing)|effortless(?:ly)?|robust|"
    r"cutting[- ]edge|state[- ]of[- ]the[- ]art|next[- ]gen(?:eration)?|revolutionary|game[- ]chang\w+|amazing|awesome|"
    r"blazing\w*|supercharge\w*|unlock(?:s|ing)? the|industry[- ]leading|delightful|innovative|turbocharge\w*|"
    r"unparalleled|hassle[- ]free)\b",
    re.IGNORECASE,
)
MARKUP = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>|\]\(https?://|!\[|^#{1,6} ", re.IGNORECASE | re.MULTILINE)
DANGER = re.compile(
    r"\b(undo(?:ne)?|permanent(?:ly)?|irrevers\w+|irrevoc\w+|restor\w+|recover\w*|confirm\w*|tak(?:e|en) back|for good|"
    r"eras\w+|lost|be sure|warn\w*|careful\w*|cannot be|is sent|stops?|only when (?:the person|asked)|"
    r"(?:customer|contact|person|recipient)s? (?:sees?|gets?|receives?))\b",
    re.IGNORECASE,
)
VAGUE_NAMES = frozenset(
    WORD.findall("api call data do execute go handle info item misc object perform process request run stuff")
)


def word_findings(definition: Definition, record: Documentation, name: str) -> Iterator[LintFinding]:
    """Yield the findings on title, description and name."""
    method = definition.resources[record.resource].methods[record.method]
    yield from _description(record, method, name)
    yield from _title(record, name)
    yield from _name(definition, record, name)


def words_of(text: str) -> list[str]:
    """Return the words of a text or a name, in lower case; `camelCase` counts as two."""
    return WORD.findall(CAMEL.sub(" ", text).lower().replace("_", " "))


def says_more(text: str, *names: str, least: int) -> bool:
    """Return whether a text has at least `least` words that are neither empty nor in the names."""
    known = {stem(word) for name in names for word in words_of(name)}
    fresh: set[str] = set()
    for word in words_of(text):
        stemmed = stem(word)
        if stemmed not in known and stemmed not in EMPTY_STEMS:
            fresh.add(stemmed)
            if len(fresh) >= least:
                return True
    return False


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return a word's stem, roughly: enough to recognise repetition."""
    for ending in ("ies", "es", "s", "ed", "ing"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word.rstrip("e") if len(word) > 4 else word


EMPTY_STEMS = EMPTY_WORDS | {stem(word) for word in EMPTY_WORDS}


def _description(record: Documentation, method: Method, name: str) -> Iterator[LintFinding]:
    text = record.description.strip()

    def finding(rule: str, words: str) -> LintFinding:
        return LintFinding(rule, "description", words)

    if len(text) < THIN:
        yield finding("description-thin", f"has {len(text)} characters; write two or three sentences, {THIN} at least.")
    elif len(text) > LONG:
        yield finding(
            "description-long",
            f"has {len(text):,} characters, and some clients cut at {LONG:,}. Move what concerns one argument there.",
        )
    if not says_more(text, record.title, name, record.key, least=NEW_WORDS):
        yield finding(
            "description-echo", "says little more than the title. Say what the result holds, and what it is for."
        )
    if not WHEN.search(text):
        yield finding(
            "description-when", "does not say when to use the tool. Add “Use it to …”, and what to use instead if not."
        )
    if method.access == "read" and not RESULT.search(text):
        yield finding("description-result", "does not say what comes back. Name what the result holds.")
    praise = MARKETING.search(text)
    if praise:
        yield finding("description-marketing", f"advertises (“{praise[0]}”); say only what helps to choose the tool.")
    markup = MARKUP.search(text)
    if markup:
        yield finding("description-markup", f"holds markup ({markup[0]}); models read plain text, and follow no links.")
    if is_destructive(method) and not DANGER.search(text):
        yield finding(
            "destructive-unsaid",
            "does not say that the tool is destructive. Say what cannot be undone or whom it reaches, and to confirm.",
        )


def is_destructive(method: Method) -> bool:
    """Return whether a method does something that cannot be undone, or that reaches a customer."""
    return method.http == "DELETE" if method.destructive is None else method.destructive


def _title(record: Documentation, name: str) -> Iterator[LintFinding]:
    title = record.title.strip()
    if len(title) > LONG_TITLE:
        yield LintFinding(
            "title", "title", f"has {len(title)} characters; people read it in a list, so {LONG_TITLE} will do."
        )
    elif title == name or "_" in title or "/" in title:
        yield LintFinding(
            "title", "title", "is a name for programs; write what a person would call it, such as “List cases”."
        )


def _name(definition: Definition, record: Documentation, name: str) -> Iterator[LintFinding]:
    of_integration = frozenset(words_of(definition.name))
    parts = [part for part in words_of(name) if part not in of_integration]
    if len(name) > LONG_NAME:
        yield LintFinding(
            "name", "tool_name", f"has {len(name)} characters; clients put a prefix before it and cut at 64."
        )
    own = set(words_of(record.tool_name or record.method)) - of_integration
    if own and own <= VAGUE_NAMES:
        yield LintFinding(
            "name", "tool_name", f"{name} does not say what it does; name the action, such as close or merge."
        )
    repeated = next((first for first, second in pairwise(parts) if first == second), None)
    if repeated:
        yield LintFinding("name", "tool_name", f"{name} says {repeated} twice; give the record a tool_name.")
