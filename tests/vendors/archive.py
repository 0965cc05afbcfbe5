"""A small integration of a vendor whose bodies and answers are of every kind that is not plain JSON."""

from typing import Any

import yaml

from accounts.definition import Definition, parse_definition
from tests.bundles import read_bundle
from tools.catalogue.compilation import compile_tool
from tools.catalogue.tool import Tool
from tools.models import Documentation

ARCHIVE = """
bundle: 1
integration:
  name: archive
  label: Archive
  base_url: https://archive.example
  connection_fields: [{name: key, label: Key, secret: true}]
  authentication: {kind: api_key, query: api_key, value: "{key}"}
  connection_test: {path: /me}
  pagination: {kind: none, default_limit: 10, max_limit: 50}
  errors: {failed: "ok == `false`", message: error.text, code: error.code}
  shaping: {drop: empty, html: [body]}
  resources:
    papers:
      label: Papers
      methods:
        list:
          http: GET
          path: /papers
          access: read
          result: papers
          query_styles: {filter: members, where: indices, tags: pipe}
          header_parameters: {language: Accept-Language}
        get: {http: GET, path: "/papers/{id}", access: read}
        raw: {http: GET, path: "/papers/{id}/raw", access: read, shaping: {drop: nothing}}
        create: {http: POST, path: /papers, access: write, body: json, body_root: paper}
        replace:
          {http: PUT, path: "/papers/{id}", access: write, body: json, body_parameter: pages,
           body_media_type: application/vnd.archive+json}
        label: {http: POST, path: "/papers/{id}/labels", access: write, body: form, query_styles: {about: brackets}}
        attach: {http: POST, path: "/papers/{id}/files", access: write, body: multipart, query_styles: {about: json}}
        annotate:
          {http: POST, path: "/papers/{id}/note", access: write, body: raw, body_parameter: note,
           body_media_type: text/plain}
        scan:
          {http: POST, path: "/papers/{id}/scan", access: write, body: raw, body_parameter: image,
           body_media_type: application/octet-stream}
        stamp:
          {http: POST, path: "/papers/{id}/stamp", access: write, body: json, body_root: stamp,
           fixed_query: {notify: "no"}, fixed_body: {kind: seal, at: {page: 1}}}
        file:
          {http: POST, path: "/papers/{id}/file", access: write, body: form, fixed_body: {kind: folder, locked: true}}
        text: {http: GET, path: "/papers/{id}/text", access: read, answer: text}
        page: {http: GET, path: "/papers/{id}/page", access: read, answer: html}
        download: {http: GET, path: "/papers/{id}/download", access: read, answer: file}
documentation:
  - resource: papers
    method: list
    title: List papers
    description: Lists the papers of the archive, the newest first, by what is given.
    query_schema:
      type: object
      properties:
        filter: {type: object, additionalProperties: {}}
        where: {type: array, items: {}}
        tags: {type: array, items: {type: string}}
        language: {type: string}
    response_schema: &paper
      type: object
      required: [id, state]
      additionalProperties: false
      properties:
        id: {type: integer, minimum: 1}
        title: {type: string, maxLength: 80, description: What it is about.}
        state: {type: string, enum: [new, filed]}
        price: {type: number}
        filed: {type: boolean}
        body: {type: string}
        author: {$ref: "#/$defs/person"}
        pages: {type: array, items: {type: object, properties: {number: {type: integer}, text: {type: string}}}}
        links: {type: object, additionalProperties: {type: string}}
        extra: {}
      $defs:
        person: {type: object, properties: {name: {type: string}, mail: {type: string, format: email}}}
  - resource: papers
    method: get
    title: Get a paper
    description: Returns one paper of the archive with all its pages.
    query_schema: &id {type: object, properties: {id: {type: string}}, required: [id]}
    response_schema: *paper
  - resource: papers
    method: raw
    title: Get a paper as it is
    description: Returns one paper of the archive just as the archive has it.
    query_schema: *id
  - resource: papers
    method: create
    title: Create a paper
    description: Files a new paper in the archive and returns it with its id.
    body_schema:
      type: object
      properties: {title: {type: string}, pages: {type: array, items: {type: string}}}
      dependentRequired: {pages: [title]}
      minProperties: 1
      maxProperties: 2
  - resource: papers
    method: replace
    title: Replace the pages
    description: Replaces all the pages of one paper of the archive at once.
    query_schema: *id
    body_schema: {type: object, properties: {pages: {type: array, items: {type: string}}}}
  - resource: papers
    method: label
    title: Label a paper
    description: Puts labels on one paper of the archive, besides those it has.
    query_schema: *id
    body_schema:
      type: object
      properties: {about: {type: object, additionalProperties: {}}, names: {type: array, items: {type: string}}}
  - resource: papers
    method: attach
    title: Attach files
    description: Attaches a cover and any number of files to one paper of the archive.
    query_schema: *id
    body_schema:
      type: object
      properties:
        caption: {type: string}
        about: {type: object, additionalProperties: {}}
        cover: {type: string, format: binary, description: The first page.}
        files: {type: array, items: {type: string, contentEncoding: base64}}
  - resource: papers
    method: annotate
    title: Annotate a paper
    description: Writes a note on one paper of the archive, in plain text.
    query_schema: *id
    body_schema: {type: object, properties: {note: {type: string}}, required: [note]}
  - resource: papers
    method: scan
    title: Add a scan
    description: Adds a scanned image to one paper of the archive, as the last page.
    query_schema: *id
    body_schema: {type: object, properties: {image: {type: string, format: binary}}}
  - resource: papers
    method: stamp
    title: Stamp a paper
    description: Puts the seal of the archive on the first page of one paper.
    query_schema: *id
    body_schema: {type: object, properties: {ink: {type: string}}}
  - resource: papers
    method: file
    title: File a paper
    description: Puts one paper of the archive into a folder that is locked.
    query_schema: *id
    body_schema: {type: object, properties: {folder: {type: string}}}
  - resource: papers
    method: text
    title: Text of a paper
    description: Returns the plain text of one paper of the archive.
    query_schema: *id
  - resource: papers
    method: page
    title: Page of a paper
    description: Returns the web page of one paper of the archive, as text.
    query_schema: *id
  - resource: papers
    method: download
    title: Download a paper
    description: Returns one paper of the archive as the file that it came in.
    query_schema: *id
"""


def archive_tool(method: str, *, method_changes: dict[str, Any] | None = None, **changed: Any) -> Tool:
    """Compile one tool, with parts of its definition or its record changed."""
    document, records = read_bundle(ARCHIVE)
    document["resources"]["papers"]["methods"][method] |= method_changes or {}
    definition: Definition = parse_definition(document)
    record = next(each for each in records if each["method"] == method)
    return compile_tool(definition, Documentation(**{**record, **changed}))


def archive_with(method: str, **changes: Any) -> str:
    """Return the bundle with parts of one method's definition changed."""
    bundle = yaml.safe_load(ARCHIVE)
    bundle["integration"]["resources"]["papers"]["methods"][method] |= changes
    return yaml.safe_dump(bundle, sort_keys=False)
