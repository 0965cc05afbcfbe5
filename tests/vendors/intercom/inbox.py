"""Conversations and tickets of the Intercom stand-in."""

from tests.vendors.application import Answer, Request
from tests.vendors.intercom.data import WRITABLE
from tests.vendors.intercom.records import CURSORS, Records, refuse
from tests.vendors.stand_in import Record, Route, unknown


class Inbox(Records):
    """What is done with conversations and tickets."""

    # Conversations

    def conversation_routes(self) -> list[Route]:
        single = "/conversations/{id}"
        return [
            Route("GET", "/conversations", self.list_conversations, CURSORS),
            Route("POST", "/conversations/search", self.search("conversations", "conversations", "conversation.list")),
            Route("GET", single, self.get_conversation, frozenset({"display_as"})),
            Route("POST", f"{single}/reply", self.reply_conversation),
            Route("POST", f"{single}/parts", self.manage_conversation),
            Route("POST", f"{single}/tags", self.tag_conversation),
            Route("DELETE", f"{single}/tags/{{id}}", self.untag_conversation),
            Route("POST", f"{single}/convert", self.convert_conversation),
        ]

    def list_conversations(self, request: Request) -> Answer:
        """All conversations, without what was said after the first message."""
        rows = self.data.tables["conversations"].values()
        return self.cursors(
            "conversations", "conversation.list", rows, request.one("per_page"), request.one("starting_after")
        )

    def get_conversation(self, request: Request) -> Answer:
        """One conversation with its parts."""
        return Answer(200, self.data.with_parts("conversation", self.find("conversations", request.ids[0])))

    def reply_conversation(self, request: Request) -> Answer:
        """Write a comment or a note."""
        conversation = self.find("conversations", request.ids[0])
        body = self._message(request)
        self.data.add_part("conversation", conversation["id"], body["message_type"], self.acting(body), body["body"])
        return Answer(200, self.data.with_parts("conversation", conversation))

    def _message(self, request: Request) -> Record:
        known = {"message_type", "type", "admin_id", "body", "attachment_urls"}
        body = self.body(request, known, "message_type", "type", "admin_id", "body")
        if body["message_type"] not in {"comment", "note"} or body["type"] != "admin":
            raise refuse(400, "parameter_invalid", "message_type or type is invalid")
        return body

    def manage_conversation(self, request: Request) -> Answer:
        """Close, open, snooze or assign."""
        conversation = self.find("conversations", request.ids[0])
        needs = {
            "close": {"type"},
            "open": set(),
            "snoozed": {"snoozed_until"},
            "assignment": {"type", "assignee_id"},
        }
        kind = str(self.body(request, {*WRITABLE["parts"]}, "message_type", "admin_id")["message_type"])
        if kind not in needs:
            raise refuse(400, "parameter_invalid", "message_type is invalid")
        body = self.body(request, {"message_type", "admin_id", "body", *needs[kind]}, *needs[kind])
        admin = self.acting(body)
        if kind == "assignment":
            owners = "teams" if body["type"] == "team" else "admins"
            if body["assignee_id"] != "0":
                self.find(owners, body["assignee_id"])
            conversation[f"{owners.removesuffix('s')}_assignee_id"] = int(body["assignee_id"])
        else:
            state = {"close": "closed", "open": "open", "snoozed": "snoozed"}[kind]
            until = body.get("snoozed_until")
            conversation.update({"state": state, "open": state == "open", "snoozed_until": until})
        self.data.add_part("conversation", conversation["id"], kind, admin, body.get("body"))
        return Answer(200, self.data.with_parts("conversation", conversation))

    def tag_conversation(self, request: Request) -> Answer:
        """Put a tag on a conversation."""
        conversation = self.find("conversations", request.ids[0])
        body = self.body(request, {"id", "admin_id"}, "id", "admin_id")
        self.acting(body)
        tag = self.find("tags", body["id"])
        if tag not in conversation["tags"]["tags"]:
            conversation["tags"]["tags"].append(tag)
        return Answer(200, tag)

    def untag_conversation(self, request: Request) -> Answer:
        """Take a tag off a conversation."""
        conversation, tag = self.find("conversations", request.ids[0]), self.find("tags", request.ids[1])
        self.acting(self.body(request, {"admin_id"}, "admin_id"))
        if tag not in conversation["tags"]["tags"]:
            raise refuse(404, "tag_not_found", "Resource Not Found")
        conversation["tags"]["tags"].remove(tag)
        return Answer(200, tag)

    def convert_conversation(self, request: Request) -> Answer:
        """Make a ticket of a conversation."""
        conversation = self.find("conversations", request.ids[0])
        body = self.body(request, {"ticket_type_id", "attributes"}, "ticket_type_id")
        contact = conversation["contacts"]["contacts"][0]["id"]
        return Answer(200, self._new_ticket(body["ticket_type_id"], contact, body.get("attributes", {})))

    # Tickets

    def ticket_routes(self) -> list[Route]:
        single = "/tickets/{id}"
        return [
            Route("POST", "/tickets/search", self.search("tickets", "tickets", "ticket.list")),
            Route("POST", "/tickets", self.create_ticket),
            Route("GET", single, self.get_ticket),
            Route("PUT", single, self.update_ticket),
            Route("POST", f"{single}/reply", self.reply_ticket),
            Route("GET", "/ticket_types", self.whole("ticket_types", "data", "list")),
            Route("GET", "/ticket_states", self.whole("ticket_states", "data", "list")),
        ]

    def _new_ticket(self, type_id: str, contact: str, attributes: Record) -> Record:
        kind = self.data.tables["ticket_types"].get(str(type_id))
        if kind is None:
            raise refuse(400, "ticket_type_not_found", "Ticket type does not exist")
        names = {each["name"]: each for each in kind["ticket_type_attributes"]["data"]}
        strange = unknown(attributes, names)
        if strange:
            raise refuse(400, "parameter_invalid", f"{strange[0]} is not an attribute of the ticket type")
        return self.data.with_parts("ticket", self.data.new_ticket(kind, contact, attributes))

    def create_ticket(self, request: Request) -> Answer:
        """Open a ticket for one contact."""
        body = self.body(request, WRITABLE["new_tickets"], "ticket_type_id", "contacts")
        if len(body["contacts"]) != 1 or not body["contacts"][0].get("id"):
            raise refuse(400, "parameter_invalid", "contacts must hold one contact")
        contact = self.find("contacts", body["contacts"][0]["id"])
        return Answer(200, self._new_ticket(body["ticket_type_id"], contact["id"], body.get("ticket_attributes", {})))

    def get_ticket(self, request: Request) -> Answer:
        """One ticket with its parts."""
        return Answer(200, self.data.with_parts("ticket", self.find("tickets", request.ids[0])))

    def update_ticket(self, request: Request) -> Answer:
        """Change a ticket."""
        ticket = self.find("tickets", request.ids[0])
        body = self.body(request, WRITABLE["tickets"])
        if "admin_id" in body and not isinstance(body["admin_id"], int):
            raise refuse(400, "parameter_invalid", "admin_id must be an integer")
        if "ticket_state_id" in body:
            state = self.data.tables["ticket_states"].get(body["ticket_state_id"])
            if state is None:
                words = "Ticket state id is not valid or is not associated with the ticket type"
                raise refuse(400, "ticket_state_id_invalid", words)
            ticket["ticket_state"] = state
        if "assignee_id" in body:
            ticket["admin_assignee_id"] = self.acting({"admin_id": body["assignee_id"]})["id"]
        ticket["ticket_attributes"].update(body.get("ticket_attributes", {}))
        ticket.update({name: body[name] for name in ("open", "is_shared", "snoozed_until") if name in body})
        return Answer(200, self.data.with_parts("ticket", ticket))

    def reply_ticket(self, request: Request) -> Answer:
        """Write a comment or a note on a ticket."""
        ticket, body = self.find("tickets", request.ids[0]), self._message(request)
        part = self.data.add_part("ticket", ticket["id"], body["message_type"], self.acting(body), body["body"])
        return Answer(200, part)
