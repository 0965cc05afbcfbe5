"""The background processes: `python -m config.background worker …` and `… beat …`, with Celery's own options.

`celery --app config worker …` does the same, but imports Celery's other commands too, one of which brings a shell
along: 8 MB of each process. Those commands, such as `inspect`, are there as ever.
"""

import click
from celery.bin.base import CLIContext
from celery.bin.beat import beat
from celery.bin.worker import worker

from config.celery import app
from config.monitoring.traces import start_tracing

PROGRAM = "python -m config.background"


def main() -> None:
    """Run the command that is named, without Celery's banner, and traced where a collector is named."""
    commands = click.Group(commands=[worker, beat])
    stop_tracing = start_tracing()
    try:
        commands(prog_name=PROGRAM, obj=CLIContext(app, no_color=True, workdir=None, quiet=True))
    finally:
        stop_tracing()


if __name__ == "__main__":
    main()
