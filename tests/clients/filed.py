"""A help desk whose first ticket has a text, a PDF and an image: FuseDesk has no files to read."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.pdf_files import pdf
from tests.vendors.application import serving
from tests.vendors.file_host import LOG, FileHost
from tests.vendors.freshdesk.api import KEY, Freshdesk

TICKET = 4001
TEXT = LOG.decode()
PDF_TEXT = "Invoice 4711 was paid twice."
# A single pixel.
IMAGE = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mP4DwABAQEAHLCMmQAAAABJRU5ErkJggg==")
FILES = {
    "text": ("log.txt", "text/plain", LOG),
    "pdf": ("invoice.pdf", "application/pdf", pdf(PDF_TEXT)),
    "image": ("screen.png", "image/png", IMAGE),
}
TOOL = "freshdesk_tickets_read_attachment"
ID = {kind: str(9101 + number) for number, kind in enumerate(FILES)}


@contextmanager
def desk_with_files() -> Iterator[Freshdesk]:
    """Serve the help desk, and from another host its files, for as long as the block lasts."""
    with serving(FileHost()) as host, serving(Freshdesk()) as desk:
        desk.file_host = host.address
        desk.data.tables["tickets"][TICKET]["attachments"] = [
            {"id": int(ID[kind]), "name": name, "content_type": media_type, "size": len(content)}
            | {"attachment_url": host.put(f"/{name}", content, media_type)}
            for kind, (name, media_type, content) in FILES.items()
        ]
        yield desk


def connect(desk: Freshdesk, seeded: dict[str, Any]) -> str:
    """Connect an account of it over REST, make a server with every tool, and return the server's URL."""
    with httpx.Client(
        base_url=seeded["dashboard_url"], headers={"Authorization": f"Bearer {seeded['api_token']}"}, timeout=20
    ) as api:
        account = {
            "integration": "freshdesk",
            "name": "Desk",
            "base_url": f"{desk.address}/api/v2",
            "connection": {"domain": "acme", "api_key": KEY},
        }
        connected = api.post("/integrated-account", json=account).raise_for_status().json()
        server = {"name": "Desk", "config": {"methods": ["read", "write", "custom"]}}
        made = api.post(f"/integrated-account/{connected['id']}/mcp", json=server).raise_for_status().json()
    return str(made["url"])
