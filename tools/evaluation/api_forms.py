"""The two forms in which language models are asked over HTTP: OpenAI's Chat Completions and Anthropic's Messages."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from accounts.models.language_models import ApiForm
from tools.catalogue.formats import Format, listing_of
from tools.catalogue.tool import Tool
from tools.evaluation.errors import AnswerUnreadable

# The most tokens of one answer, which every model of either API takes.
MOST_ANSWERED = 4_096
# https://docs.anthropic.com/en/api/versioning
ANTHROPIC_VERSION = "2023-06-01"
Message = dict[str, Any]


@dataclass(frozen=True)
class WantedCall:
    """A call that a model wants; `arguments` are an object, or what it wrote in place of one."""

    id: str
    name: str
    arguments: Any


@dataclass(frozen=True)
class ModelAnswer:
    """What a model answered: the calls that it wants, its text, and the tokens that it read and wrote.

    `message` is what the next request repeats of it.
    """

    uses: tuple[WantedCall, ...]
    text: str
    tokens_read: int
    tokens_written: int
    message: Message


class Api(Protocol):
    """The form of one API."""

    path: str

    def headers(self, key: str) -> dict[str, str]:
        """Return the headers that carry the key and what the API demands."""

    def body(self, model: str, system: str, tools: Iterable[Tool], messages: Sequence[Message]) -> dict[str, Any]:
        """Return the body of a request."""

    def answer(self, body: Any) -> ModelAnswer:
        """Read the JSON of an answer; raise AnswerUnreadable."""

    def results(self, results: Sequence[tuple[WantedCall, str]]) -> list[Message]:
        """Return the messages that tell a model what its calls brought."""


class ChatCompletions:
    """OpenAI's Chat Completions (https://platform.openai.com/docs/api-reference/chat)."""

    path = "/chat/completions"

    def headers(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {key}"} if key else {}

    def body(self, model: str, system: str, tools: Iterable[Tool], messages: Sequence[Message]) -> dict[str, Any]:
        return {
            "model": model,
            "max_completion_tokens": MOST_ANSWERED,
            "messages": [{"role": "system", "content": system}, *messages],
            "tools": listing_of(tools, Format.OPENAI).tools,
        }

    def answer(self, body: Any) -> ModelAnswer:
        try:
            message = body["choices"][0]["message"]
            calls = message.get("tool_calls") or []
            uses = tuple(self._use(number, call) for number, call in enumerate(calls))
        except (KeyError, IndexError, TypeError, AttributeError):
            raise AnswerUnreadable("Chat Completions") from None
        usage = _usage(body)
        text = message.get("content")
        kept: Message = {"role": "assistant", "content": text}
        if uses:
            kept["tool_calls"] = [self._written(use) for use in uses]
        return ModelAnswer(
            uses,
            text if isinstance(text, str) else "",
            _count(usage, "prompt_tokens"),
            _count(usage, "completion_tokens"),
            kept,
        )

    def _use(self, number: int, call: Any) -> WantedCall:
        function = call["function"]
        # Some servers give their calls no ids.
        return WantedCall(str(call.get("id") or f"call_{number}"), str(function["name"]), function.get("arguments"))

    def _written(self, use: WantedCall) -> Message:
        arguments = use.arguments if isinstance(use.arguments, str) else json.dumps(use.arguments or {})
        return {"id": use.id, "type": "function", "function": {"name": use.name, "arguments": arguments}}

    def results(self, results: Sequence[tuple[WantedCall, str]]) -> list[Message]:
        return [{"role": "tool", "tool_call_id": use.id, "content": text} for use, text in results]


class Messages:
    """Anthropic's Messages (https://docs.anthropic.com/en/api/messages)."""

    path = "/messages"

    def headers(self, key: str) -> dict[str, str]:
        return {"anthropic-version": ANTHROPIC_VERSION, **({"x-api-key": key} if key else {})}

    def body(self, model: str, system: str, tools: Iterable[Tool], messages: Sequence[Message]) -> dict[str, Any]:
        return {
            "model": model,
            "max_tokens": MOST_ANSWERED,
            "system": system,
            "messages": list(messages),
            # As models get the tools over MCP, which has no examples of calls.
            "tools": [
                {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}
                for tool in tools
            ],
        }

    def answer(self, body: Any) -> ModelAnswer:
        try:
            content = body["content"]
            uses = tuple(
                WantedCall(str(block["id"]), str(block["name"]), block.get("input"))
                for block in content
                if block["type"] == "tool_use"
            )
            text = "\n".join(str(block["text"]) for block in content if block["type"] == "text")
        except (KeyError, TypeError, AttributeError):
            raise AnswerUnreadable("Messages") from None
        usage = _usage(body)
        # Tokens that come from a cache are read all the same, and counted apart.
        read = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        message = {"role": "assistant", "content": content}
        return ModelAnswer(uses, text, _count(usage, *read), _count(usage, "output_tokens"), message)

    def results(self, results: Sequence[tuple[WantedCall, str]]) -> list[Message]:
        blocks = [{"type": "tool_result", "tool_use_id": use.id, "content": text} for use, text in results]
        return [{"role": "user", "content": blocks}]


def _usage(body: Any) -> dict[str, Any]:
    usage = body.get("usage")
    return usage if isinstance(usage, dict) else {}


def _count(usage: dict[str, Any], *names: str) -> int:
    """Return the sum of some of the counts that an answer tells; 0 where it tells none."""
    counts = (usage.get(name) for name in names)
    return sum(count for count in counts if isinstance(count, int) and 0 <= count < 2**31)


API_FORMS: dict[str, Api] = {ApiForm.OPENAI: ChatCompletions(), ApiForm.ANTHROPIC: Messages()}
