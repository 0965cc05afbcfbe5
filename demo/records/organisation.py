"""The helpdesk's own side: representatives, departments, tags and webhooks."""

from dataclasses import dataclass, field

from demo.references import department_reference


@dataclass(slots=True, kw_only=True, eq=False)
class Rep:
    """A support representative: `id` is the user's id, `rep_id` the one that cases and chats refer to."""

    id: int
    rep_id: int
    first_name: str
    last_name: str
    username: str
    default_department_id: int
    active: bool

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def email_address(self) -> str:
        """The rep's own address."""
        return f"{self.username}@tidewater.example"

    def summary(self) -> dict[str, object]:
        return {
            "userId": self.id,
            "repid": self.rep_id,
            "firstName": self.first_name,
            "lastName": self.last_name,
            "username": self.username,
            "emailAddress": self.email_address,
            "active": self.active,
            "defaultDepartmentId": department_reference(self.default_department_id),
        }


@dataclass(slots=True, kw_only=True, eq=False)
class Department:
    """A department; a warning marks it as stale and says why."""

    id: int
    name: str
    rep_user_ids: list[int] = field(default_factory=list)
    stale_warning: str | None = None
    is_archived: bool = False

    def summary(self) -> dict[str, object]:
        return {
            "id": department_reference(self.id),
            "name": self.name,
            "repUserIds": self.rep_user_ids,
            "stale": self.stale_warning is not None,
            "staleWarning": self.stale_warning,
        }


@dataclass(slots=True, kw_only=True, eq=False)
class CaseTag:
    """A tag for cases."""

    id: int
    name: str
    hidden: bool = False

    def summary(self, total_cases: int) -> dict[str, object]:
        """Return the tag's fields; the caller counts the cases."""
        return {"id": self.id, "tagname": self.name, "hidden": self.hidden, "totalcases": total_cases}


@dataclass(slots=True, kw_only=True, eq=False)
class Webhook:
    """An address to call when something happens."""

    id: int
    object_type: str
    action: str
    url: str

    def summary(self) -> dict[str, object]:
        return {"id": self.id, "objectType": self.object_type, "action": self.action, "url": self.url}
