"""What makes terms of texts and queries, and what a mistyped word may have been."""

import re
from collections.abc import Iterator
from string import ascii_lowercase

import tantivy

HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def analyzer(*, stems: bool) -> tantivy.TextAnalyzer:
    """Return what makes words in lower case without accents and stop words; with `stems`, without endings too."""
    filters = [
        tantivy.Filter.remove_long(64),
        tantivy.Filter.lowercase(),
        tantivy.Filter.ascii_fold(),
        tantivy.Filter.stopword("english"),
        *([tantivy.Filter.stemmer("english")] if stems else []),
    ]
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for each in filters:
        builder = builder.filter(each)
    return builder.build()


def apart(text: str) -> str:
    """Return a text with the words of camelCase apart."""
    return HUMP.sub(" ", text)


def slips(word: str) -> Iterator[str]:
    """Yield what a word may have been before a letter was lost, added, mistaken, or exchanged with the next one."""
    for at in range(len(word) + 1):
        before, after = word[:at], word[at + 1 :]
        yield before + after
        if after:
            yield before + after[0] + word[at] + after[1:]
        for letter in ascii_lowercase:
            yield before + letter + after
            yield before + letter + word[at:]
