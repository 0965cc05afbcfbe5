"""The vendor's references: CAS-89102, CHT-5542, DEP-04."""

CASE = "CAS"
CHAT = "CHT"
DEPARTMENT = "DEP"


def case_reference(number: int) -> str:
    """Write the reference of a case."""
    return f"{CASE}-{number}"


def chat_reference(number: int) -> str:
    """Write the reference of a chat."""
    return f"{CHAT}-{number}"


def department_reference(number: int) -> str:
    """Write the reference of a department, with two digits at least."""
    return f"{DEPARTMENT}-{number:02d}"


def parse_reference(text: str, prefix: str = "") -> int | None:
    """Read `89102` or, where there is a prefix, `CAS-89102` in any case; None for anything else."""
    digits = text.strip()
    if prefix and digits[: len(prefix) + 1].upper() == f"{prefix}-":
        digits = digits[len(prefix) + 1 :]
    # A number of more digits than any record has is no number worth parsing.
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        return None
    return int(digits)
