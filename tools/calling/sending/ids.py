"""Check the ids among a call's arguments by their declared forms, before anything is sent."""

from collections.abc import Iterator, Mapping
from typing import Any

from accounts.definition import IdForm
from tools.catalogue.tool import Tool, ToolSet

NO_NAMES: Mapping[str, str] = {}
LIST = "list"


def wrong_ids(
    tool: Tool, used: dict[str, Any], unlisted: Mapping[str, str] = NO_NAMES, among: ToolSet | None = None
) -> Iterator[str]:
    """Yield the problems of ids that are none of their kind, with the tool among the caller's that tells right ones.

    `unlisted` has the arguments that may have a name which is not known at present, each with the tool that lists them.
    """
    for name, kind in tool.ids.items():
        value = used.get(name)
        values = [(f"{name}[{place}]", each) for place, each in enumerate(value)] if isinstance(value, list) else []
        for place, each in values or [(name, value)]:
            # Whatever else there is, the schema has judged.
            if isinstance(each, str | int) and not isinstance(each, bool) and each != "":
                found = _problem(place, str(each), kind, tool.definition.ids, unlisted.get(name, ""))
                yield from (f"{problem}{_where(tool.definition.ids[kind], among)}" for problem in found)


def _where(form: IdForm, among: ToolSet | None) -> str:
    lister = among.of_method(f"{form.resource}.{LIST}") if among and form.resource else None
    return f" {lister.name} tells it." if lister else ""


def _problem(place: str, value: str, kind: str, forms: dict[str, IdForm], lister: str) -> Iterator[str]:
    own = forms[kind]
    if own.fits(value):
        return
    other = next((name for name, form in forms.items() if name != kind and form.fits(value)), "")
    if lister and not other:
        yield (
            f"{place}: whether {value[:60]!r} is the name of a {_words(kind)} is not known at present: their list did "
            f"not come, or not whole. Give the id, such as {own.example}, which {lister} tells, or call again "
            "in a minute."
        )
        return
    said = f"is the id of a {_words(other)}; it takes the id of" if other else "is no id of"
    yield f"{place}: {value[:60]!r} {said} a {_words(kind)}, such as {own.example}."


def _words(kind: str) -> str:
    return kind.replace("_", " ")
