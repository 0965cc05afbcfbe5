"""A stand-in for Freshdesk: its REST API v2, as its public documentation describes it.

Like Freshdesk it refuses parameters and members that it does not know, values of another type, and a key that is not
its own. Everything is kept in memory; `reset` brings the beginning back.
"""

import base64

from tests.vendors.application import Answer, Request
from tests.vendors.freshdesk.records import API, PAGED, refuse, same, without_own
from tests.vendors.freshdesk.tickets import Tickets
from tests.vendors.stand_in import Handler, Refusal, Route, unknown

KEY = "fd-api-key-0123456789"
# As the reference shows choices: those of a status by number, those of priority and source by name.
TICKET_FIELDS = [
    {"id": 1, "name": "subject", "label": "Subject", "type": "default_subject", "required_for_agents": True},
    {
        "id": 2,
        "name": "status",
        "label": "Status",
        "type": "default_status",
        "required_for_agents": True,
        "choices": {
            "2": ["Open", "Being Processed"],
            "3": ["Pending", "Awaiting your Reply"],
            "4": ["Resolved", "This ticket has been Resolved"],
            "5": ["Closed", "This ticket has been Closed"],
            "6": ["Waiting on supplier", "Awaiting your Reply"],
        },
    },
    {"id": 3, "name": "cf_order", "label": "Order", "type": "custom_text", "required_for_agents": False, "position": 9},
    {
        "id": 4,
        "name": "priority",
        "label": "Priority",
        "type": "default_priority",
        "required_for_agents": True,
        "choices": {"Low": 1, "Medium": 2, "High": 3, "Urgent": 4},
    },
    {
        "id": 5,
        "name": "source",
        "label": "Source",
        "type": "default_source",
        "required_for_agents": False,
        "choices": {"Email": 1, "Portal": 2, "Phone": 3, "Chat": 7, "Feedback Widget": 9},
    },
]


class Freshdesk(Tickets):
    """The stand-in. `remaining` requests are answered, if it is set."""

    limit = 700

    def reset(self) -> None:
        """Fill the data anew."""
        super().reset()
        self.routes = [*self.ticket_routes(), *self._people(), *self._knowledge()]

    def check(self, request: Request, route: Route | None) -> None:
        """Refuse another key, too many requests, and parameters that are not known."""
        scheme, _, pair = request.header_value("authorization").partition(" ")
        if scheme != "Basic" or base64.b64decode(pair).decode().partition(":")[0] != KEY:
            words = "You have to be logged in to perform this action."
            raise Refusal(Answer(401, {"code": "invalid_credentials", "message": words}))
        if self.remaining is not None:
            if self.remaining == 0:
                raise Refusal(
                    Answer(429, {"message": "You have exceeded the limit of requests"}, {"Retry-After": "24"})
                )
            self.remaining -= 1
        strange = unknown((name for name, _ in request.parameters), route.query if route else ())
        if route and strange:
            raise refuse(strange[0], "Unexpected/invalid field in request", "invalid_field")

    def not_found(self, request: Request) -> Answer:
        """Say nothing, as Freshdesk does."""
        return Answer(404)

    def finish(self, request: Request, answer: Answer) -> Answer:
        """Tell the limit and what this request cost of it."""
        left = self.limit - 1 if self.remaining is None else self.remaining
        cost = 1 + len(request.one("include").split(",")) if request.one("include") else 1
        told = {"X-RateLimit-Total": str(self.limit), "X-RateLimit-Remaining": str(left)}
        told["X-RateLimit-Used-CurrentRequest"] = str(cost)
        shown = without_own(answer.body)
        return Answer(answer.status, shown, {**told, **answer.headers}, answer.media_type)

    # People

    def _people(self) -> list[Route]:
        contact = {name: same(name) for name in ("email", "phone", "mobile", "company_id")}
        contacts = self.listed(
            "contacts",
            **contact,
            state=lambda row, wanted: row["active"] is (wanted == "verified"),
            _updated_since=lambda row, wanted: row["updated_at"] >= wanted,
        )
        companies = self.listed("companies", updated_since=lambda row, wanted: row["updated_at"] >= wanted)
        agents = self.listed(
            "agents",
            email=lambda row, wanted: row["contact"]["email"] == wanted,
            state=lambda row, wanted: row["occasional"] is (wanted == "occasional"),
        )
        routes: list[tuple[str, str, Handler, frozenset[str]]] = [
            ("GET", "/contacts", contacts, PAGED | {*contact, "state", "_updated_since"}),
            ("POST", "/contacts", self._create("contacts", "name"), frozenset()),
            ("GET", "/contacts/autocomplete", self._beginning("contacts", "term"), frozenset({"term"})),
            ("GET", "/contacts/{id}", self.single("contacts"), frozenset()),
            ("PUT", "/contacts/{id}", self.change("contacts"), frozenset()),
            ("GET", "/search/contacts", self.found("contacts"), frozenset({"query", "page"})),
            ("GET", "/companies", companies, PAGED | {"updated_since"}),
            ("POST", "/companies", self._create("companies", "name"), frozenset()),
            ("GET", "/companies/autocomplete", self._beginning("companies", "name", "companies"), frozenset({"name"})),
            ("GET", "/companies/{id}", self.single("companies"), frozenset()),
            ("PUT", "/companies/{id}", self.change("companies"), frozenset()),
            ("GET", "/agents", agents, PAGED | {"email", "state"}),
            ("GET", "/agents/autocomplete", self.complete_agent, frozenset({"term"})),
            ("GET", "/agents/me", lambda _: Answer(200, self.data.me), frozenset()),
            ("GET", "/agents/{id}", self.single("agents"), frozenset()),
            ("GET", "/groups", self.listed("groups"), PAGED),
            ("GET", "/products", self.listed("products"), PAGED),
            ("GET", "/ticket_fields", lambda _: Answer(200, TICKET_FIELDS), frozenset()),
        ]
        return [Route(method, API + path, handler, query) for method, path, handler, query in routes]

    def _create(self, kind: str, *required: str) -> Handler:
        def answer(request: Request) -> Answer:
            given = self.given(request, kind, *required)
            unique = "email" if kind == "contacts" else "name"
            if kind == "contacts" and not any(given.get(name) for name in ("email", "phone", "mobile")):
                raise refuse(
                    "email", "Please fill at least 1 of email, mobile, phone, twitter_id fields", "missing_field"
                )
            if given.get(unique) in [row[unique] for row in self.data.tables[kind].values()]:
                raise refuse(unique, "It should be a unique value", "duplicate_value", status=409)
            return Answer(201, self.data.add(kind, given))

        return answer

    def complete_agent(self, request: Request) -> Answer:
        """Agents by how their names begin, which stand below `contact`."""
        begins = request.one("term").lower()
        rows = [(row["id"], row["contact"]["name"]) for row in self.data.tables["agents"].values()]
        return Answer(200, [{"id": key, "name": name} for key, name in rows if name.lower().startswith(begins)])

    def _beginning(self, kind: str, parameter: str, root: str = "") -> Handler:
        def answer(request: Request) -> Answer:
            begins = request.one(parameter).lower()
            if not begins:
                raise refuse(parameter, "It should not be blank as this is a mandatory field", "missing_field")
            rows = [row for row in self.data.tables[kind].values() if row["name"].lower().startswith(begins)]
            named = [{"id": row["id"], "name": row["name"]} for row in rows]
            return Answer(200, {root: named} if root else named)

        return answer

    # Canned responses and articles

    def _knowledge(self) -> list[Route]:
        routes: list[tuple[str, str, Handler, frozenset[str]]] = [
            ("GET", "/canned_response_folders", self._whole("canned_response_folders"), frozenset()),
            (
                "GET",
                "/canned_response_folders/{id}/responses",
                self._below("canned_responses", "canned_response_folders", "folder_id"),
                PAGED,
            ),
            ("GET", "/canned_responses/{id}", self.single("canned_responses"), frozenset()),
            ("GET", "/solutions/categories", self.listed("categories"), PAGED),
            ("GET", "/solutions/categories/{id}/folders", self._below("folders", "categories", "category_id"), PAGED),
            ("GET", "/solutions/folders/{id}/articles", self._below("articles", "folders", "folder_id"), PAGED),
            ("POST", "/solutions/folders/{id}/articles", self.create_article, frozenset()),
            ("GET", "/solutions/articles/{id}", self.single("articles"), frozenset()),
            ("PUT", "/solutions/articles/{id}", self.change("articles"), frozenset()),
            ("GET", "/search/solutions", self.search_articles, PAGED | {"term"}),
        ]
        return [Route(method, API + path, handler, query) for method, path, handler, query in routes]

    def _whole(self, kind: str) -> Handler:
        return lambda _: Answer(200, list(self.data.tables[kind].values()))

    def _below(self, kind: str, owners: str, field: str) -> Handler:
        def answer(request: Request) -> Answer:
            owner = self.find(owners, request.ids[0])
            return self.page(request, [row for row in self.data.tables[kind].values() if row[field] == owner["id"]])

        return answer

    def create_article(self, request: Request) -> Answer:
        """Write an article into a folder."""
        folder = self.find("folders", request.ids[0])
        given = self.given(request, "articles", "title", "description", "status")
        more = {"folder_id": folder["id"], "category_id": folder["category_id"], "agent_id": self.data.me["id"]}
        return Answer(201, self.data.add("articles", {**given, **more}))

    def search_articles(self, request: Request) -> Answer:
        """Articles in which every word stands."""
        words = request.one("term").lower().split()
        rows = [
            row
            for row in self.data.tables["articles"].values()
            if all(word in f"{row['title']} {row['description_text']}".lower() for word in words)
        ]
        return self.page(request, rows)
