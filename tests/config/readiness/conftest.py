"""What holds for every test of readiness."""

import pytest

from accounts.database import circuit


@pytest.fixture(autouse=True)
def _patient_with_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no database that is away; tests of the circuit have a clock of their own."""
    monkeypatch.setattr(circuit, "TRIAL_SECONDS", 60.0)
