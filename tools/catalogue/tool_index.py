"""A BM25 index of tools, in memory."""

import re
from collections.abc import Iterable

import tantivy

from tools.catalogue.tool import Tool

# How much a word counts by where it was found; the name and title of a tool say best what it does.
WEIGHTS = {"name": 3.0, "title": 2.0, "topics": 1.5, "description": 1.0, "arguments": 0.5}
# Vendors and models use different verbs for the same thing. A synonym counts half.
SYNONYMS = (
    "get read fetch retrieve show view find",
    "list all search query find browse",
    "create add new make insert post",
    "update change edit modify set patch",
    "delete remove destroy erase",
    "cancel stop abort",
    "send deliver dispatch",
)
SYNONYM_WEIGHT = 0.5
# What an index takes, empty and for each character of its texts.
INDEX_BYTES, BYTES_A_CHARACTER = 64_000, 4
# The least memory that the library takes for writing; it is freed afterwards.
WRITER_BYTES = 15_000_000
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def _analyzer() -> tantivy.TextAnalyzer:
    """Return what makes terms of a text: words in lower case without accents, stop words and endings."""
    filters = (
        tantivy.Filter.remove_long(64),
        tantivy.Filter.lowercase(),
        tantivy.Filter.ascii_fold(),
        tantivy.Filter.stopword("english"),
        tantivy.Filter.stemmer("english"),
    )
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for each in filters:
        builder = builder.filter(each)
    return builder.build()


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder().add_integer_field("place", fast=True)
    for name in WEIGHTS:
        builder.add_text_field(name, tokenizer_name="words", index_option="freq")
    return builder.build()


class ToolIndex:
    """An index of tools in memory, which can be searched from any thread. `weight` is roughly its size in bytes."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._names: list[str] = []
        self._schema, self._analyzer = _schema(), _analyzer()
        index = tantivy.Index(self._schema)
        index.register_tokenizer("words", self._analyzer)
        writer = index.writer(WRITER_BYTES, num_threads=1)
        self.weight = INDEX_BYTES
        for place, tool in enumerate(tools):
            self._names.append(tool.name)
            fields = _fields(tool)
            self.weight += BYTES_A_CHARACTER * sum(map(len, fields.values()))
            writer.add_document(tantivy.Document(place=place, **fields))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()
        self._alike = self._synonyms()

    def find(self, words: str) -> list[str]:
        """Return the names of the tools that match any of the words, best first."""
        query = self._query(words)
        if query is None or not self._names:
            return []
        hits = self._searcher.search(query, limit=len(self._names), count=False).hits
        places = self._searcher.fast_field_values("place", [address for _, address in hits])
        return [self._names[int(place)] for place in places if place is not None]

    def _query(self, words: str) -> tantivy.Query | None:
        terms = dict.fromkeys(self._analyzer.analyze(_split(words)), 1.0)
        for term in [*terms]:
            for other in self._alike.get(term, ()):
                terms.setdefault(other, SYNONYM_WEIGHT)
        parts = [
            (tantivy.Occur.Should, tantivy.Query.boost_query(self._term(field, term), weight * field_weight))
            for term, weight in terms.items()
            for field, field_weight in WEIGHTS.items()
        ]
        return tantivy.Query.boolean_query(parts) if parts else None

    def _term(self, field: str, term: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, term, index_option="freq")

    def _synonyms(self) -> dict[str, set[str]]:
        """Return the terms that mean about the same, by term."""
        alike: dict[str, set[str]] = {}
        for group in SYNONYMS:
            terms = set(self._analyzer.analyze(group))
            for term in terms:
                alike.setdefault(term, set()).update(terms - {term})
        return alike


def _fields(tool: Tool) -> dict[str, str]:
    return {
        "name": _split(tool.name),
        "title": _split(tool.title),
        "topics": _split(" ".join([tool.resource, *tool.tags])),
        "description": _split(tool.description),
        "arguments": _split(" ".join(tool.input_schema["properties"])),
    }


def _split(text: str) -> str:
    """Return a text with the words of camelCase apart."""
    return HUMP.sub(" ", text)
