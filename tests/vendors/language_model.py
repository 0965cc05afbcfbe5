"""A language model behind both APIs that follows a script, and refuses requests that the real ones refuse."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.vendors.application import Answer, Request, Vendor

KEY = "sk-test-0123456789"
Calls = list[tuple[str, dict[str, Any]]]
# From a question, how often it was asked, and the tools by name, to the calls that it makes, or what it says.
Script = Callable[[str, int, dict[str, Any]], Calls | str]


def says_nothing(question: str, turn: int, tools: dict[str, Any]) -> Calls | str:
    """Never call anything."""
    return "I would rather not."


class Malformed(Exception):
    """A request that the real API would refuse; the message is its answer."""


@dataclass
class ScriptedModel(Vendor):
    """Answers `/v1/chat/completions` and `/v1/messages` as its script says; `answers` go out first, as they are."""

    script: Script = says_nothing
    answers: list[Answer] = field(default_factory=list)

    async def respond(self, request: Request) -> Answer:
        """Answer one request."""
        if self.answers:
            return self.answers.pop(0)
        try:
            match request.path:
                case "/v1/chat/completions":
                    return self._completion(request)
                case "/v1/messages":
                    return self._message(request)
        except Malformed as malformed:
            return Answer(400, {"error": {"type": "invalid_request_error", "message": str(malformed)}})
        return Answer(404, {"error": {"message": f"no route {request.path}"}})

    def _completion(self, request: Request) -> Answer:
        if request.header_value("authorization") != f"Bearer {KEY}":
            return Answer(401, {"error": {"message": f"Incorrect key: {request.header_value('authorization')}"}})
        body = request.json()
        system, user, *rest = body["messages"]
        _demand(system["role"] == "system" and user["role"] == "user", "the first messages are of system and user")
        turn = _completed_turns(rest)
        tools = {tool["function"]["name"]: tool["function"]["parameters"] for tool in body["tools"]}
        _demand(all(tool["type"] == "function" for tool in body["tools"]), "tools are functions")
        said = self.script(user["content"], turn, tools)
        message: dict[str, Any] = {"role": "assistant", "content": said if isinstance(said, str) else None}
        if not isinstance(said, str):
            message["tool_calls"] = [
                {"id": f"c{turn}_{at}", "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
                for at, (name, given) in enumerate(said)
            ]
        usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        return Answer(200, {"choices": [{"index": 0, "message": message}], "usage": usage})

    def _message(self, request: Request) -> Answer:
        if request.header_value("x-api-key") != KEY:
            return Answer(401, {"type": "error", "error": {"type": "authentication_error", "message": "invalid key"}})
        _demand(bool(request.header_value("anthropic-version")), "anthropic-version is required")
        body = request.json()
        _demand(isinstance(body["max_tokens"], int), "max_tokens is required")
        roles = [message["role"] for message in body["messages"]]
        _demand(roles == ["user", "assistant"] * (len(roles) // 2) + ["user"], "roles take turns, the user's first")
        turn = _answered_turns(body["messages"])
        tools = {tool["name"]: tool["input_schema"] for tool in body["tools"]}
        _demand(
            all(tool.keys() == {"name", "description", "input_schema"} for tool in body["tools"]), "tools as in MCP"
        )
        said = self.script(body["messages"][0]["content"], turn, tools)
        content: list[dict[str, Any]] = [{"type": "text", "text": said if isinstance(said, str) else "Let me look."}]
        if not isinstance(said, str):
            content += [
                {"type": "tool_use", "id": f"t{turn}_{at}", "name": name, "input": given}
                for at, (name, given) in enumerate(said)
            ]
        usage = {"input_tokens": 60, "cache_read_input_tokens": 40, "output_tokens": 10}
        return Answer(200, {"type": "message", "role": "assistant", "content": content, "usage": usage})


def _demand(holds: bool, words: str) -> None:
    if not holds:
        raise Malformed(words)


def _completed_turns(messages: list[dict[str, Any]]) -> int:
    """Return how many answers precede, each of whose calls must have its result."""
    turns, open_calls = 0, set[str]()
    for message in messages:
        if message["role"] == "assistant":
            _demand(not open_calls, "calls have no results")
            open_calls, turns = {call["id"] for call in message.get("tool_calls", [])}, turns + 1
        else:
            _demand(message["role"] == "tool" and message["tool_call_id"] in open_calls, "a result has no call")
            open_calls.remove(message["tool_call_id"])
    _demand(not open_calls, "calls have no results")
    return turns


def _answered_turns(messages: list[dict[str, Any]]) -> int:
    """Return how many answers precede, each of whose calls must have its result in the next message."""
    for answered, results in zip(messages[1::2], messages[2::2], strict=True):
        wanted = {block["id"] for block in answered["content"] if block["type"] == "tool_use"}
        given = {block["tool_use_id"] for block in results["content"] if block["type"] == "tool_result"}
        _demand(wanted == given, "tool_use ids without tool_result")
    return len(messages) // 2
