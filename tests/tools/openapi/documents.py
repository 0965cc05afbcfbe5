"""API descriptions of vendors that do not exist: one for each version, and a large one that is generated."""

from typing import Any

import yaml

from tools.openapi.proposal import Proposal, propose
from tools.openapi.reading.document import read

DESK_30 = """
openapi: 3.0.3
info: {title: Acme Desk, description: "A **helpdesk**. <b>Ask</b> [us](https://acme.example)."}
servers: [{url: "https://{subdomain}.acme.example/api", variables: {subdomain: {default: demo}}}]
security: [{key: []}]
tags: [{name: Tickets}]
paths:
  /me:
    get:
      operationId: getMe
      responses: {"200": {description: OK, content: {application/json: {schema: {type: object}}}}}
  /v2/tickets:
    parameters: [{$ref: "#/components/parameters/Version"}]
    get:
      operationId: listTickets
      tags: [Tickets]
      summary: List tickets
      description: "Newest first. See [the guide](https://acme.example/guide)."
      parameters:
        - {name: status, in: query, schema: {type: string, enum: [open, closed, ~], nullable: true}}
        - {name: "filter[queue]", in: query, schema: {type: integer, minimum: 0, exclusiveMinimum: true}}
        - {name: labels, in: query, style: form, explode: false, schema: {type: array, items: {type: string}}}
        - name: window
          in: query
          style: deepObject
          explode: true
          schema: {type: object, properties: {after: {type: string}}}
        - {name: cursor, in: query, schema: {type: string}}
        - {name: limit, in: query, schema: {type: integer, maximum: 50, default: 20}}
        - {name: X-Request-Tag, in: header, schema: {type: string}}
        - {name: Authorization, in: header, schema: {type: string}}
      responses:
        "200":
          description: OK
          content:
            application/json:
              schema:
                type: object
                properties:
                  tickets: {type: array, items: {$ref: "#/components/schemas/Ticket"}}
                  meta:
                    type: object
                    properties: {next_cursor: {type: string, nullable: true}, has_more: {type: boolean}}
    post:
      operationId: createTicket
      tags: [Tickets]
      summary: Create a ticket
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/NewTicket"}}}
      responses:
        "201": {description: OK, content: {application/json: {schema: {$ref: "#/components/schemas/Ticket"}}}}
  /v2/tickets/{ticket-id}:
    parameters: [{name: ticket-id, in: path, required: true, schema: {type: string}, description: Its id.}]
    get:
      operationId: getTicket
      responses:
        "200":
          description: OK
          content:
            application/vnd.acme+json:
              schema: {type: object, properties: {ticket: {$ref: "#/components/schemas/Ticket"}}}
    patch:
      operationId: updateTicket
      requestBody:
        content:
          application/merge-patch+json:
            schema:
              type: object
              properties: {ticket: {type: object, properties: {subject: {type: string}}}}
      responses: {"200": {description: OK}}
    delete: {operationId: deleteTicket, deprecated: true, responses: {"204": {description: Gone}}}
  /v2/tickets/{ticket-id}/close:
    post: {operationId: closeTicket, summary: Close, responses: {"200": {description: OK}}}
  /v2/tickets/{ticket-id}/attachments:
    post:
      operationId: attach
      requestBody:
        content:
          multipart/form-data:
            schema:
              type: object
              required: [file]
              properties:
                file: {type: string, format: binary}
                note: {type: string}
                about: {type: object, properties: {a: {type: string}}}
            encoding: {about: {contentType: application/json}}
      responses: {"201": {description: OK}}
  /v2/tickets/{ticket-id}/transcript:
    get:
      operationId: transcript
      responses: {"200": {description: OK, content: {text/html: {schema: {type: string}}}}}
  /v2/tickets/{ticket-id}/pdf:
    get:
      operationId: pdf
      responses: {"200": {description: OK, content: {application/pdf: {schema: {type: string, format: binary}}}}}
  /v2/labels/{name}:
    put:
      operationId: renameLabel
      parameters: [{name: name, in: path, required: true, schema: {type: string}}]
      requestBody:
        content:
          application/json: {schema: {type: object, properties: {name: {type: string}, colour: {type: string}}}}
      responses: {"200": {description: OK}}
  /v2/notes:
    put:
      operationId: replaceNotes
      requestBody: {required: true, content: {application/json: {schema: {type: array, items: {type: string}}}}}
      responses: {"200": {description: OK}}
    post:
      operationId: importNotes
      requestBody: {required: true, content: {text/csv: {schema: {type: string}}}}
      responses: {"200": {description: OK}}
  /v2/events:
    get: {operationId: events, responses: {"200": {description: OK, content: {text/event-stream: {}}}}}
  /v2/archive:
    get: {operationId: archive, responses: {"302": {description: Elsewhere}}}
  /v2/outside:
    post:
      operationId: outside
      requestBody: {content: {application/json: {schema: {$ref: "https://elsewhere.example/schema.json"}}}}
      responses: {"200": {description: OK}}
  /v2/files:
    servers: [{url: "https://files.acme.example"}]
    get: {operationId: listFiles, responses: {"200": {description: OK}}}
  /v2/session:
    get:
      parameters: [{name: sid, in: cookie, required: true, schema: {type: string}}]
      responses: {"200": {description: OK}}
    head: {responses: {"200": {description: OK}}}
components:
  parameters:
    Version: {name: X-Version, in: header, schema: {type: string, enum: ["2026-01-01"]}}
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
    other: {type: oauth2, flows: {implicit: {authorizationUrl: "https://acme.example/auth", scopes: {}}}}
  schemas:
    Ticket:
      type: object
      required: [id]
      properties:
        id: {type: integer, readOnly: true}
        subject: {type: string, nullable: true, example: It is broken}
        secret: {type: string, writeOnly: true}
        parent: {$ref: "#/components/schemas/Ticket"}
        extra: {type: object, additionalProperties: true}
        tags: {type: array}
    NewTicket:
      allOf:
        - {$ref: "#/components/schemas/Ticket"}
        - type: object
          required: [subject, channel]
          properties:
            channel:
              oneOf:
                - type: object
                  required: [kind]
                  properties: {kind: {type: string, enum: [email]}, address: {type: string}}
                - type: object
                  required: [kind]
                  properties: {kind: {type: string, enum: [chat]}, room: {type: integer}}
              discriminator: {propertyName: kind}
"""

DESK_31 = """
openapi: 3.1.0
info: {title: Board}
servers: [{url: https://board.example/v1}]
paths:
  /cards:
    get:
      operationId: cards.list
      parameters:
        - {name: page, in: query, schema: {type: integer, default: 0}}
        - {name: per_page, in: query, schema: {type: [integer, "null"]}, description: Between 1 and 200.}
      responses:
        "200":
          description: OK
          content: {application/json: {schema: {type: array, items: {type: object, properties: {id: {type: string}}}}}}
    post:
      operationId: cards.create
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                title: {type: [string, "null"], examples: [Buy milk]}
                kind: {const: card}
                size: {type: integer, exclusiveMinimum: 0}
                where: {type: array, prefixItems: [{type: number}, {type: number}]}
                any: true
                picture: {type: string, contentMediaType: image/png, contentEncoding: base64}
      responses: {"200": {description: OK}}
webhooks:
  moved: {post: {requestBody: {content: {application/json: {}}}, responses: {"200": {description: OK}}}}
components:
  securitySchemes:
    login:
      type: oauth2
      flows:
        authorizationCode:
          authorizationUrl: https://board.example/authorize
          tokenUrl: /token
          scopes: {cards:read: See cards, cards:write: Change cards}
"""

STORE_20 = """
swagger: "2.0"
info: {title: Store}
host: store.example
basePath: /api
schemes: [http, https]
consumes: [application/json]
produces: [application/json]
securityDefinitions: {login: {type: basic}}
security: [{login: []}]
paths:
  /orders:
    get:
      operationId: listOrders
      parameters:
        - {name: ids, in: query, type: array, items: {type: integer}, collectionFormat: pipes}
        - {name: tags, in: query, type: array, items: {type: string}, collectionFormat: multi}
        - {name: offset, in: query, type: integer}
        - {name: limit, in: query, type: integer, description: "The number of orders (maximum: 40)."}
      responses:
        200:
          description: OK
          schema:
            type: object
            properties: {orders: {type: array, items: {$ref: "#/definitions/Order"}}, total: {type: integer}}
    post:
      operationId: createOrder
      parameters: [{name: order, in: body, required: true, schema: {$ref: "#/definitions/Order"}}]
      responses: {201: {description: OK, schema: {$ref: "#/definitions/Order"}}}
  /orders/{id}/invoice:
    parameters: [{name: id, in: path, required: true, type: integer}]
    get: {operationId: invoice, produces: [application/pdf], responses: {200: {description: OK, schema: {type: file}}}}
    post:
      operationId: uploadInvoice
      consumes: [multipart/form-data]
      parameters:
        - {name: file, in: formData, type: file, required: true}
        - {name: pages, in: formData, type: array, items: {type: integer}, collectionFormat: csv}
      responses: {200: {description: OK}}
definitions:
  Order:
    type: object
    properties: {id: {type: integer}, on: {type: string}, lines: {type: array, items: {$ref: "#/definitions/Line"}}}
  Line: {type: object, properties: {order: {$ref: "#/definitions/Order"}, amount: {type: number}}}
"""


def proposed(text: str, name: str = "acme", **options: Any) -> Proposal:
    """Return the proposal for a description."""
    return propose(read(text), name=name, **options)


def described(paths: dict[str, Any], **more: Any) -> str:
    """Return a description of these paths, and whatever else it shall say."""
    document = {"openapi": "3.0.0", "info": {"title": "Vendor"}, "servers": [{"url": "https://v.example"}]}
    return yaml.safe_dump({**document, "paths": paths, **more}, sort_keys=False)


def operation(**parts: Any) -> dict[str, Any]:
    """Return an operation that answers with nothing in particular, unless told."""
    return {"responses": {"200": {"description": "OK"}}, **parts}


def answering(schema: Any, **parts: Any) -> dict[str, Any]:
    """Return an operation that answers with JSON of a schema."""
    return operation(
        responses={"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}}, **parts
    )


def method_of(proposal: Proposal, key: str) -> dict[str, Any]:
    """Return what the definition says of a method, named as `resource.method`."""
    resource, _, method = key.partition(".")
    declared: dict[str, Any] = proposal.document["resources"][resource]["methods"][method]
    return declared


def record_of(proposal: Proposal, key: str) -> dict[str, Any]:
    """Return a record by `resource.method`."""
    return next(each for each in proposal.records if f"{each['resource']}.{each['method']}" == key)


def large(operations: int) -> str:
    """Return a description with so many operations, whose schemas refer to each other in circles."""
    paths: dict[str, Any] = {}
    for number in range(operations // 5):
        thing = {"$ref": f"#/components/schemas/Thing{number}"}
        body = {"required": True, "content": {"application/json": {"schema": thing}}}
        listing = {
            "type": "object",
            "properties": {"items": {"type": "array", "items": thing}, "next": {"type": "string"}},
        }
        paths[f"/group{number % 7}/things{number}"] = {
            "get": answering(listing, operationId=f"listThings{number}", summary="List things"),
            "post": answering(thing, operationId=f"createThing{number}", requestBody=body),
        }
        parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        paths[f"/group{number % 7}/things{number}/{{id}}"] = {
            "parameters": [parameter],
            "get": answering(thing, operationId=f"getThing{number}"),
            "put": answering(thing, operationId=f"updateThing{number}", requestBody=body),
            "delete": operation(operationId=f"deleteThing{number}"),
        }
    count = max(1, operations // 5)
    schemas = {
        f"Thing{number}": {
            "type": "object",
            "description": "A thing of the vendor, as it keeps them.",
            "properties": {
                **{f"field_{place}": {"type": "string", "description": "Words. " * 8} for place in range(12)},
                **{
                    f"other_{place}": {"$ref": f"#/components/schemas/Thing{(number * 3 + place) % count}"}
                    for place in range(4)
                },
            },
        }
        for number in range(count)
    }  # fmt: skip
    return described(paths, components={"schemas": schemas})
