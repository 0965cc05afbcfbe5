"""What an answer holds that is no JSON: text in its charset, and files as content that a client can show."""

import base64
import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

from accounts.vendors.charsets import charset_of, decoded, parameter
from accounts.vendors.segments import CONTROL, SEPARATOR
from accounts.vendors.upstream import UpstreamResponse

OCTETS = "application/octet-stream"
MAX_NAME = 120
# What is sent as `Accept` for each kind of answer that is no JSON.
ACCEPTED = {"text": "text/plain, */*;q=0.5", "html": "text/html, */*;q=0.5", "file": "*/*"}
# The images that models can see, by their first bytes. A client that hands a model another one, or one under a
# false name, loses the whole conversation; so every other image is a file.
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
    """A file that a vendor answered with. `text` is its content where that is textual; `size` is in bytes."""

    kind: FileKind
    media_type: str
    name: str
    content: bytes = field(repr=False)
    text: str = field(default="", repr=False)

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return len(self.content)

    @property
    def base64(self) -> str:
        """Its content in Base64."""
        return base64.b64encode(self.content).decode()

    @property
    def uri(self) -> str:
        """A name of ours for it, which tells nothing of where it came from and leads nowhere."""
        digest = hashlib.sha256(self.content).hexdigest()[:32]
        return f"patchbay://files/{digest}/{quote(self.name, safe='')}"


def read_file(response: UpstreamResponse) -> File:
    """Return the file that an answer holds; its first bytes tell images and sounds, whatever the vendor calls them."""
    declared, content, name = response.media_type or OCTETS, response.body, _file_name(response)
    for first_bytes, media_type in IMAGES:
        if first_bytes.match(content):
            return File(FileKind.IMAGE, media_type, name, content)
    for first_bytes, media_type in SOUNDS:
        if first_bytes.match(content) and not TEXTUAL.fullmatch(declared):
            return File(FileKind.AUDIO, declared if declared.startswith("audio/") else media_type, name, content)
    if declared.startswith("audio/"):
        return File(FileKind.AUDIO, declared, name, content)
    if TEXTUAL.fullmatch(declared):
        return File(FileKind.TEXT, declared, name, content, read_text(response))
    return File(FileKind.BINARY, declared, name, content)


def read_text(response: UpstreamResponse) -> str:
    """Return the text of an answer in the charset that it names, UTF-8 unless told; what cannot be read is replaced."""
    return decoded(response.body, charset_of(response) or "utf-8")


def _file_name(response: UpstreamResponse) -> str:
    """Return the name that an answer gives its file (RFC 6266), without a path; `file` where it gives none."""
    told = parameter(response.headers.get("content-disposition", ""), "filename")
    name = CONTROL.sub("", SEPARATOR.split(told)[-1]).strip(" .")
    return name[:MAX_NAME] or "file"
