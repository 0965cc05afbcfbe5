"""What clients ask beside plain tools, and whether what came is right."""

import base64
import json
from itertools import pairwise
from typing import Any

from tests.clients import filed

JANE = "jane.doe@example.com"
RECORD_TEMPLATE, LOOKED_UP = "patchbay://fuse_desk/cases/{id}", "patchbay://fuse_desk/departments/{id}"
# Every client is given these; `calls` and `files` are tools with their arguments, by step.
ASKED: dict[str, Any] = {
    "documentation": "patchbay://fuse_desk/documentation",
    "record": RECORD_TEMPLATE.replace("{id}", "CAS-89102"),
    "missing": "patchbay://fuse_desk/nothing/1",
    "template": LOOKED_UP,
    "prompt": {"name": "review_case", "arguments": {"case": "CAS-89102"}},
    "calls": {
        "overview": ("get_fuse_desk_customer_overview", {"email": JANE}),
        "count": ("count_fuse_desk_cases", {"status": "open", "group_by": "department"}),
        "named": ("list_all_fuse_desk_cases", {"depid": "Billing", "limit": 2}),
        "search": ("search", {"query": JANE}),
    },
    "files": {
        kind: (filed.TOOL, {"ticket_id": filed.TICKET, "attachment_id": file_id}) for kind, file_id in filed.ID.items()
    },
}


def check(came: dict[str, Any], *, missing: int) -> None:
    """Fail unless all is right; `missing` is the code that the client gives for a resource that is not there."""
    assert ASKED["documentation"] in came["resources"]
    assert {RECORD_TEMPLATE, LOOKED_UP} <= {*came["templates"]}
    assert {"triage_customer", "follow_up_chat", "review_case", "review_queue"} <= {*came["prompts"]}
    assert "get_single_fuse_desk_case_by_id" in came["documentation"]
    assert json.loads(came["record"])["id"] == "CAS-89102"
    assert "Read the case CAS-89102 with get_single_fuse_desk_case_by_id" in came["prompt"]
    assert came["department"] == ["Billing"]
    assert len(came["id"]) == 1
    assert came["missing"] == missing
    _check_calls({step: _value(result) for step, result in came["calls"].items()})
    _check_files(came["files"])


def _value(result: dict[str, Any]) -> Any:
    """Return the JSON of a result, which stands in it in both forms."""
    assert not result.get("isError"), result
    [item] = result["content"]
    assert json.loads(item["text"]) == result["structuredContent"]
    return result["structuredContent"]


def _check_calls(values: dict[str, Any]) -> None:
    overview, count, named, found = (values[step] for step in ("overview", "count", "named", "search"))
    assert overview["contact"]["emailAddress"] == JANE
    assert {"open_cases", "closed_cases", "chats", "emails"} <= overview["parts"].keys()
    assert all("failed" not in part for part in overview["parts"].values())
    moments = [entry["at"] for entry in overview["timeline"]]
    assert len(moments) > 1
    assert all(newer >= older for newer, older in pairwise(moments))
    assert count["is_complete"]
    assert count["count"] == sum(group["count"] for group in count["groups"]) > 0
    assert "Billing" in {group.get("name") for group in count["groups"]}
    assert [case["department"] for case in named["result"]] == ["Billing", "Billing"]
    assert found["results"][0].keys() == {"id", "title", "url"}
    assert JANE in values["fetch"]["text"]
    assert {name: values["fetch"][name] for name in found["results"][0]} == found["results"][0]


def _check_files(results: dict[str, Any]) -> None:
    for kind, (name, media_type, content) in filed.FILES.items():
        described = json.loads(results[kind]["content"][0]["text"])
        assert described["file"] == {
            "id": filed.ID[kind], "name": name, "media_type": media_type, "bytes": len(content),
        }  # fmt: skip
    text, pdf, (_, image) = (results[kind]["content"] for kind in filed.FILES)
    assert json.loads(text[0]["text"])["text"] == filed.TEXT
    assert filed.PDF_TEXT in json.loads(pdf[0]["text"])["text"]
    assert (image["type"], image["mimeType"]) == ("image", "image/png")
    assert base64.b64decode(image["data"]) == filed.IMAGE
