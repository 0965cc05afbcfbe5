"""Tickets of the Zendesk stand-in, with their comments, tags, search and uploads."""

import secrets
from collections.abc import Callable

from tests.vendors.application import Answer, Request
from tests.vendors.stand_in import Handler, Record, Route, unknown
from tests.vendors.zendesk.records import API, CURSOR, PER_PAGE, Records, refuse, wrong

SEARCH_LIMIT = 1000


class Tickets(Records):
    """What is done with tickets."""

    def ticket_routes(self) -> list[Route]:
        single, sort = "/tickets/{id}", CURSOR | {"sort"}
        routes: list[tuple[str, str, Handler, frozenset[str]]] = [
            ("GET", "/tickets", self.list_tickets, sort | {"external_id"}),
            ("POST", "/tickets", self.create_ticket, frozenset()),
            ("GET", single, self.single("tickets", "ticket"), frozenset()),
            ("PUT", single, self.update_ticket, frozenset()),
            ("DELETE", single, self.delete_ticket, frozenset()),
            ("GET", f"{single}/comments", self.list_comments, CURSOR | {"sort"}),
            ("GET", f"{single}/metrics", self.metrics, frozenset()),
            ("GET", f"{single}/incidents", self.incidents, CURSOR),
            ("PUT", f"{single}/tags", self._change_tags(lambda tags, given: [*tags, *given]), frozenset()),
            (
                "DELETE", f"{single}/tags",
                self._change_tags(lambda tags, given: [tag for tag in tags if tag not in given]), frozenset(),
            ),
            ("POST", f"{single}/merge", self.merge, frozenset()),
            ("GET", "/tickets/{id}/macros/{id}/apply", self.preview_macro, frozenset()),
            ("GET", "/users/{id}/tickets/requested", self._tickets_of("users", "requester_id"), sort),
            ("GET", "/organizations/{id}/tickets", self._tickets_of("organizations", "organization_id"), sort),
            ("GET", "/search", self.search, PER_PAGE | {"query", "sort_by", "sort_order"}),
            ("GET", "/search/count", self.count, frozenset({"query"})),
            ("GET", "/search/export", self.export, CURSOR | {"query", "filter[type]"}),
            ("POST", "/uploads", self.upload, frozenset({"filename", "token"})),
        ]  # fmt: skip
        download = Route("GET", "/attachments/token/{id}/", self.move_download, frozenset({"name"}))
        return [download, *(Route(method, API + path, handler, query) for method, path, handler, query in routes)]

    def move_download(self, request: Request) -> Answer:
        """Lead to where the file is, by its name."""
        return Answer(302, None, {"Location": f"{self.file_host}/{request.one('name')}?signature=1"})

    def list_tickets(self, request: Request) -> Answer:
        """All tickets, by cursor."""
        rows = list(self.data.tables["tickets"].values())
        if wanted := request.one("external_id"):
            rows = [row for row in rows if row["external_id"] == wanted]
        return self.cursors(request, "tickets", self.in_order(request, "tickets", rows))

    def _tickets_of(self, kind: str, field: str) -> Handler:
        def answer(request: Request) -> Answer:
            owner = self.find(kind, request.ids[0])
            rows = [row for row in self.data.tables["tickets"].values() if row[field] == owner["id"]]
            return self.cursors(request, "tickets", self.in_order(request, "tickets", rows))

        return answer

    def create_ticket(self, request: Request) -> Answer:
        """Open a ticket; it needs a comment."""
        given = self.given(request, "ticket", "tickets")
        comment = given.pop("comment", None)
        if not isinstance(comment, dict) or not comment.get("body"):
            raise refuse(
                422, "RecordInvalid", "Record validation errors", details=wrong("base", "Description: cannot be blank")
            )
        self._check_ticket(given)
        ticket = self.data.add_ticket(given, comment["body"])
        self._comment(ticket, comment)
        return Answer(201, {"ticket": ticket, "audit": {"id": 1}})

    def update_ticket(self, request: Request) -> Answer:
        """Change a ticket, with or without a comment."""
        ticket = self.find("tickets", request.ids[0])
        given = self.given(request, "ticket", "tickets")
        comment = given.pop("comment", None)
        if ticket["status"] == "closed":
            words = "Status: closed prevents ticket update"
            raise refuse(422, "RecordInvalid", "Record validation errors", details=wrong("status", words))
        self._check_ticket(given)
        if comment is not None:
            self._comment(ticket, comment)
        ticket.update(given)
        return Answer(200, {"ticket": ticket, "audit": {"id": 1}})

    def _check_ticket(self, given: Record) -> None:
        allowed = {
            "status": {"new", "open", "pending", "hold", "solved"}, "priority": {"urgent", "high", "normal", "low"},
            "type": {"problem", "incident", "question", "task"},
        }  # fmt: skip
        for name, values in allowed.items():
            if name in given and given[name] not in values:
                details = wrong(name, f"{name.title()}: {given[name]} is not valid")
                raise refuse(422, "RecordInvalid", "Record validation errors", details=details)
        people = {
            "requester_id": "users",
            "assignee_id": "users",
            "group_id": "groups",
            "organization_id": "organizations",
            "custom_status_id": "custom_statuses",
        }
        for name, kind in people.items():
            is_taken_away = name == "assignee_id" and given.get(name, 0) is None
            if name in given and not is_taken_away and given[name] not in self.data.tables[kind]:
                details = wrong(name, f"{name}: is invalid")
                raise refuse(422, "RecordInvalid", "Record validation errors", details=details)

    def _comment(self, ticket: Record, comment: Record) -> None:
        strange = unknown(comment, {"body", "public", "uploads"})
        if strange or not isinstance(comment.get("body"), str) or not isinstance(comment.get("public", True), bool):
            raise refuse(422, "RecordInvalid", "Record validation errors", details=wrong("comment", "is invalid"))
        tokens = comment.get("uploads", [])
        if unknown(tokens, self.data.uploads):
            raise refuse(422, "RecordInvalid", "Record validation errors", details=wrong("uploads", "token is invalid"))
        files = [self.data.uploads.pop(token) for token in tokens]
        self.data.add_comment(ticket["id"], comment["body"], public=comment.get("public", True), attachments=files)

    def delete_ticket(self, request: Request) -> Answer:
        """Delete a ticket; the answer is empty."""
        ticket = self.find("tickets", request.ids[0])
        del self.data.tables["tickets"][ticket["id"]]
        return Answer(204)

    def list_comments(self, request: Request) -> Answer:
        """The conversation of a ticket."""
        ticket = self.find("tickets", request.ids[0])
        sort = request.one("sort", "created_at")
        if sort not in {"created_at", "-created_at"}:
            raise refuse(400, {"title": "Invalid attribute", "message": f"sort is not valid: {sort}"})
        rows = sorted(self.data.comments[ticket["id"]], key=lambda row: row["id"], reverse=sort.startswith("-"))
        return self.cursors(request, "comments", rows)

    def metrics(self, request: Request) -> Answer:
        """The times of a ticket."""
        ticket = self.find("tickets", request.ids[0])
        figures = {"calendar": 2391, "business": 737}
        names = (
            "reply_time",
            "first_resolution_time",
            "full_resolution_time",
            "requester_wait_time",
            "agent_wait_time",
        )
        times = {f"{name}_in_minutes": figures for name in names}
        return Answer(
            200, {"ticket_metric": {"id": 33, "ticket_id": ticket["id"], "reopens": 1, "replies": 2, **times}}
        )

    def incidents(self, request: Request) -> Answer:
        """The tickets that name this one as their problem."""
        problem = self.find("tickets", request.ids[0])
        rows = [row for row in self.data.tables["tickets"].values() if row["problem_id"] == problem["id"]]
        return self.cursors(request, "tickets", rows)

    def _change_tags(self, change: Callable[[list[str], list[str]], list[str]]) -> Handler:
        def answer(request: Request) -> Answer:
            ticket = self.find("tickets", request.ids[0])
            given = self.json_body(request, {"tags"}).get("tags")
            if not isinstance(given, list) or not all(isinstance(tag, str) and " " not in tag for tag in given):
                raise refuse(400, "InvalidValue", "Parameter tags is invalid")
            ticket["tags"] = list(dict.fromkeys(change(ticket["tags"], given)))
            return Answer(200, {"tags": ticket["tags"]})

        return answer

    def merge(self, request: Request) -> Answer:
        """Queue a job; here it is done at once."""
        target = self.find("tickets", request.ids[0])
        comments = {f"{side}_comment{suffix}" for side in ("source", "target") for suffix in ("", "_is_public")}
        given = self.json_body(request, {"ids"} | comments)
        ids = given.get("ids")
        if not isinstance(ids, list) or not ids or target["id"] in ids:
            raise refuse(400, "InvalidValue", "Parameter ids is invalid")
        for each in ids:
            self.find("tickets", str(each))["status"] = "closed"
        return Answer(200, {"job_status": {"id": "8b726e606741012ffc2d782bcb7848fe", "status": "queued"}})

    def preview_macro(self, request: Request) -> Answer:
        """A ticket as it would be after a macro."""
        ticket, macro = self.find("tickets", request.ids[0]), self.find("macros", request.ids[1])
        changes = {action["field"]: action["value"] for action in macro["actions"] if action["field"] in ticket}
        comment = next(action["value"] for action in macro["actions"] if action["field"] == "comment_value")
        return Answer(200, {"result": {"ticket": {**ticket, **changes, "comment": {"body": comment, "public": True}}}})

    # Search and uploads

    def _found(self, request: Request) -> list[Record]:
        """Return what a query finds: of the language only type:, status, tags:, requester: and free words."""
        if not request.one("query"):
            raise refuse(422, "invalid", "Invalid search: query cannot be blank")
        return self.data.search(request.one("query"))

    def search(self, request: Request) -> Answer:
        """Find records; pages are numbered, and end at 1,000 results."""
        if request.one("sort_by") not in {"", "updated_at", "created_at", "priority", "status", "ticket_type"}:
            raise refuse(422, "invalid", "Invalid search: sort_by")
        return self.numbered(request, "results", self._found(request), most=SEARCH_LIMIT)

    def count(self, request: Request) -> Answer:
        """How many records a query finds."""
        return Answer(200, {"count": len(self._found(request))})

    def export(self, request: Request) -> Answer:
        """Find records of one kind, by cursor."""
        kind = request.one("filter[type]")
        if kind not in {"ticket", "user", "organization", "group"} or "type:" in request.one("query"):
            raise refuse(422, "invalid", "Invalid search: filter[type] is required, and type: is not allowed")
        return self.cursors(request, "results", self.data.search(f"type:{kind} {request.one('query')}"), most=1000)

    def upload(self, request: Request) -> Answer:
        """Keep a file under a token."""
        if not request.one("filename"):
            raise refuse(400, "InvalidValue", "Parameter filename is required")
        token = secrets.token_hex(8)
        file = {
            "id": 498483 + len(self.data.uploads), "file_name": request.one("filename"), "size": len(request.body),
            "content_type": request.media_type, "content": request.body.decode(),
        }  # fmt: skip
        self.data.uploads[token] = file
        shown = {name: value for name, value in file.items() if name != "content"}
        return Answer(
            201,
            {
                "upload": {
                    "token": token,
                    "attachment": shown,
                    "attachments": [shown],
                    "expires_at": "2030-01-01T00:00:00Z",
                }
            },
        )
