"""Where an API is reached: the base address with its variables, and operations with an address of their own."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from tools.openapi.errors import DocumentInvalid, OperationRefused
from tools.openapi.naming.texts import plain, slug, words_of
from tools.openapi.reading.document import Document

VARIABLE = re.compile(r"\{([^{}]*)\}")
ADDRESS = re.compile(r"https?://[^\s?#/]+[^\s?#]*")
# Variables that are the same for everybody: the description's value is filled in.
CONSTANTS = frozenset({"version", "basepath", "base_path", "protocol", "scheme", "port", "apiversion", "api_version"})
MAX_ADDRESS = 300
NO_ADDRESS = "The document does not say where the API is ({}). Give its address: --base-url https://…"


@dataclass(frozen=True)
class Base:
    """The base address, and the connection fields for its variables."""

    url: str
    fields: list[dict[str, Any]] = field(default_factory=list)


def base_of(document: Document, given: str = "") -> Base:
    """Return the given base address, or else the document's; raise DocumentInvalid."""
    if given:
        if not _is_address(given):
            raise DocumentInvalid([f"base_url: {given[:80]} is not an address such as https://api.example.com/v1."])
        return _filled(given.rstrip("/"), {})
    servers = document.root.get("servers")
    if document.is_swagger:
        servers = [{"url": _swagger_address(document)}]
    found = [each for each in servers if isinstance(each, dict)] if isinstance(servers, list) else []
    bases = [_base(each) for each in found]
    usable = [base for base in bases if _is_address(base.url)]
    if not usable:
        named = ", ".join(base.url[:80] for base in bases if base.url) or "it names no server"
        raise DocumentInvalid([NO_ADDRESS.format(named)])
    # Credentials go to this address, so one with TLS is preferred.
    secure = [base for base in usable if base.url.startswith("https://")]
    return (secure or usable)[0]


def _base(server: dict[str, Any]) -> Base:
    """Return a server's address with fields for its variables, or with their default values if that is no address."""
    base = _filled(str(server.get("url", "")), server.get("variables"))
    if _is_address(base.url):
        return base
    usual = _usual(server) if isinstance(server.get("url"), str) else ""
    return Base(usual) if _is_address(usual) else base


def _is_address(url: str) -> bool:
    return len(url) <= MAX_ADDRESS and ADDRESS.fullmatch(url) is not None and _joined(url, "/") != ""


def _joined(base: str, url: str) -> str:
    """Return an address that may be relative to another one; empty if it is none."""
    try:
        return urljoin(base, url)
    except ValueError:  # such as a bracket that belongs to no IPv6 address
        return ""


def _swagger_address(document: Document) -> str:
    root = document.root
    host, path = root.get("host"), root.get("basePath", "")
    if not isinstance(host, str):
        return path if isinstance(path, str) else ""
    schemes = root.get("schemes") if isinstance(root.get("schemes"), list) else ["https"]
    scheme = "http" if schemes and "https" not in schemes and "http" in schemes else "https"
    return f"{scheme}://{host}{path if isinstance(path, str) else ''}"


def _filled(url: str, variables: Any) -> Base:
    """Return an address whose variables are connection fields, or filled in where they are the same for everybody."""
    variables = variables if isinstance(variables, dict) else {}
    fields: dict[str, dict[str, Any]] = {}

    def placed(found: re.Match[str]) -> str:
        variable = variables.get(found[1])
        variable = variable if isinstance(variable, dict) else {}
        default = str(variable.get("default", ""))
        choices = [str(each) for each in variable["enum"]] if isinstance(variable.get("enum"), list) else []
        is_constant = len(choices) == 1 or found[1].lower() in CONSTANTS or "/" in default
        if default and is_constant:
            return default
        name = slug(words_of(found[1])) or "server"
        fields[name] = _field(name, default, choices, variable.get("description"))
        return "{" + name + "}"

    return Base(VARIABLE.sub(placed, url.strip()).rstrip("/"), list(fields.values()))


def _field(name: str, default: str, choices: list[str], description: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"name": name, "label": name.replace("_", " ").capitalize()[:80]}
    words = plain(description, 400)
    if choices and len(choices) <= 20:
        words = f"{words} One of: {', '.join(choices)}."[:500].strip()
        made["pattern"] = "|".join(re.escape(choice) for choice in choices)
    if len(made.get("pattern", "")) > 200 or "pattern" not in made:
        # The value becomes part of the address, so it must not contain a slash, an @ or a question mark.
        made["pattern"] = r"[A-Za-z0-9.-]+" + ("(:[0-9]+)?" if "." in default or not default else "")
    if words:
        made["help"] = words
    if default:
        made["placeholder"] = default[:80]
    return made


def prefix_of(servers: list[Any], base: Base, document: Document) -> str:
    """Return what comes between the base address and an operation's path; raise OperationRefused.

    Most operations name no server of their own; one that does must be below the base address.
    """
    root = document.root.get("servers")
    known = {_raw(each) for each in root} if isinstance(root, list) else set()
    own = [each for each in servers if isinstance(each, dict) and isinstance(each.get("url"), str)]
    if not own or any(_raw(each) in known for each in own):
        return ""
    urls = [_usual(each) for each in own]
    for url in urls:
        absolute = url if "://" in url else _joined(base.url + "/", url)
        if (absolute == base.url or absolute.startswith(base.url + "/")) and "{" not in url:
            return absolute.removeprefix(base.url).rstrip("/")
    raise OperationRefused(f"it is served from another address ({_host(urls[0])}), and a definition has one")


def _usual(server: dict[str, Any]) -> str:
    """Return a server's address with the default value of each variable."""
    variables = server.get("variables")

    def value(found: re.Match[str]) -> str:
        variable = variables.get(found[1]) if isinstance(variables, dict) else None
        return str(variable.get("default", found[0])) if isinstance(variable, dict) else found[0]

    return VARIABLE.sub(value, str(server["url"]).strip()).rstrip("/")


def _raw(server: Any) -> str:
    return str(server.get("url", "")).rstrip("/") if isinstance(server, dict) else ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc[:80] or url[:80]
    except ValueError:
        return url[:80]
