"""A stand-in for Intercom: its REST API in version 2.14, as its published OpenAPI description tells it.

It is stricter than Intercom: an unknown parameter or member is refused, so that a test sees it. Everything is kept in
memory; `reset` brings the beginning back.
"""

from tests.vendors.application import Answer, Request
from tests.vendors.intercom.data import WRITABLE
from tests.vendors.intercom.inbox import Inbox
from tests.vendors.intercom.records import CURSORS, NUMBERS, refuse
from tests.vendors.stand_in import Route, unknown

TOKEN, VERSION = "ic-token-0123456789", "2.14"
RESET_AT = 4_102_444_800


class Intercom(Inbox):
    """The stand-in. `remaining` requests are answered, if it is set."""

    limit = 1667

    def reset(self) -> None:
        """Fill the data anew."""
        super().reset()
        self.routes = [*self.conversation_routes(), *self.ticket_routes(), *self._people(), *self._knowledge()]

    def check(self, request: Request, route: Route | None) -> None:
        """Refuse another token or version, too many requests, and parameters that are not known."""
        if request.header_value("authorization") != f"Bearer {TOKEN}":
            raise refuse(401, "unauthorized", "Access Token Invalid")
        if request.header_value("intercom-version") != VERSION:
            raise refuse(400, "intercom_version_invalid", "The requested version could not be found")
        if self.remaining is not None:
            if self.remaining == 0:
                raise refuse(429, "rate_limit_exceeded", "Exceeded rate limit of 1667 in 10_seconds")
            self.remaining -= 1
        strange = unknown((name for name, _ in request.parameters), route.query if route else ())
        if route and strange:
            raise refuse(400, "parameter_invalid", f"Unknown parameter: {strange[0]}")

    def not_found(self, request: Request) -> Answer:
        """Name no path."""
        return refuse(404, "not_found", "Resource Not Found").answer

    def finish(self, request: Request, answer: Answer) -> Answer:
        """Tell the limit, and when it is counted anew."""
        left = self.limit - 1 if self.remaining is None else self.remaining
        told = {"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": str(left)}
        return Answer(
            answer.status,
            answer.body,
            {**told, "X-RateLimit-Reset": str(RESET_AT), **answer.headers},
            answer.media_type,
        )

    # People

    def _people(self) -> list[Route]:
        single = "/contacts/{id}"
        return [
            Route("GET", "/me", lambda _: Answer(200, self.data.me)),
            Route("GET", "/admins", self.whole("admins", "admins", "admin.list"), frozenset({"display_avatar"})),
            Route("GET", "/admins/{id}", self.single("admins")),
            Route("GET", "/teams", self.whole("teams", "teams", "team.list")),
            Route("GET", "/tags", self.whole("tags", "data", "list")),
            Route("GET", "/contacts", self.list_contacts, CURSORS),
            Route("POST", "/contacts", self.create_contact),
            Route("POST", "/contacts/search", self.search("contacts", "data", "list")),
            Route("GET", single, self.single("contacts")),
            Route("PUT", single, self.update_contact),
            Route("POST", f"{single}/archive", self.archive_contact),
            Route("GET", f"{single}/notes", self.list_notes, NUMBERS),
            Route("POST", f"{single}/notes", self.create_note),
            Route("POST", "/companies/list", self.list_companies, NUMBERS | {"order"}),
            Route("GET", "/companies/{id}", self.single("companies")),
            Route("GET", "/companies/{id}/contacts", self.members, NUMBERS),
        ]

    def list_contacts(self, request: Request) -> Answer:
        """All contacts."""
        rows = self.data.tables["contacts"].values()
        return self.cursors("data", "list", rows, request.one("per_page"), request.one("starting_after"))

    def create_contact(self, request: Request) -> Answer:
        """Keep a new contact."""
        body = self.body(request, WRITABLE["contacts"])
        if not {"email", "external_id", "role"} & body.keys():
            raise refuse(400, "parameter_not_found", "email, external_id or role not specified")
        twin = [row["id"] for row in self.data.tables["contacts"].values() if body.get("email") == row["email"]]
        if twin and body.get("email"):
            raise refuse(409, "conflict", f"A contact matching those details already exists with id={twin[0]}")
        return Answer(200, self.data.new_contact(body))

    def update_contact(self, request: Request) -> Answer:
        """Change a contact."""
        contact = self.find("contacts", request.ids[0])
        contact.update(self.body(request, WRITABLE["contacts"]))
        return Answer(200, contact)

    def archive_contact(self, request: Request) -> Answer:
        """Take a contact out of use."""
        contact = self.find("contacts", request.ids[0])
        return Answer(200, {"type": "contact", "id": contact["id"], "external_id": None, "archived": True})

    def list_notes(self, request: Request) -> Answer:
        """The notes on a contact."""
        contact = self.find("contacts", request.ids[0])
        return self.numbered(request, self.data.notes.get(contact["id"], []))

    def create_note(self, request: Request) -> Answer:
        """Keep a note on a contact."""
        contact = self.find("contacts", request.ids[0])
        body = self.body(request, {"body", "admin_id"}, "body")
        author = self.acting(body) if "admin_id" in body else self.data.me
        return Answer(200, self.data.add_note(contact["id"], author, body["body"]))

    def list_companies(self, request: Request) -> Answer:
        """All companies, asked for with a POST that has no body."""
        if request.body:
            raise refuse(400, "bad_request", "No body is expected")
        rows = list(self.data.tables["companies"].values())
        return self.numbered(request, rows if request.one("order") == "asc" else rows[::-1], usual=15)

    def members(self, request: Request) -> Answer:
        """The contacts of a company."""
        company = self.find("companies", request.ids[0])
        rows = self.data.tables["contacts"].values()
        return self.numbered(
            request, [row for row in rows if company["id"] in [each["id"] for each in row["companies"]["data"]]]
        )

    # Articles and calls

    def _knowledge(self) -> list[Route]:
        found = NUMBERS | {"phrase", "state", "help_center_id", "highlight"}
        articles, calls = self.data.tables["articles"], self.data.tables["calls"]
        collections = self.data.tables["collections"]
        return [
            Route("GET", "/articles", lambda request: self.numbered(request, articles.values()), NUMBERS),
            Route("POST", "/articles", self.create_article),
            Route("GET", "/articles/search", self.search_articles, found),
            Route("GET", "/articles/{id}", self.single("articles")),
            Route("PUT", "/articles/{id}", self.update_article),
            Route(
                "GET", "/help_center/collections", lambda request: self.numbered(request, collections.values()), NUMBERS
            ),
            Route("GET", "/calls", lambda request: self.numbered(request, calls.values(), most=25), NUMBERS),
            Route("GET", "/calls/{id}", self.single("calls")),
            Route("GET", "/calls/{id}/transcript", self.transcript),
        ]

    def search_articles(self, request: Request) -> Answer:
        """Articles in which a phrase stands; they lie one level deeper than in other lists."""
        phrase, state = request.one("phrase").lower(), request.one("state", "all")
        rows = [
            row
            for row in self.data.tables["articles"].values()
            if phrase in f"{row['title']} {row['body']}".lower() and state in {"all", row["state"]}
        ]
        page = self.numbered(request, rows)
        return Answer(200, {**page.body, "data": {"articles": page.body["data"], "highlights": []}})

    def create_article(self, request: Request) -> Answer:
        """Write an article, a draft unless told."""
        body = self.body(request, WRITABLE["articles"], "title", "author_id")
        self.acting({"admin_id": body["author_id"]})
        return Answer(200, self.data.new_article(body))

    def update_article(self, request: Request) -> Answer:
        """Change an article."""
        article = self.find("articles", request.ids[0])
        article.update(self.body(request, WRITABLE["articles"]))
        return Answer(200, article)

    def transcript(self, request: Request) -> Answer:
        """What was said in a call, as a text file."""
        call = self.find("calls", request.ids[0])
        if call["transcription_url"] is None:
            raise refuse(404, "transcript_not_found", "Transcript not found")
        words = "Agent: Hello, how can I help?\nCustomer: Where is my order – the große one?\n"
        told = {"Content-Disposition": f'attachment; filename="{call["id"]}.txt"'}
        return Answer(200, words.encode(), told, "text/plain; charset=utf-8")
