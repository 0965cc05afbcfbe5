"""Check the values of connection fields before they are saved: their form, and the addresses made of them."""

from typing import Any

from accounts.definition import PLACEHOLDER, ConnectionField, Definition, OAuthAuthentication
from accounts.definition.patterns import PatternUnusable, matches
from accounts.errors import ConnectionIncomplete
from accounts.vendors.addresses import base_url_problem
from accounts.vendors.authentication import fill
from accounts.vendors.oauth.client import endpoint_problem, registered_client

MAX_UNKNOWN = 8


def split_fields(
    definition: Definition, given: dict[str, Any], base_url: str = ""
) -> tuple[dict[str, str], dict[str, str]]:
    """Check connection fields and split them into open and secret ones; raise ConnectionIncomplete.

    `base_url` is the account's own address, if it has one.
    """
    problems: dict[str, str] = {}
    known = {field.name: field for field in definition.connection_fields}
    for name in sorted(given.keys() - known.keys())[:MAX_UNKNOWN]:
        problems[name[:64]] = f"is not a connection field of {definition.label}; it has: {', '.join(known)}."
    in_header = PLACEHOLDER.findall(" ".join(definition.authentication.templates.values()))
    opened: dict[str, str] = {}
    secret: dict[str, str] = {}
    for name, declared in known.items():
        value = given.get(name)
        if value is None or value == "":
            if declared.required:
                problems[name] = f"{declared.label} is required."
            continue
        if not isinstance(value, str) or not value.isprintable() or len(value) > 4000:
            problems[name] = f"{declared.label} takes one line of text."
        elif problem := _form_problem(declared, value):
            problems[name] = problem
        elif name in in_header and not value.isascii():
            problems[name] = f"{declared.label} goes into a request header, which takes only ASCII characters."
        else:
            (secret if declared.secret else opened)[name] = value
    if not problems:
        problems = _address_problems(definition, {**opened, **secret}, base_url)
    if problems:
        raise ConnectionIncomplete(problems)
    return opened, secret


def _form_problem(declared: ConnectionField, value: str) -> str:
    """Return why a value does not match its field's declared pattern; empty if it does."""
    try:
        if not declared.pattern or matches(declared.pattern, value):
            return ""
    except PatternUnusable:
        return f"{declared.label} cannot be checked: the pattern in the definition is not one that can be checked."
    return f"{declared.label} does not have the expected form. {declared.help}".strip()


def _address_problems(definition: Definition, fields: dict[str, str], base_url: str) -> dict[str, str]:
    """Return why addresses made of these fields cannot be called, by the field that is to blame."""
    labels = {field.name: field.label for field in definition.connection_fields}
    declared = definition.authentication
    addresses = [(definition.base_url, base_url_problem(fill(definition.base_url, fields)))]
    if isinstance(declared, OAuthAuthentication):
        client = registered_client(definition, declared, fields, base_url)
        templates = {client.token_url: declared.templates["token_url"]}
        if client.needs_consent:
            templates[client.authorization_url] = declared.templates["authorization_url"]
        addresses += [(template, endpoint_problem(address)) for address, template in templates.items()]
    problems = {}
    for template, problem in addresses:
        named = PLACEHOLDER.findall(template)
        if problem and named:
            problems[named[0]] = f"{labels[named[0]]} does not make an address that can be called."
        elif problem and template is not definition.base_url:
            problems["base_url"] = f"{definition.label} cannot be asked for consent or tokens at {template}: {problem}"
    return problems
