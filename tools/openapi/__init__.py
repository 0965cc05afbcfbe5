"""Import of API descriptions: an OpenAPI 3 or Swagger 2.0 document becomes a proposed definition and draft records.

`reading` reads the file, its references and its operations; `shapes` makes schemas that clients accept; `naming` finds
resources, methods and words for them. The other modules make the chapters of the definition: `servers`,
`authentication`, `headers`, `arguments`, `bodies`, `answers`, `paging`, `connection`. `proposal` puts everything
together; only `importing`, which loads a proposal, touches the database.
"""
