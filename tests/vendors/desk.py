"""A small integration of a vendor that does everything FuseDesk does not."""

from typing import Any

from accounts.definition import Definition, parse_definition
from tests.bundles import read_bundle
from tools.catalogue.compilation import compile_tool
from tools.catalogue.tool import Tool
from tools.models import Documentation

DESK = """
bundle: 1
integration:
  name: desk
  label: Desk
  base_url: https://desk.example
  connection_fields: [{name: key, label: Key, secret: true}]
  authentication: {kind: api_key, header: X-Key, value: "Key {key}"}
  connection_test: {path: /me}
  pagination: {kind: offset, limit_parameter: size, offset_parameter: start, default_limit: 10, max_limit: 50}
  errors: {message: error.text, code: error.code}
  resources:
    tickets:
      label: Tickets
      tool_tags: [support]
      methods:
        list:
          http: GET
          path: /tickets
          access: read
          result: data
          query_styles: {labels: comma, ids: brackets, window: json, tree: brackets}
        get: {http: GET, path: "/tickets/{id}", access: read, result: "ticket"}
        create: {http: POST, path: /tickets, access: write, body: json}
        update: {http: PUT, path: "/tickets/{id}", access: write, body: json}
        delete: {http: DELETE, path: "/tickets/{id}", access: write}
        link: {http: POST, path: "/tickets/{id}/links/{other}", access: write, body: form}
    queues:
      label: Queues
      tool_tags: [admin]
      methods:
        list: {http: GET, path: /queues, access: read, pagination: {kind: none, default_limit: 5, max_limit: 20}}
        count: {http: GET, path: /queues/count, access: read, result: "length(@)"}
        names: {http: GET, path: /queues/names, access: read, result: "keys(@)"}
  tool_tags: {tickets.delete: [admin]}
documentation:
  - resource: tickets
    method: list
    title: List tickets
    description: Lists the tickets of the desk, the newest first, narrowed by what is given.
    query_schema:
      type: object
      properties:
        state: {type: string, enum: [open, closed]}
        "filter[state]": {type: string}
        filter_state: {type: string}
        labels: {type: array, items: {type: string}}
        ids: {type: array, items: {type: integer}}
        states: {type: array, items: {type: string}}
        window: {type: object, properties: {after: {type: string}}, additionalProperties: false}
        tree: {type: object, additionalProperties: {}}
        urgent: {type: boolean}
        size_above: {type: integer}
        share: {type: number}
  - resource: tickets
    method: get
    title: Get a ticket
    description: Returns one ticket of the desk with all that is in it.
    query_schema: {type: object, properties: {id: {type: string}}, required: [id]}
  - resource: tickets
    method: create
    title: Create a ticket
    description: Opens a ticket on the desk and returns it with its number.
    body_schema:
      type: object
      properties: {title: {type: string}, level: {type: integer}, extra: {type: object, additionalProperties: {}}}
      required: [title]
  - resource: tickets
    method: update
    title: Update a ticket
    description: Replaces a ticket of the desk, if it has the version that is named.
    query_schema:
      type: object
      properties: {id: {type: string}, version: {type: integer}}
      required: [id, version]
    body_schema: {type: object, properties: {version: {type: integer}, title: {type: string}}}
  - resource: tickets
    method: delete
    title: Delete a ticket
    description: Deletes a ticket of the desk, which cannot be undone by anybody.
    query_schema: {type: object, properties: {id: {type: integer}}, required: [id]}
  - resource: tickets
    method: link
    title: Link two tickets
    description: Links a ticket of the desk with another one, as the kind that is named.
    query_schema: {type: object, properties: {id: {type: string}, other: {type: string}}}
    body_schema:
      type: object
      properties: {kind: {type: string}, notes: {type: array, items: {type: string}}, both: {type: boolean}}
  - resource: queues
    method: list
    title: List queues
    description: Lists all the queues of the desk in the order of their names.
  - resource: queues
    method: count
    title: Count queues
    description: Tells how many queues there are on the desk at this moment.
  - resource: queues
    method: names
    title: Names of queues
    description: Tells the names of the queues that there are on the desk.
"""


def desk() -> tuple[Definition, dict[str, dict[str, Any]]]:
    """Return the definition and its records by `resource.method`."""
    document, records = read_bundle(DESK)
    return parse_definition(document), {f"{each['resource']}.{each['method']}": each for each in records}


def desk_tool(key: str, **changed: Any) -> Tool:
    """Compile one tool, with parts of its record changed."""
    definition, records = desk()
    return compile_tool(definition, Documentation(**{**records[key], **changed}))
