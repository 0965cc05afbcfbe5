"""Read a bundle file, and refuse what is not one: unknown keys, values of another kind, examples that are no calls."""

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from accounts.definition import parse_definition
from accounts.errors import DefinitionInvalid
from accounts.texts.nearest import nearest
from tools.documentation.bundle_text import read_document
from tools.documentation.lint import example_problems
from tools.documentation.places import Places
from tools.documentation.schema_slips import schema_slips
from tools.errors import BundleInvalid, first_problems
from tools.evaluation.lint import question_problems
from tools.models import Documentation
from tools.models.documentation import CONTENT_FIELDS

FORMAT = 1
PARTS = ("bundle", "integration", "documentation", "evaluation")
KEYS = {"resource", "method", "published", *CONTENT_FIELDS}
SCHEMAS = [key for key in CONTENT_FIELDS if key.endswith("_schema")]
TYPES: dict[str, type] = {**dict.fromkeys(SCHEMAS, dict), "examples": list, "published": bool}
TAKEN = {dict: "an object", bool: "true or false", str: "text", list: "a list"}
LONGEST = {each.name: each.max_length for each in Documentation._meta.fields if each.max_length is not None}


class Bundle(NamedTuple):
    """What a file holds: a definition, its records, and its questions, None if it has no such part."""

    definition: dict[str, Any]
    records: list[dict[str, Any]]
    questions: list[dict[str, Any]] | None = None


def read_bundle(text: str) -> Bundle:
    """Return what a bundle file holds; raise BundleInvalid or DefinitionInvalid."""
    document, places = read_document(text), Places(text)
    try:
        return _checked(document, places)
    except (BundleInvalid, DefinitionInvalid) as refused:
        raise type(refused)([places.told(problem) for problem in refused.problems]) from None


def _checked(document: Any, places: Places) -> Bundle:
    if not isinstance(document, dict) or document.get("bundle") != FORMAT:
        raise BundleInvalid([f"The file is not a bundle: it does not say `bundle: {FORMAT}`."])
    definition, records = document.get("integration"), document.get("documentation", [])
    if not isinstance(definition, dict) or not isinstance(records, list):
        raise BundleInvalid(["A bundle holds `integration` (an object) and `documentation` (a list)."])
    parsed = parse_definition(definition)
    problems = first_problems(_problems(document, records, places))
    if problems:
        raise BundleInvalid(problems)
    _refuse_repeated(records)
    questions = document.get("evaluation")
    # After the records, which examples and questions are checked against.
    problems = first_problems(example_problems(parsed, records))
    if not problems and questions is not None:
        problems = first_problems(question_problems(questions, parsed, records))
    if problems:
        raise BundleInvalid(problems)
    return Bundle(definition, records, questions)


def _refuse_repeated(records: list[dict[str, Any]]) -> None:
    places: dict[str, list[int]] = {}
    for place, record in enumerate(records):
        places.setdefault(f"{record['resource']}.{record['method']}", []).append(place)
    repeated = [(key, found) for key, found in places.items() if len(found) > 1]
    if repeated:
        raise BundleInvalid(
            first_problems(f"documentation[{found[1]}]: {key[:64]} is documented already." for key, found in repeated)
        )


def _problems(document: dict[str, Any], records: list[Any], places: Places) -> Iterator[str]:
    yield from (f"{key[:64]}: {_unknown(key, PARTS)}" for key in document if key not in PARTS)
    for place, record in enumerate(records):
        yield from _record_problems(place, record)
        for key in SCHEMAS if isinstance(record, dict) else ():
            yield from schema_slips(record.get(key), f"documentation[{place}].{key}", places)


def _unknown(key: str, known: Iterable[str]) -> str:
    meant = nearest(key, known, cutoff=0.6)
    return f"is not a known key{f'; did you mean {meant}?' if meant else '.'}"


def _record_problems(place: int, record: Any) -> Iterator[str]:
    if not isinstance(record, dict):
        yield f"documentation[{place}]: is not an object."
        return
    yield from (f"documentation[{place}]: {key} is missing." for key in ("resource", "method") if not record.get(key))
    unknown = sorted(record.keys() - KEYS)
    yield from (f"documentation[{place}]: {key[:64]} {_unknown(key, KEYS)}" for key in unknown)
    for key in sorted(KEYS & record.keys()):
        wanted = TYPES.get(key, str)
        if not isinstance(record[key], wanted):
            yield f"documentation[{place}].{key}: takes {TAKEN[wanted]}."
        elif wanted is str and len(record[key]) > LONGEST.get(key, math.inf):
            yield f"documentation[{place}].{key}: is longer than {LONGEST[key]} characters."
