"""Tell a write that changed nothing, since what was asked for was so already: a chat that is closed again.

Only the vendor knows that. It tells by the moment since when it is so, in its answer, or by refusing the write.
"""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from accounts.definition import AlreadySo
from tools.calling.answers.answer import AnswerContent, VendorAnswer
from tools.catalogue.tool import Tool
from tools.errors import VendorRefused
from tools.member_paths import member_at
from tools.moments import moment_of, names_offset

# A moment is before a call if it is longer ago than any call takes, and in whatever zone it is if it does not say.
LONGEST_CALL, ANY_ZONE = 60, 15 * 3600


def with_unchanged(
    answer: VendorAnswer, used: dict[str, Any], content: AnswerContent, began: datetime
) -> AnswerContent:
    """Return an answer's content, with a remark if what was asked for was so before the call."""
    already = _asked_for(answer.tool, used)
    if already is None or already.since is None:
        return content
    since = member_at(content.result, already.since.split("."))
    moment = moment_of(since)
    if moment is None or moment > _now_at(answer, began) - (LONGEST_CALL if names_offset(since) else ANY_ZONE):
        return content
    state = already.state.replace("_", " ")
    others = [name for name in used if name in answer.tool.changing and name not in already.when]
    end = "only what else was given may have changed" if others else "nothing was changed"
    return content.remarked(f"It was {state} already, since {since}; {end}.")


def unchanged(tool: Tool, used: dict[str, Any], refused: VendorRefused) -> AnswerContent:
    """Return the content that stands for a refusal by which the vendor says that it was so; raise any other."""
    already = _asked_for(tool, used)
    if already is None or not _says_so(already, refused):
        raise refused
    state = already.state.replace("_", " ")
    remark = f"It was {state} already: {tool.definition.label} refused the call for that, and nothing was changed."
    return AnswerContent({"already": state, "changed": False}, as_documented=False).remarked(remark)


def _asked_for(tool: Tool, used: dict[str, Any]) -> AlreadySo | None:
    already = tool.method.already
    return already if already and all(used.get(name) == value for name, value in already.when.items()) else None


def _says_so(already: AlreadySo, refused: VendorRefused) -> bool:
    words = already.message.casefold() if already.message else ""
    return refused.code in already.codes or bool(words and words in refused.words.casefold())


def _now_at(answer: VendorAnswer, began: datetime) -> float:
    """Return the vendor's own time of its answer (RFC 9110, section 6.6.1), else ours of the call."""
    try:
        return parsedate_to_datetime(answer.response.headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        return began.timestamp()
