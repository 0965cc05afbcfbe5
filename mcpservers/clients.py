"""The commands that give a server's URL to clients which are set up on a command line."""

from urllib.parse import urlsplit

from django.utils.text import slugify

THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}
BEARER = "Bearer $PATCHBAY_API_TOKEN"
LIST_TOOLS = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'


def commands_for(url: str, server_name: str, *, with_api_token: bool) -> dict[str, str]:
    """Return a command for each client, ready to be pasted into a shell; the API token is a shell variable."""
    # What `claude mcp add` takes as a name: letters, digits, hyphens, underscores.
    name = slugify(server_name)[:40].strip("-_") or "patchbay"
    spaced = f' \\\n  --header "Authorization: {BEARER}"' if with_api_token else ""
    # mcp-remote splits at the first colon; some clients that start it break arguments at spaces after one.
    tight = f' \\\n  --header "Authorization:{BEARER}"' if with_api_token else ""
    curl = f' \\\n  -H "Authorization: {BEARER}"' if with_api_token else ""
    return {
        "claude_code": f"claude mcp add --transport http {name} {url}{spaced}",
        "stdio": f"npx -y mcp-remote {url}{_unencrypted(url)}{tight}",
        "curl": (
            f"curl -sS {url}{curl} \\\n"
            "  -H 'Content-Type: application/json' \\\n"
            "  -H 'Accept: application/json, text/event-stream' \\\n"
            f"  -d '{LIST_TOOLS}'"
        ),
    }


def is_public(url: str) -> bool:
    """Tell whether clients in the cloud can reach an address: they want HTTPS and a name that is not this machine's."""
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.hostname not in THIS_MACHINE


def _unencrypted(url: str) -> str:
    """Return what mcp-remote wants besides an address that is neither HTTPS nor on this machine."""
    parts = urlsplit(url)
    return " --allow-http" if parts.scheme == "http" and parts.hostname not in THIS_MACHINE else ""
