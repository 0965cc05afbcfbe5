"""Whether the ports that processes listen on can be used, before one of them tries."""

import errno
import socket

from django.conf import settings


class PortUnusable(Exception):
    """A process cannot listen at its port; the message says why, and what to do."""


def check_port(name: str, port: int) -> None:
    """Raise PortUnusable unless this process could listen there; `name` is the setting that chooses another port."""
    try:
        found = socket.getaddrinfo(settings.HOST, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        raise PortUnusable(f"HOST is {settings.HOST!r}, which is not an address of this machine.") from None
    for family, kind, protocol, _, address in found:
        with socket.socket(family, kind, protocol) as probe:
            # Connections of an earlier run in TIME_WAIT do not keep the port in use.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as refusal:
                raise PortUnusable(_words(name, port, refusal)) from None


def _words(name: str, port: int, refusal: OSError) -> str:
    match refusal.errno:
        case errno.EADDRINUSE:
            return f"Port {port} is in use: stop what uses it, or choose another with {name}={port + 10}."
        case errno.EACCES:
            return f"Port {port} is reserved for the system's administrator: choose one above 1023 with {name}."
        case errno.EADDRNOTAVAIL:
            return f"HOST is {settings.HOST!r}, which is not an address of this machine."
        case _:
            return f"Port {port} of {settings.HOST} cannot be used ({refusal.strerror}): choose another with {name}."
