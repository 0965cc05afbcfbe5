"""Why an evaluation ends before its last question.

ToolError
└── EvaluationEnded
    ├── ModelFailed         the language model gave no answer that can be used
    │   └── AnswerUnreadable    its answer is not of the form of its API
    └── LimitReached        it has used the tokens or the minutes that it may
"""

from tools.errors import ToolError


class EvaluationEnded(ToolError):
    """The evaluation ends here; the message is a sentence for people, without secrets."""


class ModelFailed(EvaluationEnded):
    """The language model gave no answer that can be used."""


class AnswerUnreadable(ModelFailed):
    """The answer is not of the form of the API."""

    def __init__(self, api: str) -> None:
        super().__init__(
            f"What came back is no answer of the {api} API. Check the address and the API of the language model."
        )


class LimitReached(EvaluationEnded):
    """The evaluation has used what it may use."""
