"""The vendor's references: CAS-89102, CHT-5542, DEP-04."""

CASE = "CAS"
CHAT = "CHT"
DEPARTMENT = "DEP"


def case_reference(number: int) -> str:
    """Return the reference of a case."""
    return f"{CASE}-{number}"


def chat_reference(number: int) -> str:
    """Return the reference of a chat."""
    return f"{CHAT}-{number}"


def department_reference(number: int) -> str:
    """Return the reference of a department, with at least two digits."""
    return f"{DEPARTMENT}-{number:02d}"


def parse_reference(text: str, prefix: str = "") -> int | None:
    """Parse `89102` or, with a prefix, `CAS-89102` in upper or lower case; return None for anything else."""
    digits = text.strip()
    if prefix and digits[: len(prefix) + 1].upper() == f"{prefix}-":
        digits = digits[len(prefix) + 1 :]
    # No record's number has more digits than this, so longer ones are not worth parsing.
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        return None
    return int(digits)
