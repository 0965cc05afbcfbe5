"""A BM25 index of tools in memory.

The weights were chosen with `python -m benchmarks.search_quality`.
"""

import re
from collections.abc import Iterable, Iterator

import tantivy

from tools.catalogue.tool import Tool
from tools.search.analysis import analyzer, apart, slips
from tools.search.finding import MAX_QUERY
from tools.search.synonyms import actions, alike

# What an index takes in memory, roughly.
INDEX_BYTES, BYTES_A_CHARACTER = 64_000, 4
MOST_TERMS = 24
# How much a word counts by where it was found; the names say best what a tool does.
WEIGHTS = {"name": 1.2, "title": 2.0, "topics": 1.5, "path": 1.5, "description": 0.6, "arguments": 0.15}
NAMES = ("name", "title", "topics", "path")
# A word found in several places counts once in full, and this much for each of the others. Otherwise a tool that
# repeats one word comes before one that has them all.
ELSEWHERE = 0.3
# The very form of a word in name or title: `orders` means the list rather than the order.
EXACT = 0.5
# A verb counts by itself, and for what it means, whatever the vendor calls that.
VERB, MEANING = 0.6, 2.5
# Another word for a thing: where the vendor's names lack the one that was asked for, and where they have it.
SYNONYM, ALSO = 0.6, 0.1
MISTYPED = 0.7
NOT_DEPRECATED = 1.5
# Shorter words are one letter away from too many others.
LEAST_MISTYPED, MOST_MISTYPED = 4, 64
# Characters that are searched of descriptions: a tool's, and an argument's.
DESCRIPTION, ARGUMENT = 600, 120
BY_HTTP = {"DELETE": "delete", "PATCH": "update"}
# The least memory that the library takes for writing; it is freed afterwards.
WRITER_BYTES = 15_000_000
PLACEHOLDER = re.compile(r"\{.*?\}")
DEPRECATED = re.compile(r"\bdeprecated\b", re.IGNORECASE)
SHOULD, MUST = tantivy.Occur.Should, tantivy.Occur.Must


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder().add_integer_field("place", fast=True)
    for name, tokenizer in {**dict.fromkeys(WEIGHTS, "stems"), "exact": "words", "meaning": "whitespace"}.items():
        builder.add_text_field(name, tokenizer_name=tokenizer, index_option="freq")
    return builder.add_text_field("state", tokenizer_name="raw", index_option="freq").build()


class ToolIndex:
    """An index of tools in memory, which can be searched from any thread. `weight` is roughly its size in bytes."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._names: list[str] = []
        self._schema = _schema()
        self._stems, self._words = analyzer(stems=True), analyzer(stems=False)
        self._actions, self._alike = actions(self._stems.analyze), alike(self._stems.analyze)
        index = tantivy.Index(self._schema)
        index.register_tokenizer("stems", self._stems)
        index.register_tokenizer("words", self._words)
        writer = index.writer(WRITER_BYTES, num_threads=1)
        self.weight = INDEX_BYTES
        for place, tool in enumerate(tools):
            fields = _fields(tool)
            self._names.append(tool.name)
            self.weight += BYTES_A_CHARACTER * sum(map(len, fields.values()))
            writer.add_document(tantivy.Document(place=place, meaning=self._meaning_of(tool), **fields))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()
        self._named = self._terms_of(NAMES)
        self._known = self._terms_of(WEIGHTS)
        self._forms = self._terms_of(["exact"])

    def find(self, words: str) -> list[str]:
        """Return the names of the tools that match any of the words, best first."""
        query = self._query(apart(words[:MAX_QUERY]))
        if query is None or not self._names:
            return []
        hits = self._searcher.search(query, limit=len(self._names), count=False).hits
        places = self._searcher.fast_field_values("place", [address for _, address in hits])
        return [self._names[int(place)] for place in places if place is not None]

    def _meaning_of(self, tool: Tool) -> str:
        """Return the numbers of what a tool does: by its title's first words, its method, and the HTTP method."""
        title = " ".join(apart(tool.title).split()[:2])
        words = f"{title} {apart(tool.method_name)} {BY_HTTP.get(tool.method.http, '')}"
        return " ".join(sorted({number for stem in self._stems.analyze(words) for number in self._meant(stem)}))

    def _meant(self, stem: str) -> set[str]:
        return self._actions.get(stem, set())

    def _terms_of(self, fields: Iterable[str]) -> set[str]:
        return {term for field in fields for term, _ in self._searcher.terms_with_prefix(field, "")}

    def _query(self, text: str) -> tantivy.Query | None:
        words = [*dict.fromkeys(self._words.analyze(text))][:MOST_TERMS]
        stems = {stem: word for word in words for stem in self._stems.analyze(word)}
        parts = [
            *(self._somewhere(self._counts(stem, word)) for stem, word in stems.items()),
            *(self._any_meaning(numbers) for stem in stems if (numbers := self._meant(stem))),
            *(self._term("exact", word, EXACT) for word in words),
        ]
        if not parts:
            return None
        found = tantivy.Query.boolean_query([(SHOULD, part) for part in parts])
        live = tantivy.Query.const_score_query(self._term("state", "live"), NOT_DEPRECATED)
        return tantivy.Query.boolean_query([(MUST, found), (SHOULD, live)])

    def _counts(self, stem: str, word: str) -> dict[str, float]:
        """Return the terms that a word may stand for, with what each counts."""
        others = dict.fromkeys(self._alike.get(stem, ()), ALSO if stem in self._named else SYNONYM)
        if stem not in self._known and LEAST_MISTYPED <= len(word) <= MOST_MISTYPED:
            others |= dict.fromkeys(self._near(stem, word), MISTYPED)
        return {**others, stem: VERB if stem in self._actions else 1.0}

    def _near(self, stem: str, word: str) -> Iterator[str]:
        """Yield the known terms that one slip of the keys makes this one; it may hide an ending, or stand in it."""
        yield from (each for each in slips(stem) if each in self._known)
        for each in slips(word):
            if each in self._forms:
                yield from self._stems.analyze(each)

    def _somewhere(self, counts: dict[str, float]) -> tantivy.Query:
        places = [
            self._term(field, term, weight * count)
            for term, count in counts.items()
            for field, weight in WEIGHTS.items()
        ]
        return tantivy.Query.disjunction_max_query(places, ELSEWHERE)

    def _any_meaning(self, numbers: set[str]) -> tantivy.Query:
        return tantivy.Query.disjunction_max_query([self._term("meaning", each, MEANING) for each in sorted(numbers)])

    def _term(self, field: str, term: str, weight: float = 1.0) -> tantivy.Query:
        return tantivy.Query.boost_query(
            tantivy.Query.term_query(self._schema, field, term, index_option="freq"), weight
        )


def _fields(tool: Tool) -> dict[str, str]:
    beginning = f"{tool.title} {tool.description[:40]}"
    return {
        "name": apart(tool.name),
        "title": apart(tool.title),
        "topics": apart(" ".join([tool.resource, *tool.tags])),
        "path": apart(PLACEHOLDER.sub(" ", tool.method.path)),
        "description": apart(tool.description[:DESCRIPTION]),
        "arguments": apart(" ".join(_argument_words(tool))),
        "exact": apart(f"{tool.name} {tool.title}"),
        "state": "deprecated" if DEPRECATED.search(beginning) else "live",
    }


def _argument_words(tool: Tool) -> Iterator[str]:
    for name, schema in tool.input_schema["properties"].items():
        yield name
        if isinstance(schema, dict):
            yield str(schema.get("description", ""))[:ARGUMENT]
