"""What the Intercom stand-in holds in the beginning: a small workspace of a shop, with one of everything unusual."""

from collections.abc import Iterable
from itertools import count

from tests.vendors.stand_in import Record

WRITABLE = {
    "parts": {"message_type", "type", "admin_id", "assignee_id", "snoozed_until", "body"},
    "new_tickets": {
        "ticket_type_id", "contacts", "conversation_to_link_id", "company_id", "created_at", "ticket_attributes",
        "assignment",
    },
    "tickets": {
        "ticket_attributes", "ticket_state_id", "company_id", "open", "is_shared", "snoozed_until", "admin_id",
        "assignee_id",
    },
    "contacts": {
        "role", "external_id", "email", "phone", "name", "owner_id", "unsubscribed_from_emails", "custom_attributes",
    },
    "articles": {"title", "description", "body", "author_id", "state", "parent_id", "parent_type"},
}  # fmt: skip
LOG = {
    "type": "upload", "name": "log.txt", "url": "{files}/log.txt?expires=1&signature={now}", "filesize": 43,
    "content_type": "text/plain", "width": None, "height": None,
}  # fmt: skip
BEGINNING = 1_772_323_200


def by_id(rows: Iterable[Record]) -> dict[str, Record]:
    """Return records by their ids."""
    return {row["id"]: row for row in rows}


def listed(kind: str, name: str, rows: list[Record]) -> Record:
    """Return rows as Intercom nests them."""
    return {"type": kind, name: rows, "total_count": len(rows)}


class IntercomData:
    """Tables of records by id; what was said lies apart."""

    def __init__(self) -> None:
        self._ids = count(900_001)
        self.parts: dict[tuple[str, str], list[Record]] = {}
        self.notes: dict[str, list[Record]] = {}
        self.tables: dict[str, dict[str, Record]] = {
            "admins": by_id(self._admin(number) for number in range(4)),
            "teams": by_id(self._team(number) for number in range(2)),
            "tags": by_id(
                {"type": "tag", "id": str(81 + n), "name": ("refund", "shipping", "vip")[n]} for n in range(3)
            ),
            "companies": by_id(self._company(number) for number in range(17)),
            "ticket_states": by_id(self._state(number) for number in range(4)),
            "ticket_types": by_id(self._type(number) for number in range(2)),
            "articles": by_id(self._article(number) for number in range(31)),
            "collections": by_id(self._collection(number) for number in range(3)),
            "calls": by_id(self._call(number) for number in range(28)),
        }
        self.tables["contacts"] = by_id(self._contact(number) for number in range(41))
        self.tables["conversations"] = by_id(self._conversation(number) for number in range(53))
        self.tables["tickets"] = {}
        for number in range(27):
            contact = f"contact{number % 41:02d}"
            kind = self.tables["ticket_types"]["100"]
            self.new_ticket(kind, contact, {"_default_title_": f"Repair {number}"}, str(601 + number))

        self.add_part("ticket", "601", "comment", self.tables["admins"]["71"], "See the log")["attachments"] = [LOG]

    @property
    def me(self) -> Record:
        """The admin in whose name the token is, with the workspace."""
        app = {"type": "app", "id_code": "acme1", "name": "Acme", "region": "US", "timezone": "UTC", "created_at": 1}
        return {**self.tables["admins"]["71"], "email_verified": True, "app": app}

    def searchable(self, kind: str, row: Record) -> Record:
        """Return the fields that a search may name, with their values."""
        common = {name: row.get(name) for name in ("id", "created_at", "updated_at")}
        if kind == "contacts":
            return {
                **common,
                **{name: row[name] for name in ("role", "name", "email", "phone", "external_id", "owner_id")},
            }
        people = [each["id"] for each in row["contacts"]["contacts"]]
        common |= {"contact_ids": people, "open": row["open"], "admin_assignee_id": row["admin_assignee_id"]}
        if kind == "tickets":
            return {**common, "title": row["ticket_attributes"].get("_default_title_"), "ticket_type_id": "100"}
        tags = [tag["id"] for tag in row["tags"]["tags"]]
        return {**common, "state": row["state"], "tag_ids": tags, "source.body": row["source"]["body"]}

    def add_part(self, kind: str, owner: str, part_type: str, author: Record, body: str | None) -> Record:
        """Keep what was said or done."""
        part: Record = {
            "type": f"{kind}_part", "id": str(next(self._ids)), "part_type": part_type,
            "body": f"<p>{body}</p>" if body else None, "created_at": BEGINNING + 900, "updated_at": BEGINNING + 900,
            "author": {"type": author.get("type", "admin"), "id": author["id"], "name": author["name"], "email": "x"},
            "attachments": [], "notified_at": None, "external_id": None, "redacted": False,
        }  # fmt: skip
        self.parts.setdefault((kind, owner), []).append(part)
        return part

    def with_parts(self, kind: str, row: Record) -> Record:
        """Return a conversation or ticket with what was said in it, at most the latest 500."""
        parts = self.parts.get((kind, row["id"]), [])[-500:]
        return {**row, f"{kind}_parts": listed(f"{kind}_part.list", f"{kind}_parts", parts)}

    def add_note(self, contact: str, author: Record, body: str) -> Record:
        """Keep a note on a contact."""
        note = {
            "type": "note", "id": str(next(self._ids)), "created_at": BEGINNING, "body": f"<p>{body}</p>",
            "contact": {"type": "contact", "id": contact}, "author": author,
        }  # fmt: skip
        self.notes.setdefault(contact, []).append(note)
        return note

    def new_ticket(self, kind: Record, contact: str, attributes: Record, number: str = "") -> Record:
        """Keep a new ticket."""
        number = number or str(next(self._ids))
        ticket = {
            "type": "ticket", "id": number, "ticket_id": number[-2:], "category": "Customer", "open": True,
            "ticket_attributes": {"_default_title_": None, "_default_description_": None, **attributes},
            "ticket_state": self.tables["ticket_states"]["8501"], "ticket_type": kind, "is_shared": False,
            "contacts": listed("contact.list", "contacts", [{"type": "contact", "id": contact, "external_id": None}]),
            "admin_assignee_id": "0", "team_assignee_id": "0", "snoozed_until": None, "created_at": BEGINNING,
            "updated_at": BEGINNING, "linked_objects": {"type": "list", "data": [], "total_count": 0},
        }  # fmt: skip
        self.tables["tickets"][number] = ticket
        return ticket

    def new_contact(self, given: Record) -> Record:
        """Keep a new contact; what was not given is null."""
        number = str(next(self._ids))
        empty = dict.fromkeys(self._contact(0))
        related = {name: {"type": "list", "data": []} for name in ("companies", "tags", "notes")}
        contact = {
            **empty,
            **related,
            "custom_attributes": {},
            "role": "user",
            **given,
            "type": "contact",
            "id": number,
        }
        self.tables["contacts"][number] = contact
        return contact

    def new_article(self, given: Record) -> Record:
        """Keep a new article."""
        number = str(next(self._ids))
        self.tables["articles"][number] = {**self._article(0), "state": "draft", **given, "id": number}
        return self.tables["articles"][number]

    def _admin(self, number: int) -> Record:
        return {
            "type": "admin", "id": str(71 + number), "name": ("Ana", "Bo", "Cy", "Di")[number], "job_title": None,
            "email": f"admin{number}@desk.example", "away_mode_enabled": number == 3, "away_mode_reassign": False,
            "has_inbox_seat": True, "team_ids": [61], "avatar": None, "team_priority_level": {},
        }  # fmt: skip

    def _team(self, number: int) -> Record:
        return {"type": "team", "id": str(61 + number), "name": ("Support", "Billing")[number], "admin_ids": [71, 72]}

    def _company(self, number: int) -> Record:
        return {
            "type": "company", "id": f"company{number:02d}", "company_id": str(number), "app_id": "acme1",
            "name": f"Company {number}", "plan": {}, "user_count": 3, "session_count": 1, "monthly_spend": 0,
            "tags": {"type": "tag.list", "tags": []}, "custom_attributes": {}, "created_at": BEGINNING,
            "segments": {"type": "segment.list", "segments": [{"type": "segment", "id": "1", "name": "Active"}]},
        }  # fmt: skip

    def _state(self, number: int) -> Record:
        category = ("submitted", "in_progress", "waiting_on_customer", "resolved")[number]
        return {
            "type": "ticket_state", "id": str(8501 + number), "category": category, "internal_label": category.title(),
            "external_label": category.title(), "archived": False,
            "ticket_types": {"type": "list", "data": [{"type": "ticket_type", "id": "100"}]},
        }  # fmt: skip

    def _type(self, number: int) -> Record:
        attributes = [
            {"type": "ticket_type_attribute", "id": str(220 + each), "name": name, "data_type": "string",
             "required_to_create": each == 0, "input_options": None, "archived": False}
            for each, name in enumerate(("_default_title_", "_default_description_", "Serial number"))
        ]  # fmt: skip
        return {
            "type": "ticket_type", "id": str(100 + number), "name": ("Repair", "Return")[number], "icon": "🔧",
            "category": "Customer", "description": "", "workspace_id": "acme1", "archived": False,
            "ticket_type_attributes": {"type": "list", "data": attributes},
            "ticket_states": {"type": "list", "data": []},
        }  # fmt: skip

    def _article(self, number: int) -> Record:
        return {
            "type": "article", "id": str(301 + number), "workspace_id": "acme1",
            "title": f"Reset your password {number}",
            "description": None, "body": "<h2>Reset</h2><p>Press <b>Forgot password</b>.</p>", "author_id": 71,
            "state": "draft" if number % 5 == 0 else "published", "url": f"https://help.example/{number}",
            "parent_id": 41, "parent_ids": [41], "parent_type": "collection", "default_locale": "en",
            "translated_content": {"type": "article_translated_content", "de": {"title": "Zurücksetzen"}},
            "tags": {"type": "tag.list", "tags": []}, "created_at": BEGINNING, "updated_at": BEGINNING,
        }  # fmt: skip

    def _collection(self, number: int) -> Record:
        return {
            "id": str(41 + number), "workspace_id": "acme1", "name": f"Collection {number}", "description": None,
            "url": f"https://help.example/c{number}", "icon": "bookmark", "order": number, "default_locale": "en",
            "parent_id": None if number == 0 else "41", "help_center_id": 51, "translated_content": None,
        }  # fmt: skip

    def _call(self, number: int) -> Record:
        return {
            "type": "call", "id": str(1 + number), "conversation_id": str(401 + number), "admin_id": "71",
            "contact_id": f"contact{number:02d}", "state": "ended", "direction": "inbound", "call_type": "phone",
            "initiated_at": BEGINNING, "ended_at": BEGINNING + 60, "phone": "+353871234567", "recording_url": None,
            "transcription_url": None if number else "https://api.intercom.io/calls/1/transcript",
        }  # fmt: skip

    def _contact(self, number: int) -> Record:
        companies = [{"type": "company", "id": f"company{number % 17:02d}", "url": "/companies"}]
        return {
            "type": "contact", "id": f"contact{number:02d}", "workspace_id": "acme1", "external_id": f"crm-{number}",
            "role": "lead" if number % 3 == 0 else "user", "email": f"customer{number:02d}@example.com", "phone": None,
            "name": f"Customer {number:02d}", "owner_id": None, "has_hard_bounced": False, "avatar": None,
            "unsubscribed_from_emails": False, "created_at": BEGINNING + number, "updated_at": BEGINNING + number,
            "last_seen_at": None, "last_replied_at": None, "android_app_name": None, "ios_app_name": None,
            "custom_attributes": {"plan": "pro"}, "companies": {"type": "list", "data": companies},
            "tags": {"type": "list", "data": []}, "notes": {"type": "list", "data": []},
            "location": {"type": "location", "country": "Ireland", "region": None, "city": "Dublin"},
        }  # fmt: skip

    def _conversation(self, number: int) -> Record:
        contact = f"contact{number % 41:02d}"
        state = ("open", "closed", "snoozed")[number % 3]
        tags = [self.tables["tags"]["81"]] if number % 4 == 0 else []
        row: Record = {
            "type": "conversation", "id": str(401 + number), "title": None, "state": state, "open": state == "open",
            "created_at": BEGINNING + number, "updated_at": BEGINNING + number, "waiting_since": None, "read": True,
            "snoozed_until": None, "priority": "not_priority", "admin_assignee_id": 71, "team_assignee_id": 61,
            "source": {
                "type": "email", "id": str(number), "delivered_as": "customer_initiated",
                "subject": f"<p>Order {number}</p>", "body": f"<p>Hello, where is order {number}?</p>",
                "author": {"type": "user", "id": contact, "name": "C"},
                "attachments": [LOG] if number == 0 else [], "url": None, "redacted": False,
            },
            "contacts": listed("contact.list", "contacts", [{"type": "contact", "id": contact, "external_id": None}]),
            "tags": {"type": "tag.list", "tags": list(tags)}, "teammates": None, "custom_attributes": {},
            "conversation_rating": None, "sla_applied": None, "first_contact_reply": None, "ai_agent": None,
            "statistics": {"type": "conversation_statistics", "time_to_admin_reply": 2310, "count_reopens": 1},
            "linked_objects": {"type": "list", "data": [], "total_count": 0, "has_more": False},
        }  # fmt: skip
        customer = {"type": "user", "id": contact, "name": "Customer"}
        for each in range(2):
            self.add_part("conversation", row["id"], "comment", customer, f"Message {each}")
        return row
