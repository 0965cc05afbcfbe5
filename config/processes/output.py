"""What `manage.py up` prints of its processes with LOG_FORMAT=json: one JSON object a line, the process named in it."""

import json
import sys
from typing import TextIO

from honcho.printer import Message


def own_output() -> TextIO:
    """Return another file for standard output: a thread held in the usual one would hold up the end of the process."""
    return open(sys.stdout.fileno(), "w", encoding=sys.stdout.encoding, errors="backslashreplace", closefd=False)


class JsonPrinter:
    """Honcho's printer, which puts the process's name before each line, so that no line would be JSON."""

    def __init__(self, output: TextIO) -> None:
        self.output = output
        self.width = 0  # honcho sets it, to align names

    def write(self, message: Message) -> None:
        """Print a message of a process, or of honcho itself."""
        data = message.data
        text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
        for line in filter(str.strip, text.splitlines()):
            print(json.dumps(_named(line, message)), file=self.output, flush=True)


def _named(line: str, message: Message) -> dict[str, object]:
    """Return a line's object with its process; a line that is none becomes the event of one."""
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        event = {"event": line, "level": "info", "timestamp": message.time.astimezone().isoformat()}
    return {**event, "process": message.name}
