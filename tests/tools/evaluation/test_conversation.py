"""What a language model answers is kept within bounds, and can be written to any database."""

import asyncio
import time
from typing import Any

from accounts.models import Integration
from tools.catalogue.compilation import catalogue_of
from tools.evaluation.api_forms import API_FORMS
from tools.evaluation.conversation import MOST_CALLS, Conversation, Interlocutor, Spending
from tools.evaluation.questions import parse_questions

QUESTION = {"question": "Which cases are there?", "calls": [{"tool": "cases.list"}]}


class Answering:
    """Stands for a client whose model always answers this message."""

    def __init__(self, message: dict[str, Any]) -> None:
        self._message = message

    async def ask(self, path: str, body: dict[str, Any]) -> Any:
        return {"choices": [{"message": self._message}]}


def held(integration: Integration, message: dict[str, Any]) -> Conversation:
    talk = Conversation(parse_questions([QUESTION])[0], catalogue_of(integration), "FuseDesk")

    async def touched() -> None:
        pass

    model = Interlocutor(
        API_FORMS["openai"],
        "m",
        Answering(message),  # type: ignore[arg-type]  # it answers as a client of an address would
        Spending(10**9, time.monotonic() + 60, 1),
        touched,
    )
    asyncio.run(talk.hold(model))
    return talk


def test_no_more_calls_of_one_answer_are_looked_at_than_may_be_meant(integration: Integration) -> None:
    call = {"id": "1", "function": {"name": "nope", "arguments": "{}"}}
    talk = held(integration, {"tool_calls": [call] * (MOST_CALLS + 1)})
    assert talk.steps == []
    assert talk.remark == f"It made {MOST_CALLS + 1} calls at once; more than {MOST_CALLS} are not looked at."


def test_no_character_is_kept_that_a_database_refuses(integration: Integration) -> None:
    assert "\0" not in held(integration, {"content": "a\0b"}).remark
    call = {"id": "1", "function": {"name": "a\0b", "arguments": "\0"}}
    assert "\0" not in str([step.as_json() for step in held(integration, {"tool_calls": [call]}).steps])
