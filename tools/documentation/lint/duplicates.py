"""Find tools that a model could confuse: alike in words and in arguments, with nothing to tell them apart.

Words are weighted by their rarity in the integration, so that what every description says counts little. Pairs are
found through an index of each record's rarest words (prefix filtering: two records that are alike enough share one of
them), so the work grows with the number of records and not with its square.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from accounts.definition import Access, Definition
from tools.catalogue.gate import name_of
from tools.catalogue.placement import properties_of
from tools.documentation.lint.findings import LintFinding
from tools.documentation.lint.words import EMPTY_WORDS, stem, words_of
from tools.models import Documentation

ALIKE_WORDS = 0.72
ALIKE_ARGUMENTS = 0.6
COMMON = 60  # a word that more records share makes no pair by itself
COMPARED = 60  # the most records that one record is compared with


@dataclass(frozen=True, slots=True)
class Profile:
    """The parts of a record that are compared."""

    key: str
    name: str
    words: frozenset[str]
    arguments: frozenset[str]
    reads: bool
    description: str

    def tells_apart(self, other: "Profile") -> bool:
        """Return whether one of the two descriptions names the other's tool."""
        return other.name in self.description or self.name in other.description


def profile_of(definition: Definition, record: Documentation) -> Profile:
    """Return the parts of a record that are compared; its method must be in the definition."""
    name = name_of(definition, record)
    texts = f"{record.title} {record.description} {name} {record.resource} {record.method}"
    words = frozenset(stem(word) for word in words_of(texts) if word not in EMPTY_WORDS)
    arguments = frozenset([*properties_of(record.query_schema), *properties_of(record.body_schema)])
    method = definition.resources[record.resource].methods[record.method]
    return Profile(record.key, name, words, arguments, method.access is Access.READ, record.description)


class Neighbours:
    """The published records of an integration, indexed to find similar ones."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self._profiles = {profile.key: profile for profile in profiles}
        self._shared_by = Counter(word for profile in self._profiles.values() for word in profile.words)
        self._weights = {word: self._weighed(count) for word, count in self._shared_by.items()}
        self._unknown = self._weighed(1)
        self._index: dict[str, list[str]] = defaultdict(list)
        self._same: dict[frozenset[str], list[str]] = defaultdict(list)
        for key, profile in self._profiles.items():
            self._same[profile.words].append(key)
            for word in self._rarest(profile):
                self._index[word].append(key)

    def findings(self, profile: Profile) -> Iterator[LintFinding]:
        """Yield a finding that names the most similar tool, if any is similar enough."""
        alike = sorted(self._alike(profile), reverse=True)
        if not alike:
            return
        likeness, key = alike[0]
        other = self._profiles[key]
        more = f" and {len(alike) - 1} more" if len(alike) > 1 else ""
        yield LintFinding(
            "near-duplicate",
            "description",
            f"is {likeness:.0%} the same as that of {other.name}{more}. Say in both when to use which, naming the "
            "other tool; or withdraw one.",
        )

    def _alike(self, profile: Profile) -> Iterator[tuple[float, str]]:
        for key in self._candidates(profile):
            other = self._profiles[key]
            if other.reads != profile.reads or profile.tells_apart(other):
                continue
            if _jaccard(profile.arguments, other.arguments) < ALIKE_ARGUMENTS:
                continue
            likeness = self._likeness(profile, other)
            if likeness >= ALIKE_WORDS:
                yield likeness, key

    def _candidates(self, profile: Profile) -> list[str]:
        # Records with exactly the same words, since the index skips words that too many share.
        shared = Counter(
            {key: len(profile.words) for key in self._same.get(profile.words, [])[: COMPARED + 1]},
        )
        for word in self._rarest(profile):
            found = self._index.get(word, [])
            if len(found) <= COMMON:
                shared.update(found)
        shared.pop(profile.key, None)
        return [key for key, _ in shared.most_common(COMPARED)]

    def _rarest(self, profile: Profile) -> list[str]:
        """Return just enough of the rarest words that a record without any of them cannot be similar enough."""
        by_rarity = sorted(profile.words, key=lambda word: (-self._weight(word), word))
        needed = (1 - ALIKE_WORDS) * sum(map(self._weight, by_rarity))
        taken, weight = [], 0.0
        for word in by_rarity:
            taken.append(word)
            weight += self._weight(word)
            if weight > needed:
                break
        return taken

    def _weighed(self, sharing: int) -> float:
        return math.log1p(len(self._profiles) / sharing)

    def _weight(self, word: str) -> float:
        return self._weights.get(word, self._unknown)

    def _likeness(self, one: Profile, other: Profile) -> float:
        union = sum(map(self._weight, one.words | other.words))
        return sum(map(self._weight, one.words & other.words)) / union if union else 1.0


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 1.0
