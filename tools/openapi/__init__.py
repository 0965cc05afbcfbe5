"""Import of API descriptions: an OpenAPI 3 or Swagger 2.0 document becomes a proposed definition and draft records.

`document` reads and checks the file, `references` follows what points inside it, `swagger` brings 2.0 into the form of
3, `operations` reads each operation. `schemas` (with `merging` and `fitting`) makes schemas that clients take, `texts`
plain words. `naming` finds resources and methods, `servers`, `authentication`, `headers`, `bodies`, `answers`,
`paging` and `connection` the chapters of the definition; `words` writes titles and descriptions. `proposal` puts it
all together; nothing in this package touches the database but `importing`, which loads a proposal.
"""
