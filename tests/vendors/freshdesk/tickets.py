"""Tickets of the Freshdesk stand-in, with their messages, time entries and ratings."""

from tests.vendors.application import Answer, Request
from tests.vendors.freshdesk.records import API, PAGED, Records, public, refuse, same
from tests.vendors.stand_in import Handler, Record, Refusal, Route


class Tickets(Records):
    """What is done with tickets."""

    def ticket_routes(self) -> list[Route]:
        filters = {
            "filter",
            "requester_id",
            "email",
            "company_id",
            "updated_since",
            "order_by",
            "order_type",
            "include",
        }
        single, messages = "/tickets/{id}", "/conversations/{id}"
        routes: list[tuple[str, str, Handler, frozenset[str]]] = [
            ("GET", "/tickets", self.list_tickets, PAGED | filters),
            ("POST", "/tickets", self.create_ticket, frozenset()),
            ("GET", single, self.get_ticket, frozenset({"include"})),
            ("PUT", "/tickets/merge", self.merge, frozenset()),
            ("GET", "/tickets/archived/{id}", self.get_archived, frozenset({"include"})),
            ("PUT", single, self.update_ticket, frozenset()),
            ("DELETE", single, self._mark_deleted(deleted=True), frozenset()),
            ("PUT", f"{single}/restore", self._mark_deleted(deleted=False), frozenset()),
            ("GET", "/search/tickets", self.found("tickets"), frozenset({"query", "page"})),
            ("GET", f"{single}/conversations", self._of_ticket("conversations"), PAGED),
            ("POST", f"{single}/reply", self._add_message("replies"), frozenset()),
            ("POST", f"{single}/notes", self._add_message("notes"), frozenset()),
            ("PUT", messages, self.update_note, frozenset()),
            ("GET", f"{single}/time_entries", self._of_ticket("time_entries"), PAGED),
            ("POST", f"{single}/time_entries", self.create_entry, frozenset()),
            ("PUT", "/time_entries/{id}", self.change("time_entries"), frozenset()),
            (
                "GET", "/time_entries",
                self.listed(
                    "time_entries", agent_id=same("agent_id"), company_id=same("company_id"),
                    billable=lambda row, wanted: row["billable"] is (wanted == "true"),
                    executed_after=lambda row, wanted: row["executed_at"] > wanted,
                    executed_before=lambda row, wanted: row["executed_at"] < wanted,
                ),
                PAGED | {"agent_id", "company_id", "billable", "executed_after", "executed_before"},
            ),
            (
                "GET", "/surveys/satisfaction_ratings",
                self.listed(
                    "satisfaction_ratings", user_id=same("user_id"),
                    created_since=lambda row, wanted: row["created_at"] >= wanted,
                ),
                PAGED | {"created_since", "user_id"},
            ),
        ]  # fmt: skip
        return [Route(method, API + path, handler, query) for method, path, handler, query in routes]

    def list_tickets(self, request: Request) -> Answer:
        """Tickets of the last 30 days, or of a person, or since a moment."""
        rows = [
            row
            for row in self.data.tables["tickets"].values()
            if row["deleted"] is (request.one("filter") == "deleted")
        ]
        since = request.one("updated_since")
        rows = [row for row in rows if (row["updated_at"] >= since if since else row["_recent"] or row["deleted"])]
        for name in ("requester_id", "company_id"):
            if wanted := request.one(name):
                rows = [row for row in rows if str(row[name]) == wanted]
        if email := request.one("email"):
            people = {row["id"] for row in self.data.tables["contacts"].values() if row["email"] == email}
            rows = [row for row in rows if row["requester_id"] in people]
        order = request.one("order_by", "created_at")
        if order not in {"created_at", "due_by", "updated_at", "status"}:
            raise refuse("order_by", "It should be one of these values: 'created_at,due_by,updated_at,status'")
        rows.sort(key=lambda row: row[order], reverse=request.one("order_type", "desc") == "desc")
        included = self._included(request, {"description", "requester", "stats"})
        page = self.page(request, rows)
        return Answer(200, [self._ticket(row, included, single=False) for row in page.body], page.headers)

    def get_ticket(self, request: Request) -> Answer:
        """One ticket, with what else is asked for."""
        included = self._included(request, {"conversations", "requester", "company", "stats"})
        return Answer(200, self._ticket(self.find("tickets", request.ids[0]), included, single=True))

    def get_archived(self, request: Request) -> Answer:
        """One ticket of the archive."""
        included = self._included(request, {"conversations", "requester", "company", "stats"})
        return Answer(200, self._ticket(self.find("archived", request.ids[0]), included, single=True))

    def merge(self, request: Request) -> Answer:
        """Close tickets into another one."""
        body = request.json()
        known = {"primary_id", "ticket_ids", "convert_recepients_to_cc", "note_in_primary", "note_in_secondary"}
        if body.keys() - known or not {"primary_id", "ticket_ids"} <= body.keys():
            raise refuse("ticket_ids", "It should not be blank as this is a mandatory field", "missing_field")
        for each in [body["primary_id"], *body["ticket_ids"]]:
            self.find("tickets", str(each))
        for each in body["ticket_ids"]:
            self.data.tables["tickets"][each]["status"] = 5
        return Answer(204)

    def _included(self, request: Request, known: set[str]) -> set[str]:
        included = {part for part in request.one("include").split(",") if part}
        if included - known:
            raise refuse("include", f"It should be one of these values: '{','.join(sorted(known))}'")
        return included

    def _ticket(self, row: Record, included: set[str], *, single: bool) -> Record:
        shown = dict(row)
        if not single and "description" not in included:
            del shown["description"], shown["description_text"]
        if "requester" in included:
            shown["requester"] = {
                name: self.data.tables["contacts"][row["requester_id"]][name] for name in ("id", "name", "email")
            }
        if "company" in included:
            shown["company"] = {
                "id": row["company_id"],
                "name": self.data.tables["companies"][row["company_id"]]["name"],
            }
        if "stats" in included:
            shown["stats"] = {"agent_responded_at": None, "resolved_at": row["updated_at"]}
        if "conversations" in included:
            shown["conversations"] = public(self._messages("conversations", row["id"])[:10])
        return shown

    def _people_exist(self, given: Record) -> None:
        kinds = {"requester_id": "contacts", "responder_id": "agents", "group_id": "groups", "company_id": "companies",
                 "product_id": "products"}  # fmt: skip
        for name, kind in kinds.items():
            if name in given and given[name] not in self.data.tables[kind]:
                raise refuse(name, f"There is no {kind.removesuffix('s')} matching the given {name}")

    def create_ticket(self, request: Request) -> Answer:
        """Open a ticket for somebody."""
        given = self.given(request, "tickets", "subject", "description")
        self._people_exist(given)
        email, name = given.pop("email", None), given.pop("name", None)
        if email:
            known = [row["id"] for row in self.data.tables["contacts"].values() if row["email"] == email]
            given["requester_id"] = (
                known[0] if known else self.data.add("contacts", {"email": email, "name": name})["id"]
            )
        if "requester_id" not in given:
            raise refuse(
                "requester_id",
                "It should be a/an Integer; one of requester_id, email, phone is mandatory",
                "missing_field",
            )
        usual = {
            "status": 2,
            "priority": 1,
            "source": 2,
            "tags": [],
            "deleted": False,
            "_recent": True,
            "attachments": [],
        }
        return Answer(201, self.data.add("tickets", {**usual, **given}))

    def update_ticket(self, request: Request) -> Answer:
        """Change a ticket."""
        ticket, given = self.find("tickets", request.ids[0]), self.given(request, "tickets")
        self._people_exist(given)
        ticket.update(given)
        return Answer(200, ticket)

    def _mark_deleted(self, *, deleted: bool) -> Handler:
        def answer(request: Request) -> Answer:
            self.find("tickets", request.ids[0])["deleted"] = deleted
            return Answer(204)

        return answer

    def _messages(self, kind: str, ticket: int) -> list[Record]:
        return [row for row in self.data.tables[kind].values() if row["ticket_id"] == ticket]

    def _of_ticket(self, kind: str) -> Handler:
        return lambda request: self.page(request, self._messages(kind, self.find("tickets", request.ids[0])["id"]))

    def _add_message(self, kind: str) -> Handler:
        def answer(request: Request) -> Answer:
            ticket = self.find("tickets", request.ids[0])
            given = self.given(request, kind, *(() if kind == "replies" else ("body",)))
            if kind == "replies":
                given["body"] = _told(given)
            if kind == "notes":
                given = {"private": True, **given}
                given.pop("notify_emails", None)
            return Answer(201, self.data.add_message(ticket["id"], given.pop("body"), **given))

        return answer

    def update_note(self, request: Request) -> Answer:
        """Change a note; replies stay as they were sent."""
        note, given = self.find("conversations", request.ids[0]), self.given(request, "notes", "body")
        if note["source"] != 2:
            raise Refusal(
                Answer(405, {"message": "PUT method is not allowed. It should be one of these method(s): DELETE"})
            )
        note.update(given)
        return Answer(200, note)

    def create_entry(self, request: Request) -> Answer:
        """Note time on a ticket."""
        ticket, given = self.find("tickets", request.ids[0]), self.given(request, "time_entries")
        usual = {"agent_id": self.data.me["id"], "billable": True, "ticket_id": ticket["id"]}
        return Answer(201, self.data.add("time_entries", {**usual, **given}))


def _told(given: Record) -> str:
    """Return what a reply says; it has either a body or a structured one."""
    structured = given.get("structured_body", {}).get("body_contents", [])
    if bool(given.get("body")) is bool(structured):
        raise refuse("body", "It should not be blank as this is a mandatory field", "missing_field")
    if any(part.get("type") != "text" or not part["data"].get("content") for part in structured):
        raise refuse("structured_body", "It should be a/an Hash of body_contents")
    return given.get("body") or "".join(f"<div>{part['data']['content']}</div>" for part in structured)
