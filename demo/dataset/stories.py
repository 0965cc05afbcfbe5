"""The hand-written texts of `demo/stories/`, validated as they are read."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent.parent / "stories"


@dataclass(frozen=True)
class Story:
    """A topic of a case; each exchange is one of rep, customer or note, with its text."""

    department: int
    tags: list[str]
    summaries: list[str]
    opening: str
    exchange: list[dict[str, str]]
    resolution: str
    html: bool = False
    feedback: str | None = None


@dataclass(frozen=True)
class StoryStep:
    """An entry of a featured history, `at` hours before the anchor."""

    at: float
    type: str
    body: str


@dataclass(frozen=True)
class FeaturedCase:
    """A case written out in full; `position` counts from the newest case."""

    position: int
    email: str
    status: str
    department: int
    repid: int
    tags: list[str]
    opened_by: int | str
    summary: str
    steps: list[StoryStep]
    rating: int | None = None
    feedback: str | None = None


@dataclass(frozen=True)
class ChatStory:
    """A topic of a chat; client and rep take turns."""

    department: int
    title: str
    lines: list[str]


@dataclass(frozen=True)
class FeaturedChat:
    """A chat written out in full: each message is minutes before the anchor, speaker, text."""

    id: int
    title: str
    platform: str
    email: str
    department: int
    repid: int
    messages: list[tuple[int, str, str]]


@dataclass(frozen=True)
class Mail:
    """An email that any contact could have written."""

    subject: str
    body: str


@dataclass(frozen=True)
class FeaturedMail(Mail):
    """An email from one sender, `at` hours before the anchor."""

    at: float
    sender: str


@dataclass(frozen=True)
class People:
    """The helpdesk's staff and customers, as rows whose columns people.yaml names in comments."""

    departments: list[tuple[int, str, str | None]]
    archived_departments: list[tuple[int, str, str | None]]
    reps: list[tuple[int, int, str, str, str, int, bool]]
    tags: list[tuple[int, str, bool]]
    companies: list[dict[str, Any]] = field(default_factory=list)


@cache
def people() -> People:
    """Read people.yaml."""
    return People(**_read("people"))


@cache
def case_stories() -> list[Story]:
    """Read the stories of all topics."""
    files = ("billing", "access", "integrations", "shipping", "product")
    return [Story(**story) for file in files for story in _read(file)]


@cache
def featured_cases() -> list[FeaturedCase]:
    """Read featured.yaml."""
    stories = _read("featured")
    steps = [[StoryStep(**step) for step in story.pop("steps")] for story in stories]
    return [FeaturedCase(**story, steps=told) for story, told in zip(stories, steps, strict=True)]


@cache
def chat_stories() -> list[ChatStory]:
    """Read chats.yaml."""
    return [ChatStory(**story) for story in _read("chats")]


@cache
def featured_chats() -> list[FeaturedChat]:
    """Read featured_chats.yaml."""
    return [FeaturedChat(**story) for story in _read("featured_chats")]


@cache
def mails() -> list[Mail]:
    """Read the general part of emails.yaml."""
    return [Mail(**mail) for mail in _read("emails")["general"]]


@cache
def featured_mails() -> list[FeaturedMail]:
    """Read the featured part of emails.yaml."""
    return [FeaturedMail(**mail) for mail in _read("emails")["featured"]]


def _read(name: str) -> Any:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
