"""What the Zendesk stand-in holds in the beginning: a small desk of a shop, with one of everything unusual."""

import re
from itertools import count
from typing import Any

from tests.vendors.stand_in import Record

SORTABLE = {"tickets": {"id", "updated_at"}}
WRITABLE = {
    "tickets": {
        "subject", "comment", "requester_id", "assignee_id", "group_id", "organization_id", "priority", "type",
        "status", "tags", "custom_fields", "external_id", "due_at", "problem_id", "custom_status_id",
    },
    "users": {
        "name", "email", "phone", "organization_id", "role", "skip_verify_email", "external_id", "tags", "details",
        "notes", "time_zone", "suspended",
    },
    "organizations": {
        "name", "domain_names", "group_id", "tags", "details", "notes", "external_id", "shared_tickets",
    },
}  # fmt: skip
LOG = {"id": 498001, "file_name": "log.txt", "content_type": "text/plain", "size": 43, "inline": False}
STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
TICKETS = 57


def moment(number: int) -> str:
    """Return a time that grows with a number."""
    return f"2026-03-{1 + number // 24:02d}T{number % 24:02d}:00:00Z"


class ZendeskData:
    """Tables of records by id."""

    def __init__(self) -> None:
        self._ids = count(900_001)
        self.uploads: dict[str, Record] = {}
        self.comments: dict[int, list[Record]] = {}
        groups = [
            {"id": 501 + number, "name": name, "description": "", "default": number == 0, "deleted": number == 2}
            for number, name in enumerate(("Support", "Billing", "Former team"))
        ]
        organizations = [
            self._organization(601 + n, f"{name} Inc.") for n, name in enumerate(("Acme", "Acorn", "Birch", "Cedar"))
        ]
        self.tables: dict[str, dict[int, Record]] = {
            "groups": by_id(groups),
            "organizations": by_id(organizations),
            "users": by_id(self._user(n) for n in range(31)),
            "tickets": {},
            "views": by_id(self._view(n) for n in range(4)),
            "macros": by_id(self._macro(n) for n in range(3)),
            "tags": {n: {"name": f"tag_{n}", "count": 40 - n} for n in range(27)},
            "ticket_fields": by_id(self._field(n) for n in range(6)),
            "custom_statuses": by_id(self._status(n) for n in range(4)),
            "satisfaction_ratings": by_id(self._rating(n) for n in range(12)),
        }
        for number in range(TICKETS):
            self._first_ticket(number)

    @property
    def me(self) -> Record:
        """The agent in whose name the tokens are."""
        return self.tables["users"][101]

    def add(self, kind: str, given: Record) -> Record:
        """Keep a new record; what was not given is null."""
        empty = dict.fromkeys(next(iter(self.tables[kind].values())))
        record = {
            **empty,
            "tags": [],
            **given,
            "id": next(self._ids),
            "created_at": moment(700),
            "updated_at": moment(700),
        }
        self.tables[kind][record["id"]] = record
        return record

    def add_ticket(self, given: Record, description: str) -> Record:
        """Keep a new ticket, without a comment."""
        usual = {
            "status": "new",
            "requester_id": self.me["id"],
            "submitter_id": self.me["id"],
            "description": description,
        }
        ticket = self.add("tickets", {**usual, **given})
        self.comments[ticket["id"]] = []
        return ticket

    def add_comment(
        self, ticket: int, body: str, *, public: bool, attachments: list[Record], author: int = 101
    ) -> None:
        """Add a comment, in its three forms."""
        self.comments[ticket].append(
            {
                "id": next(self._ids), "type": "Comment", "author_id": author, "public": public, "body": body,
                "html_body": f'<div class="zd-comment"><p>{body}</p></div>', "plain_body": body, "audit_id": 1,
                "attachments": [
                    {**file, "content_url": f"{{own}}/attachments/token/{file['id']}/?name={file['file_name']}"}
                    for file in attachments
                ],
                "via": {"channel": "api", "source": {"from": {}, "to": {}, "rel": None}}, "metadata": {"system": {}},
                "created_at": moment(650),
            }
        )  # fmt: skip

    def search(self, query: str) -> list[Record]:
        """Return what the few words of the language that are known here find."""
        kinds = {"ticket": "tickets", "user": "users", "organization": "organizations", "group": "groups"}
        wanted, rows = "", []
        for kind, table in kinds.items():
            rows += [{**row, "result_type": kind} for row in self.tables[table].values()]
        for word in re.findall(r'\S*"[^"]*"|\S+', query):
            wanted = word.replace('"', "").lower()
            rows = [row for row in rows if self._fits(row, wanted)]
        return rows

    def _fits(self, row: Record, word: str) -> bool:
        name, sign, value = re.fullmatch(r"(?:(\w+)([:<>]))?(.*)", word).groups()  # type: ignore[union-attr]
        if name == "type":
            return bool(row["result_type"] == value)
        if name == "status":
            order = STATUSES.index(str(row.get("status", "closed")))
            return order < STATUSES.index(value) if sign == "<" else order == STATUSES.index(value)
        if name == "tags":
            return value in (row.get("tags") or [])
        if name == "requester":
            requester = self.tables["users"].get(row.get("requester_id") or 0)
            return requester is not None and requester["email"] == value
        text = f"{row.get('subject', '')} {row.get('description', '')} {row.get('name', '')}".lower()
        return value in text

    def _organization(self, number: int, name: str) -> Record:
        return {
            "id": number, "url": f"https://acme.zendesk.com/api/v2/organizations/{number}.json", "name": name,
            "domain_names": [f"{name.split(maxsplit=1)[0].lower()}.example"], "group_id": None, "tags": ["customer"],
            "details": None, "notes": None, "external_id": None, "shared_tickets": False, "shared_comments": False,
            "organization_fields": {"plan": None}, "created_at": moment(1), "updated_at": moment(2),
        }  # fmt: skip

    def _user(self, number: int) -> Record:
        role = "admin" if number == 0 else "agent" if number < 4 else "end-user"
        name = ("Ana Admin", "Bo Agent", "Cy Agent", "Di Agent")[number] if number < 4 else f"Customer {number:02d}"
        return {
            "id": 101 + number, "url": f"https://acme.zendesk.com/api/v2/users/{101 + number}.json", "name": name,
            "email": f"{name.replace(' ', '.').lower()}@example.com", "phone": None, "role": role, "verified": True,
            "organization_id": 601 + number % 4 if number >= 4 else None,
            "default_group_id": 501 if number < 4 else None,
            "active": True, "suspended": False, "tags": [], "details": None, "notes": None, "time_zone": "Berlin",
            "external_id": f"crm-{number}", "user_fields": {}, "photo": None, "signature": None, "alias": None,
            "created_at": moment(number), "updated_at": moment(number), "last_login_at": None,
        }  # fmt: skip

    def _first_ticket(self, number: int) -> None:
        requester = self.tables["users"][105 + number % 25]
        ticket = {
            "id": 1001 + number, "url": f"https://acme.zendesk.com/api/v2/tickets/{1001 + number}.json",
            "external_id": f"ORDER-{number}", "subject": f"Order {number} has not arrived", "raw_subject": "",
            "description": f"Hello, where is order {number}?", "status": STATUSES[number % 6],
            "priority": ("low", "normal", "high", "urgent", None)[number % 5],
            "type": "problem" if number == 0 else "incident" if number < 6 else "question",
            "problem_id": 1001 if 0 < number < 6 else None, "requester_id": requester["id"],
            "submitter_id": requester["id"], "assignee_id": 102 + number % 3 if number % 2 else None,
            "group_id": 501 + number % 2, "organization_id": requester["organization_id"], "recipient": None,
            "tags": ["shipping"] if number % 3 else ["refund", "shipping"], "due_at": None, "is_public": True,
            "custom_fields": [{"id": 804, "value": None}], "via": {"channel": "email"},
            "satisfaction_rating": {"score": "unoffered"},
            "created_at": moment(number), "updated_at": moment(2 * number),
        }  # fmt: skip
        self.tables["tickets"][ticket["id"]] = ticket
        self.comments[ticket["id"]] = []
        messages = 60 if number == 7 else 2
        for each in range(messages):
            words = ticket["description"] if each == 0 else f"Message {each}"
            author = requester["id"] if each % 2 == 0 else 102
            files = [LOG] if (number, each) in {(0, 0), (7, 41)} else []
            self.add_comment(ticket["id"], words, public=each % 3 != 2, attachments=files, author=author)

    def _view(self, number: int) -> Record:
        return {
            "id": 701 + number, "title": ("Your unsolved tickets", "Unassigned", "Recent", "Old queue")[number],
            "description": None, "active": number < 3, "position": number, "restriction": None, "default": number == 0,
            "conditions": {"all": [{"field": "status", "operator": "less_than", "value": "solved"}], "any": []},
            "execution": {"columns": [{"id": "subject", "title": "Subject"}]}, "updated_at": moment(3),
        }  # fmt: skip

    def _macro(self, number: int) -> Record:
        return {
            "id": 751 + number, "title": ("Where is my order", "Refund sent", "Old macro")[number],
            "description": None, "position": number, "active": number < 2, "updated_at": moment(4),
            "actions": [
                {"field": "status", "value": "pending"},
                {"field": "comment_value", "value": "It is on its way."},
            ],
        }  # fmt: skip

    def _field(self, number: int) -> Record:
        titles = ("Subject", "Description", "Status", "Priority", "Order number", "Reason")
        options = [{"id": 1, "name": "Damaged", "raw_name": "Damaged", "value": "damaged", "default": False}]
        return {
            "id": 801 + number, "title": titles[number], "type": "tagger" if number == 5 else "text", "active": True,
            "description": "", "agent_description": None, "required": number < 2, "position": number,
            **({"custom_field_options": options} if number == 5 else {}), "updated_at": moment(5),
        }  # fmt: skip

    def _status(self, number: int) -> Record:
        name = ("Open", "Waiting on courier", "Solved", "Old status")[number]
        return {
            "id": 901 + number, "agent_label": name, "end_user_label": name, "raw_agent_label": name,
            "active": number < 3, "status_category": ("open", "hold", "solved", "open")[number],
            "default": number in {0, 2}, "description": None, "updated_at": moment(6),
        }  # fmt: skip

    def _rating(self, number: int) -> Record:
        return {
            "id": 851 + number, "score": ("good", "bad", "offered")[number % 3], "ticket_id": 1001 + number,
            "comment": "Thank you" if number % 2 else None, "reason": None, "requester_id": 105 + number,
            "assignee_id": 102, "group_id": 501, "created_at": moment(number), "_at": 1_772_323_200 + 3600 * number,
        }  # fmt: skip


def by_id(rows: Any) -> dict[int, Record]:
    """Return records by their ids."""
    return {row["id"]: row for row in rows}
