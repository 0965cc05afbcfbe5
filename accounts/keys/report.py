"""The state of every key, with a sample of what it encrypts decrypted."""

from dataclasses import dataclass
from typing import Any

from accounts.keys.findings import REFUSED, KeyFinding, KeyState, findings
from accounts.keys.given import CREDENTIAL_KEYS
from accounts.keys.sealed import sample
from accounts.keys.words import display_name, problem_of
from accounts.texts.counting import counted

MEANINGS = {
    KeyState.MATCHES: "is the key that this database was used with",
    KeyState.NEW: "is new, and is registered at the next start",
    KeyState.RETIRED: "is not given any more, and nothing is encrypted under it",
}


@dataclass(frozen=True)
class KeyReport:
    """What is known of one key; `readable` of the `tried` texts under it could be decrypted."""

    finding: KeyFinding
    tried: int = 0
    readable: int = 0

    @property
    def passes(self) -> bool:
        return self.finding.state not in REFUSED and self.readable == self.tried

    @property
    def words(self) -> str:
        """Return a sentence about the key."""
        finding = self.finding
        meaning = MEANINGS.get(finding.state)
        sentence = problem_of(finding) if meaning is None else f"{display_name(finding.name)} {meaning}"
        sealed = f"; {counted(finding.sealed, 'text')} under it" if finding.sealed else ""
        tried = f", of {self.tried} that were tried {self.readable} can be read" if self.tried else ""
        return f"{sentence[:1].upper()}{sentence[1:]}{sealed}{tried}."

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        finding = self.finding
        return {
            "name": finding.name,
            "state": finding.state.value,
            "registered_at": finding.current.registered_at.isoformat() if finding.current else None,
            "encrypted": finding.sealed,
            "tried": self.tried,
            "readable": self.readable,
            "words": self.words,
        }


def key_reports() -> list[KeyReport]:
    """Return a report of each key."""
    return [_report(finding) for finding in findings()]


def _report(finding: KeyFinding) -> KeyReport:
    if finding.given is None or not finding.name.startswith(CREDENTIAL_KEYS):
        return KeyReport(finding)
    readable, tried = sample(finding.name.removeprefix(CREDENTIAL_KEYS))
    return KeyReport(finding, tried, readable)
