"""What the Freshdesk stand-in holds in the beginning: a small desk of a shop, with one of everything unusual."""

import re
from collections.abc import Iterable
from itertools import count
from typing import Any

from tests.vendors.stand_in import Record

TICKETS, RECENT = 64, 40
# What a caller may write, by resource, with the types that are taken.
WRITABLE: dict[str, dict[str, type | tuple[type, ...]]] = {
    "tickets": {
        "subject": str, "description": str, "email": str, "requester_id": int, "name": str, "status": int,
        "priority": int, "source": int, "type": str, "responder_id": int, "group_id": int, "company_id": int,
        "tags": list, "cc_emails": list, "custom_fields": dict, "due_by": str, "unique_external_id": str,
    },
    "contacts": {
        "name": str, "email": str, "other_emails": list, "phone": str, "mobile": str, "company_id": int,
        "job_title": str, "address": str, "description": str, "language": str, "tags": list,
        "unique_external_id": str,
    },
    "companies": {
        "name": str, "domains": list, "description": str, "note": str, "health_score": str, "account_tier": str,
        "renewal_date": str, "industry": str,
    },
    "articles": {"title": str, "description": str, "type": int, "status": int, "tags": list},
    "time_entries": {
        "time_spent": str, "agent_id": int, "billable": bool, "note": str, "executed_at": str,
    },
    "replies": {"body": str, "cc_emails": list, "bcc_emails": list, "from_email": str, "user_id": int},
    "notes": {"body": str, "private": bool, "notify_emails": list, "incoming": bool, "user_id": int},
}  # fmt: skip
CHOICES = {"status": {2, 3, 4, 5, 6}, "priority": {1, 2, 3, 4}, "source": {1, 2, 3, 7, 9, 10}}


def moment(number: int) -> str:
    """Return a time that grows with a number."""
    return f"2026-03-{1 + number // 24:02d}T{number % 24:02d}:00:00Z"


def by_id(rows: Iterable[Record]) -> dict[int, Record]:
    """Return records by their ids."""
    return {row["id"]: row for row in rows}


class FreshdeskData:
    """Tables of records by id. Tickets before `RECENT` are the latest 30 days'."""

    def __init__(self) -> None:
        self._ids = count(900_001)
        self.tables: dict[str, dict[int, Record]] = {
            "contacts": by_id(self._contact(number) for number in range(33)),
            "companies": by_id(self._company(number) for number in range(5)),
            "agents": by_id(self._agent(number) for number in range(6)),
            "groups": by_id(self._group(number) for number in range(3)),
            "tickets": by_id(self._ticket(number) for number in range(TICKETS)),
            "archived": by_id({**self._ticket(n), "id": 3001 + n} for n in range(2)),
            "conversations": {},
            "canned_response_folders": by_id(self._folder(number) for number in range(2)),
            "canned_responses": by_id(self._canned(number) for number in range(7)),
            "categories": by_id({"id": 41 + n, "name": f"Category {n}", "description": None} for n in range(2)),
            "folders": by_id({"id": 51 + n, "name": f"Folder {n}", "category_id": 41 + n % 2, "visibility": 1}
                             for n in range(3)),
            "articles": by_id(self._article(number) for number in range(28)),
            "time_entries": by_id(self._entry(number) for number in range(9)),
            "satisfaction_ratings": by_id(self._rating(number) for number in range(11)),
        }  # fmt: skip
        self.tables["tickets"][4001]["attachments"] = [self._file(9001)]
        for ticket in self.tables["tickets"].values():
            for number in range(45 if ticket["id"] == 4007 else 2):
                self.add_message(
                    ticket["id"],
                    f"<p>Message {number}</p>",
                    incoming=number % 2 == 0,
                    private=number % 3 == 2,
                    attachments=[self._file(9002)] if (ticket["id"], number) == (4007, 40) else [],
                )

    @property
    def me(self) -> Record:
        """The agent whose key is used."""
        return self.tables["agents"][71]

    def next_id(self) -> int:
        """Return an id that is not taken."""
        return next(self._ids)

    def add(self, kind: str, given: Record) -> Record:
        """Keep a new record; what was not given is null."""
        empty = dict.fromkeys(next(iter(self.tables[kind].values())))
        record = {**empty, **given, "id": self.next_id(), "created_at": moment(700), "updated_at": moment(700)}
        self.tables[kind][record["id"]] = record
        return record

    def add_message(self, ticket: int, body: str, **more: Any) -> Record:
        """Keep a reply or a note."""
        message = {
            "id": self.next_id(), "ticket_id": ticket, "body": body, "body_text": re.sub("<[^>]*>", "", body),
            "incoming": False, "private": False, "user_id": self.me["id"], "source": 2 if more.get("private") else 0,
            "support_email": None, "to_emails": ["customer@example.com"], "from_email": None, "cc_emails": [],
            "bcc_emails": None, "attachments": [], "created_at": moment(650), "updated_at": moment(650), **more,
        }  # fmt: skip
        self.tables["conversations"][message["id"]] = message
        return message

    def _file(self, number: int) -> Record:
        return {
            "id": number, "name": "log.txt", "content_type": "text/plain", "size": 43, "created_at": moment(1),
            "updated_at": moment(1), "attachment_url": "{files}/log.txt?X-Amz-Signature={now}",
        }  # fmt: skip

    def search(self, kind: str, query: str) -> list[Record]:
        """Return what conditions of the form name:value, joined by AND alone, find."""
        rows = list(self.tables[kind].values())
        for condition in query.split(" AND "):
            found = re.fullmatch(r"(\w+):([<>]?)'?([^']*)'?", condition.strip())
            if found is None:
                raise ValueError(condition)
            name, sign, value = found.groups()
            rows = [row for row in rows if _fits(row, name, sign, value)]
        return rows

    def _contact(self, number: int) -> Record:
        return {
            "id": 1001 + number, "name": f"Customer {number:02d}", "email": f"customer{number:02d}@example.com",
            "phone": None, "mobile": None, "company_id": 11 + number % 5, "job_title": None, "address": None,
            "description": None, "language": "en", "time_zone": "Berlin", "tags": ["vip"] if number % 4 == 0 else [],
            "other_emails": [], "active": number % 2 == 0, "twitter_id": None, "unique_external_id": None,
            "custom_fields": {}, "created_at": moment(number), "updated_at": moment(number),
        }  # fmt: skip

    def _company(self, number: int) -> Record:
        name = ("Acme", "Acorn", "Birch", "Cedar", "Dogwood")[number]
        return {
            "id": 11 + number, "name": name, "domains": [f"{name.lower()}.example"], "description": None,
            "note": None, "health_score": "Happy", "account_tier": "Basic", "renewal_date": None, "industry": None,
            "custom_fields": {}, "created_at": moment(number), "updated_at": moment(number),
        }  # fmt: skip

    def _agent(self, number: int) -> Record:
        name = ("Ana", "Bo", "Cy", "Di", "Ed", "Fi")[number]
        return {
            "id": 71 + number, "available": number % 2 == 0, "occasional": number == 5, "ticket_scope": 1,
            "group_ids": [31], "role_ids": [1], "type": "support_agent", "signature": None,
            "contact": {"name": name, "email": f"{name.lower()}@desk.example", "active": True, "phone": None},
            "created_at": moment(number), "updated_at": moment(number),
        }  # fmt: skip

    def _group(self, number: int) -> Record:
        return {
            "id": 31 + number, "name": ("Support", "Billing", "Returns")[number], "description": None,
            "agent_ids": [71, 72], "escalate_to": None, "unassigned_for": None, "updated_at": moment(1),
        }  # fmt: skip

    def _ticket(self, number: int) -> Record:
        words = f"Hello, where is order {number}?"
        return {
            "id": 4001 + number, "subject": f"Order {number} has not arrived", "status": 2 + number % 4,
            "priority": 1 + number % 4, "source": 1, "type": "Question" if number % 2 else None,
            "requester_id": 1001 + number % 30, "responder_id": 71 + number % 6 if number % 3 else None,
            "group_id": 31 + number % 3, "company_id": 11 + number % 5, "product_id": None, "email_config_id": None,
            "tags": ["refund"] if number % 4 == 0 else [], "cc_emails": [], "fwd_emails": [], "to_emails": None,
            "custom_fields": {"cf_order": str(number)}, "spam": False, "is_escalated": False, "fr_escalated": False,
            "description": f'<div>{words} <a href="https://shop.example/{number}">Order</a></div>',
            "description_text": words, "due_by": moment(600), "fr_due_by": moment(600), "attachments": [],
            "created_at": moment(number), "updated_at": moment(2 * number), "deleted": number == 63,
            "_recent": number < RECENT,
        }  # fmt: skip

    def _folder(self, number: int) -> Record:
        return {
            "id": 81 + number, "name": ("General", "Refunds")[number], "personal": False, "responses_count": 3,
            "created_at": moment(1), "updated_at": moment(1),
        }  # fmt: skip

    def _canned(self, number: int) -> Record:
        return {
            "id": 91 + number, "title": f"Answer {number}", "content": "Hello, it is on its way.", "visibility": 0,
            "content_html": "<p>Hello {{ticket.requester.firstname}},</p><p>it is <b>on its way</b>.</p>",
            "folder_id": 81 + number % 2, "attachments": [], "created_at": moment(1), "updated_at": moment(1),
        }  # fmt: skip

    def _article(self, number: int) -> Record:
        return {
            "id": 301 + number, "title": f"Reset your password, part {number}", "status": 2 if number else 1, "type": 1,
            "description": "<h2>Reset</h2><p>Press <b>Forgot password</b>.</p><ul><li>Wait</li><li>Click</li></ul>",
            "description_text": "Reset Press Forgot password. Wait Click", "folder_id": 51 if number < 26 else 52,
            "category_id": 41, "agent_id": 71, "tags": [], "hits": 12, "thumbs_up": 3, "thumbs_down": 0,
            "seo_data": {"meta_title": None}, "created_at": moment(1), "updated_at": moment(1),
        }  # fmt: skip

    def _entry(self, number: int) -> Record:
        return {
            "id": 501 + number, "ticket_id": 4001 + number % 3, "agent_id": 71 + number % 2, "time_spent": "01:30",
            "billable": number % 2 == 0, "note": "Call", "timer_running": False, "executed_at": moment(number),
            "start_time": moment(number), "company_id": 11 + number % 3, "created_at": moment(number),
            "updated_at": moment(number),
        }  # fmt: skip

    def _rating(self, number: int) -> Record:
        return {
            "id": 601 + number, "survey_id": 1, "ticket_id": 4001 + number, "user_id": 1001 + number % 3,
            "agent_id": 71, "group_id": 31, "feedback": "Thank you" if number % 2 else None,
            "ratings": {"default_question": (103, 100, -103)[number % 3]}, "created_at": moment(number),
        }  # fmt: skip


def _fits(row: Record, name: str, sign: str, value: str) -> bool:
    """Tell whether a record meets a condition; a name that no record has is not known."""
    if name == "tag":
        return value in row["tags"]
    if name not in row:
        raise KeyError(name)
    told = row[name]
    if sign:
        return str(told) >= value if sign == ">" else str(told) <= value
    if value == "null":
        return told is None
    return str(told).lower() == value.lower()
