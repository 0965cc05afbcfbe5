"""Print the text of a PDF on standard input: a process of its own, which a hostile PDF can only end.

`python -I pdf_worker.py FIRST_PAGE MOST_PAGES MOST_CHARACTERS MOST_MEMORY MOST_SECONDS`, memory in bytes. It prints a
JSON object: `pages`, their number, and `texts`, those of the pages from the first; or `problem`. It knows nothing of
the product: it is started without its environment, and imports none of it.
"""

import contextlib
import io
import json
import logging
import resource
import sys
from pathlib import Path
from typing import Any

from pypdf import PdfReader
from pypdf.errors import LimitReachedError

LOCKED, DAMAGED, TOO_COMPLEX = "locked", "damaged", "too complex"


def limit_itself(memory: int, seconds: int) -> None:
    """Limit memory and processor time of this process, and let it write no file."""
    # Where memory is short, the kernel ends this process before the one that serves everybody.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        # Not every system knows each of them; the parent's clock holds everywhere.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def read(content: bytes, first: int, most_pages: int, most_characters: int) -> dict[str, Any]:
    """Return the texts of pages, until they have so many characters together."""
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        return {"problem": LOCKED}
    texts: list[str] = []
    for number in range(first - 1, min(len(reader.pages), first - 1 + most_pages)):
        # Half of a surrogate pair is no character.
        text = reader.pages[number].extract_text().encode("utf-8", "replace").decode()
        texts.append(text[:most_characters])
        most_characters -= len(text)
        if most_characters <= 0:
            break
    return {"pages": len(reader.pages), "texts": texts}


def main() -> None:
    """Read the PDF within the limits."""
    first, most_pages, most_characters, memory, seconds = map(int, sys.argv[1:])
    content = sys.stdin.buffer.read()
    limit_itself(memory, seconds)
    logging.disable()
    try:
        found = read(content, first, most_pages, most_characters)
    except (MemoryError, RecursionError, LimitReachedError):
        found = {"problem": TOO_COMPLEX}
    except Exception:  # a damaged file makes the library raise whatever its bytes lead to
        found = {"problem": DAMAGED}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
