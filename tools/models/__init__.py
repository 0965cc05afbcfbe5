"""The rows of this app: documentation records and the record of calls."""

from tools.models.calls import Call, Outcome
from tools.models.documentation import Documentation

__all__ = ["Call", "Documentation", "Outcome"]
