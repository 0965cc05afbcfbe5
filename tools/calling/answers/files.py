"""Read answers that are not JSON: text in its charset, and files as content that a client can show."""

import base64
import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

from accounts.vendors.answers.charsets import charset_of, decoded, parameter
from accounts.vendors.segments import CONTROL, SEPARATOR
from accounts.vendors.upstream import UpstreamResponse

OCTETS = "application/octet-stream"
MAX_NAME = 120
# The `Accept` header for each kind of answer that is not JSON.
ACCEPTED = {"text": "text/plain, */*;q=0.5", "html": "text/html, */*;q=0.5", "file": "*/*"}
# The images that models can see, by their first bytes. A client that passes a model any other image, or one with a
# wrong media type, loses the whole conversation, so every other image is a file.
IMAGES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)
SOUNDS = (
    (re.compile(rb"RIFF....WAVE", re.DOTALL), "audio/wav"),
    (re.compile(rb"OggS"), "audio/ogg"),
    (re.compile(rb"fLaC"), "audio/flac"),
    (re.compile(rb"ID3|\xff[\xfb\xf3\xf2]"), "audio/mpeg"),
)
TEXTUAL = re.compile(
    r"text/.+|.+\+(?:json|xml|yaml)|application/(?:json|xml|yaml|x-yaml|javascript|sql|csv|x-ndjson|rtf|toml)"
)


class FileKind(StrEnum):
    """How a file is passed on."""

    IMAGE = "image"
    AUDIO = "audio"
    TEXT = "text"
    BINARY = "binary"


@dataclass(frozen=True, slots=True)
class File:
    """A file that a vendor answered with. `text` is its content if that is textual; `size` is in bytes."""

    kind: FileKind
    media_type: str
    name: str
    content: bytes = field(repr=False)
    text: str = field(default="", repr=False)

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def base64(self) -> str:
        return base64.b64encode(self.content).decode()

    @property
    def uri(self) -> str:
        """An identifier made up here, which reveals nothing of its source and cannot be fetched."""
        digest = hashlib.sha256(self.content).hexdigest()[:32]
        return f"patchbay://files/{digest}/{quote(self.name, safe='')}"


def read_file(response: UpstreamResponse) -> File:
    """Return an answer as a file; its first bytes identify images and sounds, whatever media type it declares."""
    declared, content, name = response.media_type or OCTETS, response.body, _file_name(response)
    kind, media_type = recognised(content, declared)
    if kind is FileKind.AUDIO and declared.startswith("audio/"):
        media_type = declared
    if kind is not FileKind.BINARY:
        return File(kind, media_type, name, content)
    if declared.startswith("audio/"):
        return File(FileKind.AUDIO, declared, name, content)
    if TEXTUAL.fullmatch(declared):
        return File(FileKind.TEXT, declared, name, content, read_text(response))
    return File(FileKind.BINARY, declared, name, content)


def recognised(content: bytes, declared: str) -> tuple[FileKind, str]:
    """Return the kind and media type of an image or sound by its first bytes; of all else, that it is binary."""
    for first_bytes, media_type in IMAGES:
        if first_bytes.match(content):
            return FileKind.IMAGE, media_type
    # A text may begin with the same characters, such as `ID3`.
    for first_bytes, media_type in () if TEXTUAL.fullmatch(declared) else SOUNDS:
        if first_bytes.match(content):
            return FileKind.AUDIO, media_type
    return FileKind.BINARY, declared


def read_text(response: UpstreamResponse) -> str:
    """Decode an answer by its charset, UTF-8 by default; undecodable bytes are replaced."""
    return decoded(response.body, charset_of(response) or "utf-8")


def _file_name(response: UpstreamResponse) -> str:
    """Return the answer's name for its file (RFC 6266); `file` if it has none."""
    return file_name(parameter(response.headers.get("content-disposition", ""), "filename"))


def file_name(declared: object) -> str:
    """Return a file's declared name as one line without a path; `file` if there is none."""
    name = CONTROL.sub("", SEPARATOR.split(declared)[-1]).strip(" .") if isinstance(declared, str) else ""
    return name[:MAX_NAME] or "file"
