"""Files that commands read: what is wrong with one ends the command."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError

from accounts.errors import DefinitionInvalid
from tools.errors import BundleInvalid, LossUnconfirmed

AGREE = "Mend the file, or name it with --withdraw if that is meant."


@contextmanager
def file_problems(path: Path, *, done: str) -> Iterator[None]:
    """Raise CommandError for what is wrong with a file; `done` is what the command does to it, such as `loaded`.

    A block that fails must have changed nothing, since the message says so.
    """
    try:
        yield
    except OSError as problem:
        raise CommandError(f"{path} cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not text in UTF-8; nothing was changed.") from None
    except (BundleInvalid, DefinitionInvalid) as problem:
        raise CommandError(f"{path} was not {done}; nothing was changed.\n{problem}") from None
    except LossUnconfirmed as loss:
        raise CommandError(f"{path} was not {done}; nothing was changed.\n{loss}\n{AGREE}") from None
