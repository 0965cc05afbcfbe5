"""A small vendor whose cases and notes hold files: a definition, its records, and its answers."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.vendors.application import Answer, Request, Vendor

FILING = """
bundle: 1
integration:
  name: filing
  label: Filing
  base_url: https://filing.example/api
  connection_fields: [{name: key, label: Key, secret: true}]
  authentication: {kind: api_key, header: X-Key, value: "{key}"}
  connection_test: {path: /me}
  pagination: {kind: cursor, cursor_parameter: after, limit_parameter: limit, next_cursor: next, max_limit: 2}
  attachments: {members: [files], id: id, credentials_below: /files/}
  resources:
    cases:
      label: Cases
      methods:
        get: {http: GET, path: "/cases/{id}", access: read}
        read_file: {http: GET, path: "/cases/{case_id}", access: read, attachments_of: [cases.get, notes.list]}
    notes:
      label: Notes
      methods:
        list: {http: GET, path: "/cases/{case_id}/notes", access: read, result: notes}
documentation:
  - resource: cases
    method: get
    title: Get a case
    description: Returns one case with its text and the files of its first message.
    query_schema: {type: object, properties: {id: {type: string}}, required: [id]}
    response_schema: {type: object, properties: {text: {type: string}, files: {type: array, items: {type: object}}}}
  - resource: cases
    method: read_file
    title: Read a file of a case
    description: Reads one file of a case or of one of its notes, by the id that these show.
    query_schema: {type: object, properties: {case_id: {type: string}}, required: [case_id]}
  - resource: notes
    method: list
    title: List the notes of a case
    description: Lists the notes of one case with their texts and the files of each.
    query_schema: {type: object, properties: {case_id: {type: string}}, required: [case_id]}
"""


@dataclass
class FilingVendor(Vendor):
    """Answers with the cases and notes that a test puts there, and with files of its own."""

    cases: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    notes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    files: dict[str, Answer] = field(default_factory=dict)

    def put(self, url: str, name: str = "a.txt", media_type: str = "text/plain", **more: Any) -> None:
        """Attach a file to the case 7, under the id f1."""
        file = {"id": "f1", "name": name, "content_type": media_type, "url": url, **more}
        self.cases["7"] = [file]

    async def respond(self, request: Request) -> Answer:
        """Answer with a case, a page of notes, or a file."""
        if request.path in self.files:
            return self.files[request.path]
        _, _, kind, case, *rest = [*request.path.split("/"), "", ""]
        if kind != "cases" or case not in {*self.cases, *self.notes}:
            return Answer(404, {"error": "no such case"})
        if rest[0] != "notes":
            return Answer(200, {"text": "See the file", "files": self.cases.get(case, [])})
        at, size = int(request.one("after", "0")), int(request.one("limit"))
        notes = self.notes.get(case, [])
        following = str(at + size) if at + size < len(notes) else None
        return Answer(200, json.loads(json.dumps({"notes": notes[at : at + size], "next": following})))
