"""Carry a run out: ask each question with each version of the descriptions, and keep each result as it comes."""

import time
from collections.abc import Iterator

from asgiref.sync import async_to_sync, sync_to_async

from accounts.models import LanguageModel
from tools.catalogue.compilation import Catalogue
from tools.evaluation.api_forms import API_FORMS
from tools.evaluation.asking import client_of, key_of
from tools.evaluation.conversation import Conversation, Interlocutor, Spending
from tools.evaluation.errors import EvaluationEnded
from tools.evaluation.questions import Question, parse_questions
from tools.evaluation.ranking import ranked
from tools.evaluation.runs import end_run, is_touched
from tools.evaluation.versions import ToolVersions, versions_of
from tools.models import EvaluationResult, EvaluationRun
from tools.models.evaluation import TextVersion, questions_of

FAULT = "It failed here, which the log explains."


class Stopped(EvaluationEnded):
    """Somebody has ended the run."""


def carry_out(run: EvaluationRun) -> None:
    """Carry out a run that this process has claimed, to its end or until something ends it."""
    try:
        questions = parse_questions(questions_of(run.integration))[: run.question_count]
        versions = versions_of(run.integration, compares=run.compares)
        if not any(versions.catalogues.values()):
            raise EvaluationEnded(f"{run.integration.label} has no tools at present: see its definition and drafts.")
        if run.model_name:
            _ask_model(run, versions, questions)
        else:
            _ask_search(run, versions, questions)
    except EvaluationEnded as ended:
        end_run(run, str(ended))
    except BaseException:
        end_run(run, FAULT)
        raise
    else:
        end_run(run)


def _ask_search(run: EvaluationRun, versions: ToolVersions, questions: list[Question]) -> None:
    for version, catalogue in versions.catalogues.items():
        for place, found in enumerate(ranked(catalogue, questions)):
            remark = _missing(catalogue, questions[place])
            result = EvaluationResult(is_right=found.is_right, rank=found.rank, remark=remark)
            _keep(run, result, version, place, questions[place])


def _ask_model(run: EvaluationRun, versions: ToolVersions, questions: list[Question]) -> None:
    model = run.language_model
    if model is None:
        raise EvaluationEnded(f"The language model {run.model_name} was deleted.")
    spending = Spending(model.token_limit, time.monotonic() + 60 * model.minute_limit, model.minute_limit)
    # Both versions of a question after each other, so that whatever ends early has pairs to compare.
    for place, version, catalogue in _turns(versions, questions):
        talk = Conversation(questions[place], catalogue, run.integration.label)
        talk.remark = _missing(catalogue, talk.question)
        # What nobody can answer costs no tokens.
        if not talk.remark:
            async_to_sync(_converse)(run, model, talk, spending)
        result = EvaluationResult(
            is_right=talk.is_right,
            right_calls=talk.right_calls,
            expected_calls=len(talk.question.calls),
            wrong_turns=talk.wrong_turns,
            tokens_read=talk.tokens_read,
            tokens_written=talk.tokens_written,
            steps=[step.as_json() for step in talk.steps],
            remark=talk.remark,
        )
        _keep(run, result, version, place, talk.question)


def _turns(versions: ToolVersions, questions: list[Question]) -> Iterator[tuple[int, TextVersion, Catalogue]]:
    for place in range(len(questions)):
        yield from ((place, version, catalogue) for version, catalogue in versions.catalogues.items())


def _missing(catalogue: Catalogue, question: Question) -> str:
    """Return which tools that a question needs there are not, as a sentence; empty if there are all."""
    missing = [call.tool for call in question.calls if catalogue.of_method(call.tool) is None]
    return f"There is no tool for {', '.join(dict.fromkeys(missing))}." if missing else ""


async def _converse(run: EvaluationRun, model: LanguageModel, talk: Conversation, spending: Spending) -> None:
    async def touched() -> None:
        await sync_to_async(_touch)(run)

    api, key = API_FORMS[model.api], key_of(model)
    client = client_of(model, api.headers(key), key)
    async with client.upstream:
        await talk.hold(Interlocutor(api, model.model, client, spending, touched))


def _touch(run: EvaluationRun) -> None:
    if not is_touched(run):
        raise Stopped


def _keep(run: EvaluationRun, result: EvaluationResult, version: TextVersion, place: int, question: Question) -> None:
    _touch(run)
    result.run, result.version, result.place, result.question = run, version, place, question.question
    result.save()
