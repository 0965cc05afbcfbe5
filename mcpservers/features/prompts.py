"""Prompts of a server: those of its integration whose tools its filters leave. MCP, Server features, Prompts."""

from collections.abc import Mapping
from typing import Any

from accounts.definition import Prompt
from accounts.definition.parts import PLACEHOLDER
from accounts.texts.nearest import nearest
from mcpservers.errors import JsonRpcError
from mcpservers.jsonrpc import INVALID_PARAMS, as_object
from tools.catalogue.tool import ToolSet

MAX_VALUE = 2_000
NOT_GIVEN = "(not given)"


def prompts_of(declared: Mapping[str, Prompt], tools: ToolSet) -> dict[str, Prompt]:
    """Return the prompts whose tools are all among a server's."""
    return {name: prompt for name, prompt in declared.items() if all(map(tools.of_method, prompt.tools))}


def listed(prompts: Mapping[str, Prompt]) -> list[dict[str, Any]]:
    """Return the prompts as `prompts/list` carries them."""
    return [
        {
            "name": name,
            "title": prompt.title,
            "description": prompt.description,
            "arguments": [
                {"name": each.name, "description": each.description, "required": each.required}
                for each in prompt.arguments
            ],
        }
        for name, prompt in prompts.items()
    ]


def filled(prompts: Mapping[str, Prompt], params: dict[str, Any]) -> dict[str, Any]:
    """Return the message of a prompt with its arguments, or raise JsonRpcError."""
    name = params.get("name")
    prompt = prompt_of(prompts, name)
    given = _given(prompt, params.get("arguments"))
    missing = [each.name for each in prompt.arguments if each.required and not given.get(each.name)]
    if missing:
        raise invalid_params(f"the prompt {name} needs {', '.join(missing)}")
    # Filled in one pass, so that braces in a value stay what they are.
    text = PLACEHOLDER.sub(lambda found: given.get(found[1]) or NOT_GIVEN, prompt.text)
    content = {"type": "text", "text": text.strip()}
    return {"description": prompt.description, "messages": [{"role": "user", "content": content}]}


def prompt_of(prompts: Mapping[str, Prompt], name: Any) -> Prompt:
    """Return the prompt of this name, or raise JsonRpcError."""
    if not isinstance(name, str):
        raise invalid_params("name must be the name of a prompt")
    if name not in prompts:
        meant = nearest(name, prompts, cutoff=0.6)
        raise invalid_params(f"there is no prompt {name[:64]}" + (f"; did you mean {meant}?" if meant else ""))
    return prompts[name]


def _given(prompt: Prompt, arguments: Any) -> dict[str, str]:
    """Return the arguments of a prompt; numbers are taken as text, since some forms send them."""
    given = {} if arguments is None else as_object(arguments)
    if given is None:
        raise invalid_params("arguments must be an object of texts")
    known = {each.name for each in prompt.arguments}
    for name, value in given.items():
        if name not in known:
            raise invalid_params(
                f"{name[:64]} is no argument of the prompt; it has: {', '.join(sorted(known)) or 'none'}"
            )
        if not isinstance(value, str | int | float) or len(str(value)) > MAX_VALUE:
            raise invalid_params(f"{name} must be a text of at most {MAX_VALUE:,} characters")
    return {name: str(value).strip() for name, value in given.items()}


def invalid_params(problem: str) -> JsonRpcError:
    """Return the error for a request whose params do not fit; `problem` is a clause."""
    ending = "" if problem.endswith("?") else "."
    return JsonRpcError(INVALID_PARAMS, f"Invalid params: {problem}{ending}")
