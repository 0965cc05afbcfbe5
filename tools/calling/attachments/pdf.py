"""Read the text of a PDF in a process of its own, within limits of memory and time."""

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings

WORKER = Path(__file__).with_name("pdf_worker.py")
# Twice what a document of ten megabytes takes.
MEMORY_BYTES = 128 * 1024 * 1024
AT_ONCE = 2
TOO_COMPLEX = "it takes too much time or memory to be read"
PROBLEMS = {"locked": "a password protects it", "damaged": "it is damaged, or no PDF", "too complex": TOO_COMPLEX}

# Threads of their own: those of asyncio.to_thread are for everything else.
_waiting = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pdf")


class PdfUnreadable(ValueError):
    """A PDF cannot be read; the message says why, as part of a sentence."""


@dataclass(frozen=True, slots=True)
class PdfText:
    """The number of pages of a PDF, and the texts of those from the first one that was asked for."""

    pages: int
    texts: list[str]


async def text_of(content: bytes, *, first: int, most_characters: int) -> PdfText:
    """Return the text of a PDF from a page on, of at most ATTACHMENT_PAGES; raise PdfUnreadable."""
    limits = [first, settings.ATTACHMENT_PAGES, most_characters, MEMORY_BYTES, settings.ATTACHMENT_SECONDS]
    work = partial(_worked, content, limits, settings.ATTACHMENT_SECONDS)
    found = await asyncio.get_running_loop().run_in_executor(_waiting, work)
    if "problem" in found:
        raise PdfUnreadable(PROBLEMS[found["problem"]])
    return PdfText(found["pages"], found["texts"])


def _worked(content: bytes, limits: list[int], seconds: int) -> dict[str, Any]:
    """Return what the process prints."""
    # Isolated, and without the environment, which has the product's secrets.
    command = [sys.executable, "-I", str(WORKER), *map(str, limits)]
    try:
        done = subprocess.run(  # noqa: S603  nothing of it comes from outside
            command, input=content, capture_output=True, timeout=seconds, env={}, check=False
        )
        found: dict[str, Any] = orjson.loads(done.stdout)
    except (subprocess.TimeoutExpired, orjson.JSONDecodeError):
        # What prints nothing was ended by its limits.
        return {"problem": "too complex"}
    return found
