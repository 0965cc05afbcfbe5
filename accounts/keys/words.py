"""What operators read about keys: which is wrong, what that means, and where to look."""

from django.conf import settings

from accounts.keys.findings import KeyFinding, KeyState
from accounts.keys.given import CREDENTIAL_KEYS, SECRET_KEY, TOKEN_KEY
from accounts.texts.counting import counted

LOST = {
    TOKEN_KEY: "every MCP URL, API token, invitation, sign-in and recovery code",
    SECRET_KEY: "every sign-in, the memory of known browsers, and cursors of REST lists",
}


def refusal(refused: list[KeyFinding]) -> str:
    """Return one sentence that says which keys are wrong or missing, what it means, and which backup to look in."""
    problems = "; ".join(map(problem_of, refused))
    return (
        f"{problems}: take the keys from the backup that was made when this database had them "
        f"({_place(refused)}), and see what `manage.py check_keys` says, with which you can also give up a key that is "
        "lost for good."
    )


def problem_of(finding: KeyFinding) -> str:
    """Return what is wrong with one key, and what it means, as a clause."""
    name = display_name(finding.name)
    if finding.state is KeyState.MISSING:
        return f"{name} is missing, under which {_sealed(finding)} encrypted that nobody can read without it"
    if finding.replaced_at is not None:
        return (
            f"{name} is one that another key replaced on {finding.replaced_at:%Y-%m-%d}, so that what was made since "
            "then would be refused"
        )
    if finding.name.startswith(CREDENTIAL_KEYS):
        return f"{name} is not the key that this database was used with, so that {_sealed(finding)} unreadable"
    return f"{name} is not the key that this database was used with, so that {loss(finding)} would be refused"


def loss(finding: KeyFinding) -> str:
    """Return what giving up a key would lose for good."""
    if finding.name in LOST:
        return LOST[finding.name]
    return f"{counted(finding.sealed, 'stored text')}: credentials and tokens of accounts, second factors"


def display_name(name: str) -> str:
    """Return a key's name as the documentation has it."""
    if name.startswith(CREDENTIAL_KEYS):
        return f"the key {name.removeprefix(CREDENTIAL_KEYS)} of CREDENTIAL_KEYS"
    return name


def _sealed(finding: KeyFinding) -> str:
    verb = "is" if finding.sealed == 1 else "are"
    return f"{counted(finding.sealed, 'stored text')} {verb}"


def _place(refused: list[KeyFinding]) -> str:
    """Return where the keys are kept."""
    if not settings.LOCAL:
        return "the environment's: deploy/.env, the cluster's Secret, or wherever this installation keeps them"
    variables = dict.fromkeys(finding.name.partition(":")[0] for finding in refused)
    files = " and ".join(f"{name.lower().replace('_', '-')}.secret" for name in variables)
    return f"{files} in {settings.DATA_DIR}, unless the environment gives them"
