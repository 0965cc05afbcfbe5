"""Have a language model answer one question with the tools of an integration.

No vendor is asked: a call is checked as every call is, and answered with what the question says, or with a sentence
that says that there is nothing.
"""

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from accounts.texts.invisible import visible
from tools.calling.sending.checking import check
from tools.calling.wording import explain
from tools.catalogue.compilation import Catalogue
from tools.errors import InvalidArguments, UnknownTool
from tools.evaluation.api_forms import Api, Message, ModelAnswer, WantedCall
from tools.evaluation.asking import ModelClient
from tools.evaluation.errors import LimitReached
from tools.evaluation.matching import is_expected
from tools.evaluation.questions import ExpectedCall, Question
from tools.tokens import tokens_of

MOST_TURNS = 6
MOST_SHOWN = 2_000
# Calls of one answer.
MOST_CALLS = 64
NO_CONTENT = (
    "This is an exercise: no account was asked. The call is valid; its content is not part of the exercise. Go on as "
    "if it had been answered."
)
EXERCISE = (
    "This is an exercise. Do what the person asks with the tools, and ask nothing back: the person agrees to every "
    "write and every message that the question asks for. No account is connected. The tools answer with examples; take "
    "a write that is accepted as done."
)


class CallVerdict(StrEnum):
    """What a call was."""

    RIGHT = "right"
    ON_THE_WAY = "on the way"
    AGAIN = "again"
    OTHER_ARGUMENTS = "other arguments"
    OTHER_TOOL = "other tool"
    INVALID = "invalid arguments"
    UNKNOWN = "no such tool"


UNCOUNTED = frozenset({CallVerdict.RIGHT, CallVerdict.ON_THE_WAY})


@dataclass(frozen=True)
class JudgedCall:
    """A call that a model made; `arguments` as JSON, cut where they are long."""

    tool: str
    arguments: str
    verdict: CallVerdict

    def as_json(self) -> dict[str, str]:
        return {"tool": self.tool, "arguments": self.arguments, "verdict": self.verdict.value}


@dataclass
class Spending:
    """What a run has used, and may use: tokens, and the moment (of time.monotonic) at which it ends."""

    token_limit: int
    ends: float
    minutes: int
    tokens: int = 0

    def check(self) -> None:
        """Raise LimitReached if nothing more may be asked."""
        if self.tokens >= self.token_limit:
            raise LimitReached(
                f"It has used {self.tokens:,} tokens, and its language model may use {self.token_limit:,} for one "
                "evaluation. Ask fewer questions, or raise the limit."
            )
        if time.monotonic() >= self.ends:
            raise LimitReached(
                f"It has taken {self.minutes} minutes, as long as it may. Ask fewer questions, or raise the limit."
            )


@dataclass(frozen=True)
class Interlocutor:
    """A language model as it is asked: the form of its API, its name there, and what one run may spend.

    `touched` is called before each request.
    """

    api: Api
    model: str
    client: ModelClient
    spending: Spending
    touched: Callable[[], Awaitable[None]]

    async def ask(self, system: str, catalogue: Catalogue, messages: list[Message]) -> tuple[ModelAnswer, int, int]:
        """Return an answer, and the tokens that it read and wrote, estimated if the address tells none.

        Raises EvaluationEnded.
        """
        self.spending.check()
        await self.touched()
        body = self.api.body(self.model, system, catalogue, messages)
        answer = self.api.answer(await self.client.ask(self.api.path, body))
        read = answer.tokens_read or tokens_of(json.dumps(body, ensure_ascii=False).encode())
        wrote = answer.tokens_written or tokens_of(json.dumps(answer.message, ensure_ascii=False).encode())
        self.spending.tokens += read + wrote
        return answer, read, wrote


@dataclass
class Conversation:
    """One question, asked with the tools of one catalogue, and what became of it."""

    question: Question
    catalogue: Catalogue
    vendor: str
    tokens_read: int = 0
    tokens_written: int = 0
    steps: list[JudgedCall] = field(default_factory=list)
    remark: str = ""
    _waiting: list[ExpectedCall] = field(init=False)
    _wrote_otherwise: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._waiting = list(self.question.calls)

    @property
    def is_right(self) -> bool:
        """Whether it made every expected call, and no write beside them."""
        return not self._waiting and not self._wrote_otherwise

    @property
    def right_calls(self) -> int:
        return len(self.question.calls) - len(self._waiting)

    @property
    def wrong_turns(self) -> int:
        """How many calls were neither expected nor named as a way there."""
        return sum(step.verdict not in UNCOUNTED for step in self.steps)

    async def hold(self, model: Interlocutor) -> None:
        """Ask until every expected call is made, the model stops calling, or MOST_TURNS; raise EvaluationEnded."""
        system, messages = self._system(), [{"role": "user", "content": self.question.question}]
        for _ in range(MOST_TURNS):
            answer, read, wrote = await model.ask(system, self.catalogue, messages)
            self.tokens_read += read
            self.tokens_written += wrote
            if len(answer.uses) > MOST_CALLS:
                self.remark = f"It made {len(answer.uses):,} calls at once; more than {MOST_CALLS} are not looked at."
                return
            results = [(wanted, self._called(wanted)) for wanted in answer.uses]
            if not self._waiting:
                return
            if not results:
                said = visible(" ".join(answer.text[:MOST_SHOWN].split()))
                self.remark = f"It stopped calling, and said: {said}"[:500] if said else "It stopped calling."
                return
            messages += [answer.message, *model.api.results(results)]
        self.remark = f"It was asked {MOST_TURNS} times, and had not made every call that the question needs."

    def _system(self) -> str:
        today = f"Today is {datetime.now(UTC):%A, %Y-%m-%d} (UTC)."
        return "\n\n".join(part for part in (self.catalogue.instructions.strip(), today, EXERCISE) if part)

    def _called(self, wanted: WantedCall) -> str:
        """Judge a call, and return what the model reads."""
        try:
            tool = self.catalogue.get(wanted.name)
        except UnknownTool as unknown:
            self._note(wanted, CallVerdict.UNKNOWN)
            hint = f" Did you mean {unknown.nearest}?" if unknown.nearest else ""
            return f"There is no tool {unknown.name}; nothing was done.{hint}"
        try:
            used = check(tool, wanted.arguments)
        except InvalidArguments as refused:
            self._note(wanted, CallVerdict.INVALID)
            return explain(refused, tool_name=tool.name, vendor=self.vendor, read_only=tool.read_only)
        key = f"{tool.resource}.{tool.method_name}"
        call = next((each for each in self._waiting if is_expected(each, key, used)), None)
        if call is not None:
            self._waiting.remove(call)
            self._note(wanted, CallVerdict.RIGHT)
            return _answer(call.result)
        verdict = self._unexpected(key, used)
        self._note(wanted, verdict)
        if not tool.read_only and verdict is not CallVerdict.ON_THE_WAY:
            self._wrote_otherwise = True
        return _answer(self.question.also.get(key))

    def _unexpected(self, key: str, used: dict[str, Any]) -> CallVerdict:
        if any(is_expected(each, key, used) for each in self.question.calls):
            return CallVerdict.AGAIN
        if key in self.question.also:
            return CallVerdict.ON_THE_WAY
        named = any(each.tool == key for each in self.question.calls)
        return CallVerdict.OTHER_ARGUMENTS if named else CallVerdict.OTHER_TOOL

    def _note(self, wanted: WantedCall, verdict: CallVerdict) -> None:
        given = wanted.arguments
        text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
        self.steps.append(JudgedCall(visible(wanted.name[:64]), visible(text[:MOST_SHOWN]), verdict))


def _answer(example: Any) -> str:
    """Return what a model reads as the answer of a call."""
    return NO_CONTENT if example is None else json.dumps(example, ensure_ascii=False)
