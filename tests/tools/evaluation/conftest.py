"""Fixtures: a small integration with questions, and a scripted language model at a port of this machine."""

from collections.abc import Callable, Iterator

import pytest

from accounts.models import Integration, LanguageModel
from tests.bundles import load_bundle
from tests.tools.evaluation.asked import BUNDLE
from tests.vendors.application import serving
from tests.vendors.language_model import KEY, ScriptedModel


@pytest.fixture
def desk(db: None) -> Integration:
    """The small integration, with questions."""
    return load_bundle(BUNDLE).integration


@pytest.fixture(scope="session")
def scripted_model_of_session() -> Iterator[ScriptedModel]:
    """The scripted language model, for the session."""
    with serving(ScriptedModel()) as model:
        yield model


@pytest.fixture
def scripted_model(scripted_model_of_session: ScriptedModel) -> ScriptedModel:
    """The scripted language model, as in the beginning."""
    scripted_model_of_session.reset()
    return scripted_model_of_session


@pytest.fixture
def language_model(scripted_model: ScriptedModel, db: None) -> Callable[..., LanguageModel]:
    """What stores a language model that asks it, in the form of an API."""

    def make(api: str = "openai", *, key: str = KEY, **changed: object) -> LanguageModel:
        row = LanguageModel(
            **{"name": "Test", "api": api, "base_url": f"{scripted_model.address}/v1", "model": "m-1", **changed}
        )
        row.set_key(key)
        row.save()
        return row

    return make
