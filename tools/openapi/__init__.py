"""Import of API descriptions: an OpenAPI 3 or Swagger 2.0 document becomes a proposed definition and draft records.

`reading` reads the file, what points inside it, and its operations; `shapes` makes schemas that clients take; `naming`
finds resources, methods and words for them. Beside these rooms stand the chapters of the definition: `servers`,
`authentication`, `headers`, `arguments`, `bodies`, `answers`, `paging`, `connection`. `proposal` puts it all together;
nothing in this package touches the database but `importing`, which loads a proposal.
"""
