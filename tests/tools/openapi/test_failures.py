"""The errors chapter of an import: only for documents whose errors are in no usual place."""

from typing import Any

import pytest

from tests.tools.openapi.documents import described, operation, proposed

TEXT = {"type": "string"}


def failing(schema: Any, media_type: str = "application/json", **more: Any) -> dict[str, Any]:
    answers = {"200": {"description": "OK"}, "422": {"description": "No", "content": {media_type: {"schema": schema}}}}
    paths = {f"/cards/{number}": {"get": operation(responses=answers)} for number in range(3)}
    chapter: dict[str, Any] = proposed(described(paths, **more)).document.get("errors", {})
    return chapter


def objects(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    "schema",
    [
        objects(message=TEXT, code=TEXT),
        objects(error=objects(message=TEXT)),
        objects(title=TEXT, detail=TEXT),
        objects(errors={"type": "array", "items": objects(detail=TEXT, title=TEXT)}),
        objects(detail={"type": "array", "items": objects(loc={"type": "array", "items": TEXT}, msg=TEXT)}),
        objects(fault=objects(faultstring=TEXT)),
        objects(error=TEXT),
        objects(id={"type": "integer"}),
        {"type": "string"},
        {},
    ],
)
def test_the_usual_places_need_no_chapter(schema: Any) -> None:
    assert failing(schema) == {}


@pytest.mark.parametrize(
    ("schema", "chapter"),
    [
        (objects(problemText=TEXT, problemCode=TEXT), {"message": "problemText", "code": "problemCode"}),
        (objects(Outcome=objects(ErrorText1=TEXT, Number=TEXT)),
         {"message": "Outcome.ErrorText1", "code": "Outcome.Number"}),
        (objects(**{"why-reason": TEXT, "state": TEXT}), {"message": '"why-reason"'}),
    ],
)  # fmt: skip
def test_an_unusual_place_is_named(schema: Any, chapter: dict[str, str]) -> None:
    assert failing(schema) == chapter
    by_name = {"components": {"schemas": {"Oops": schema}}}
    assert failing({"$ref": "#/components/schemas/Oops"}, "application/problem+json", **by_name) == chapter
    assert failing({"$ref": "#/components/schemas/Missing"}) == {}


def test_the_most_common_error_decides() -> None:
    answers = {"200": {"description": "OK"}}
    rare, usual = objects(oddText=TEXT), objects(whyText=TEXT)

    def answered(schema: Any) -> dict[str, Any]:
        return operation(
            responses={**answers, "400": {"description": "", "content": {"application/json": {"schema": schema}}}}
        )

    paths = {"/a": {"get": answered(rare)}, "/b": {"get": answered(usual)}, "/c": {"get": answered(usual)}}
    assert proposed(described(paths)).document["errors"] == {"message": "whyText"}
