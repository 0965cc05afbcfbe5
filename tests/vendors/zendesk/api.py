"""A stand-in for Zendesk Support: its Ticketing API and OAuth endpoints, as its public reference describes them.

It is stricter than Zendesk, which ignores what it does not know: an unknown parameter or member is refused here, so
that a test sees it. Everything is kept in memory; `reset` brings the beginning back.
"""

from tests.vendors.application import Answer, Request
from tests.vendors.stand_in import Handler, Record, Refusal, Route, unknown
from tests.vendors.zendesk.oauth import CLIENT_ID, CLIENT_SECRET, SignIn
from tests.vendors.zendesk.records import API, CURSOR, PER_PAGE, refuse, wrong
from tests.vendors.zendesk.tickets import Tickets


class Zendesk(SignIn, Tickets):
    """The stand-in. `expire` makes the tokens that are out be refused; `remaining` requests are answered, if set."""

    limit = 700

    def reset(self) -> None:
        """Fill the data anew; nobody is signed in."""
        super().reset()
        self.routes = [*self.oauth_routes(), *self.ticket_routes(), *self._people(), *self._desk()]

    def check(self, request: Request, route: Route | None) -> None:
        """Refuse who shows no token, asks too often, or sends what is not known."""
        if request.path.startswith("/oauth/"):
            return
        kind, _, token = request.header_value("authorization").partition(" ")
        if kind.lower() != "bearer" or token not in self.access:
            words = "The access token provided is expired, revoked, malformed or invalid for other reasons."
            raise Refusal(Answer(401, {"error": "invalid_token", "error_description": words}))
        if self.remaining is not None:
            if self.remaining == 0:
                body = {
                    "error": "APIRateLimitExceeded",
                    "description": "Number of allowed API requests per minute exceeded",
                }
                raise Refusal(Answer(429, body, {"Retry-After": "41"}))
            self.remaining -= 1
        if request.method != "GET" and "write" not in self.access[token].split():
            raise refuse(403, "Forbidden", "Missing the following required scopes: write")
        strange = unknown((name for name, _ in request.parameters), route.query if route else ())
        if route and strange:
            raise refuse(400, "InvalidParameter", f"Unknown parameter: {strange[0]}")

    def not_found(self, request: Request) -> Answer:
        """Name the path as Zendesk does."""
        return Answer(404, {"error": "InvalidEndpoint", "description": "Not found"})

    def finish(self, request: Request, answer: Answer) -> Answer:
        """Tell the limit; lists tell the seconds to the reset too."""
        if request.path.startswith("/oauth/"):
            return answer
        left = str(self.limit - 1 if self.remaining is None else self.remaining)
        told = {"X-Rate-Limit": str(self.limit), "X-Rate-Limit-Remaining": left, **answer.headers}
        if isinstance(answer.body, dict) and "meta" in answer.body:
            told |= {"ratelimit-limit": str(self.limit), "ratelimit-remaining": left, "ratelimit-reset": "41"}
        return Answer(answer.status, answer.body, told, answer.media_type)

    # Users, organizations

    def _people(self) -> list[Route]:
        routes: list[tuple[str, str, Handler, frozenset[str]]] = [
            ("GET", "/users", self.list_users, CURSOR | {"role[]", "role", "external_id"}),
            ("POST", "/users", self._create("users", "user"), frozenset()),
            ("GET", "/users/me", lambda _: Answer(200, {"user": self.data.me}), frozenset()),
            ("GET", "/users/search", self.search_users, PER_PAGE | {"query", "external_id"}),
            ("GET", "/users/{id}", self.single("users", "user"), frozenset()),
            ("PUT", "/users/{id}", self._change("users", "user"), frozenset()),
            ("GET", "/organizations", self.plain_list("organizations"), CURSOR),
            ("POST", "/organizations", self._create("organizations", "organization"), frozenset()),
            ("GET", "/organizations/autocomplete", self.autocomplete, PER_PAGE | {"name"}),
            ("GET", "/organizations/{id}", self.single("organizations", "organization"), frozenset()),
            ("PUT", "/organizations/{id}", self._change("organizations", "organization"), frozenset()),
            ("GET", "/organizations/{id}/users", self.members, CURSOR),
        ]
        return [Route(method, API + path, handler, query) for method, path, handler, query in routes]

    def list_users(self, request: Request) -> Answer:
        """Users, of some roles."""
        roles = [*request.many("role[]"), *request.many("role")]
        if unknown(roles, ("end-user", "agent", "admin")):
            raise refuse(400, {"title": "Invalid attribute", "message": "role is not valid"})
        rows = [row for row in self.data.tables["users"].values() if not roles or row["role"] in roles]
        if wanted := request.one("external_id"):
            rows = [row for row in rows if row["external_id"] == wanted]
        return self.cursors(request, "users", rows)

    def search_users(self, request: Request) -> Answer:
        """Users by a part of name or address."""
        query, external = request.one("query").lower(), request.one("external_id")
        if bool(query) == bool(external):
            raise refuse(400, {"title": "Invalid attribute", "message": "Give query or external_id"})
        rows = [
            row
            for row in self.data.tables["users"].values()
            if (query and query in f"{row['name']} {row['email']}".lower())
            or (external and row["external_id"] == external)
        ]
        return self.numbered(request, "users", rows)

    def autocomplete(self, request: Request) -> Answer:
        """Organizations by how their names begin."""
        name = request.one("name").lower()
        if len(name) < 2:
            raise refuse(400, {"title": "Invalid attribute", "message": "name is too short"})
        rows = [row for row in self.data.tables["organizations"].values() if row["name"].lower().startswith(name)]
        return self.numbered(request, "organizations", rows)

    def members(self, request: Request) -> Answer:
        """The users of an organization."""
        owner = self.find("organizations", request.ids[0])
        rows = [row for row in self.data.tables["users"].values() if row["organization_id"] == owner["id"]]
        return self.cursors(request, "users", rows)

    def _create(self, kind: str, root: str) -> Handler:
        def answer(request: Request) -> Answer:
            given = self.given(request, root, kind)
            given.pop("skip_verify_email", None)
            rows = self.data.tables[kind].values()
            for name in ("email", "name") if kind == "users" else ("name",):
                taken = name != "name" or kind == "organizations"
                if name == "name" and not given.get("name"):
                    raise refuse(
                        422, "RecordInvalid", "Record validation errors", details=wrong("name", "Name: is too short")
                    )
                if taken and given.get(name) and given[name] in [row[name] for row in rows]:
                    details = wrong(name, f"{name.title()}: {given[name]} is already being used by another record")
                    raise refuse(422, "RecordInvalid", "Record validation errors", details=details)
            return Answer(201, {root: self.data.add(kind, given)})

        return answer

    def _change(self, kind: str, root: str) -> Handler:
        def answer(request: Request) -> Answer:
            record = self.find(kind, request.ids[0])
            record.update(self.given(request, root, kind))
            return Answer(200, {root: record})

        return answer

    # Groups, views, macros, tags, fields, ratings

    def _desk(self) -> list[Route]:
        access = frozenset({"active", "access", "group_id"})
        rated = CURSOR | {"score", "start_time", "end_time"}
        routes: list[tuple[str, str, Handler, frozenset[str]]] = [
            ("GET", "/groups", self.list_groups, CURSOR | {"exclude_deleted"}),
            ("GET", "/groups/{id}", self.single("groups", "group"), frozenset()),
            ("GET", "/views", self.plain_list("views", "active"), CURSOR | access),
            ("GET", "/views/{id}", self.single("views", "view"), frozenset()),
            ("GET", "/views/{id}/tickets", self.view_tickets, CURSOR | {"sort_by", "sort_order"}),
            ("GET", "/views/{id}/count", self.view_count, frozenset()),
            ("GET", "/macros", self.plain_list("macros", "active"), CURSOR | access),
            ("GET", "/tags", self.plain_list("tags"), CURSOR),
            ("GET", "/ticket_fields", self.plain_list("ticket_fields"), CURSOR),
            ("GET", "/brands", self.plain_list("brands"), CURSOR),
            ("GET", "/custom_statuses", self.list_statuses, frozenset({"active", "status_categories"})),
            ("GET", "/satisfaction_ratings", self.list_ratings, rated),
            (
                "GET",
                "/satisfaction_ratings/{id}",
                self.single("satisfaction_ratings", "satisfaction_rating"),
                frozenset(),
            ),
        ]
        return [Route(method, API + path, handler, query) for method, path, handler, query in routes]

    def list_groups(self, request: Request) -> Answer:
        """Groups, with or without those that were deleted."""
        rows = list(self.data.tables["groups"].values())
        if request.one("exclude_deleted") == "true":
            rows = [row for row in rows if not row["deleted"]]
        return self.cursors(request, "groups", rows)

    def list_statuses(self, request: Request) -> Answer:
        """The account's own statuses, all at once."""
        wanted = request.one("status_categories")
        rows = [
            row
            for row in self.data.tables["custom_statuses"].values()
            if (not wanted or row["status_category"] in wanted.split(","))
            and (request.one("active") != "true" or row["active"])
        ]
        return Answer(200, {"custom_statuses": rows})

    def _in_view(self, request: Request) -> list[Record]:
        self.find("views", request.ids[0])
        return [row for row in self.data.tables["tickets"].values() if row["status"] not in {"solved", "closed"}]

    def view_tickets(self, request: Request) -> Answer:
        """What is in a view: every view here holds what is not solved."""
        rows = self._in_view(request)
        if column := request.one("sort_by"):
            field = {"created": "created_at", "status": "status"}[column]
            rows.sort(key=lambda row: str(row[field]), reverse=request.one("sort_order") == "desc")
        return self.cursors(request, "tickets", rows)

    def view_count(self, request: Request) -> Answer:
        """How much is in a view."""
        count = len(self._in_view(request))
        told = {"view_id": int(request.ids[0]), "value": count, "pretty": f"~{count}", "fresh": True}
        return Answer(200, {"view_count": told})

    def list_ratings(self, request: Request) -> Answer:
        """Ratings of a kind, in a time."""
        score = request.one("score")
        rows = [row for row in self.data.tables["satisfaction_ratings"].values() if not score or _has_score(row, score)]
        first, last = request.one("start_time"), request.one("end_time")
        rows = [row for row in rows if not first or row["_at"] >= int(first)]
        rows = [row for row in rows if not last or row["_at"] <= int(last)]
        return self.cursors(request, "satisfaction_ratings", rows)


def _has_score(row: Record, score: str) -> bool:
    kind, _, comment = score.partition("_with")
    if comment and bool(row["comment"]) is comment.startswith("out"):
        return False
    return row["score"] in {"received": {"good", "bad"}}.get(kind, {kind})


__all__ = ["CLIENT_ID", "CLIENT_SECRET", "Zendesk"]
