"""What an operation does, judged by its words: whether it changes anything, takes something away, or reaches a person.

HTTP methods say too little: vendors cancel by POST, send by PUT, and a few delete by GET. One table of verbs serves the
import, which sets a method's access and `destructive` by it, and the lint, which compares a record's words with them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import dropwhile, pairwise, takewhile
from operator import or_

import inflection

from accounts.texts.names import words_in

READS = words_in(
    """
    get gets list lists read reads retrieve retrieves fetch fetches find finds search searches query queries look lookup
    view views show shows describe describes count counts check checks preview compare export download browse collect
    filter return returns gather inspect explain estimate calculate compute evaluate validate verify resolve test ping
    monitor monitors identify scroll poll stat stats info translate
    """
)
# These cannot be undone, or take something away that somebody has, wherever they stand in a name.
DESTROYS = words_in(
    """
    delete remove purge destroy erase wipe revoke cancel terminate deactivate uninstall unpublish truncate obliterate
    rebuild overwrite rotate regenerate invalidate expire ban kick evict suspend kill abort deprovision unprovision
    unenroll redact anonymize anonymise pseudonymize scrub forget discard reboot restart shutdown rollback
    decommission detach disconnect unregister deregister unsubscribe unassign unlink unlock disable block reject
    decline dismiss logout signout drop void undeploy downgrade deauthorize deactivation trash eject expel exclude
    unfriend nuke burn detonate dequeue
    """
)
# As nouns, these are what a request asks for: `create a deletion request`.
DESTRUCTION = words_in("deletion removal erasure cancellation revocation termination deactivation purge reset wipe")
# These leave the vendor: somebody gets a message, is called, invited or charged.
REACHES = words_in("send resend notify invite reinvite dial publish broadcast refund dispatch remind checkout sell")
# These mean it as verbs only; as nouns they name what an operation is about.
DESTROYS_AS_VERB = words_in(
    "close merge reset clear flush empty prune reprovision resolve end stop archive transfer leave reindex migrate pop "
    "format"
)
REACHES_AS_VERB = words_in(
    """
    message email mail call sms text reply respond forward post tweet share charge pay capture order book purchase buy
    page escalate push alert answer announce trigger fire deposit withdraw deploy
    """
)
# Of these, a path that ends with one is more often about it: `/templates/sms`.
NOUNS = words_in("message email mail call sms text order page post alert")
# What is created here reaches a person, or moves money.
DELIVERED = words_in(
    """
    message email mail sms invitation invite reply notification payment refund charge payout transfer call fax tweet
    withdrawal campaign broadcast reminder announcement letter order
    """
)
MAKES = words_in("create add new make post submit issue initiate request schedule start place")
CHANGES = words_in(
    """
    create add update edit modify change set assign put patch upsert insert save store upload import register enroll
    apply approve accept activate enable start run execute launch pause resume retry rerun refresh sync generate copy
    clone duplicate move rename subscribe follow unfollow mark unmark star unstar like unlike mute unmute pin unpin join
    grant link attach associate disassociate dissociate connect provision install confirm complete claim vote rate
    increment decrement toggle promote demote snooze unsnooze lock freeze unfreeze reorder split replace ack acknowledge
    """
)
UPDATES = words_in("update edit modify configure set change patch put save")
# They come before a verb, and say how.
ADVERBS = words_in(
    """
    bulk batch mass multi multiple many manually force permanently immediately async safely soft hard and or to please
    allows allow you api v1 v2 v3 v4 deprecated beta legacy admin
    """
)
# Of a path's last segment, the first of several words is a verb if it is one of these.
VERBS_FIRST = DESTROYS | REACHES | words_in("close cancel reset clear merge archive end stop")
VERBS = READS | CHANGES | DESTROYS | REACHES | DESTROYS_AS_VERB | REACHES_AS_VERB
# A GET that begins with one of these reads, whatever else is said; the other verbs of READS are often nouns.
READS_PLAINLY = words_in("get list read retrieve fetch find search show view describe return look")
# Of DESTROYS, these are things where nothing is done to anything: `block at a height`.
THINGS = words_in("block drop ban void trash kick kill abort reject downgrade rollback burn eject")
# These are the first word of a path's segment only where it is an action: `/users/remove/{id}`, `/user/deleteAll`.
ENDS_IN_PATHS = words_in(
    """
    delete remove purge destroy erase wipe revoke cancel terminate deactivate uninstall unpublish invalidate unsubscribe
    unregister unassign unlink disconnect regenerate rebuild
    """
)
JOINS = words_in("or and")
PREPOSITIONS = words_in("from for of in on to by with at as into")
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+[a-z]*")
CHECK_OUT = re.compile(r"\bcheck out\b", re.IGNORECASE)
MOST_WORDS = 12


@dataclass(frozen=True, slots=True)
class Effect:
    """What words say: `changes` anything, `destroys` what cannot be brought back, `reaches` a person outside."""

    changes: bool = False
    destroys: bool = False
    reaches: bool = False

    @property
    def is_grave(self) -> bool:
        """Whether somebody should be asked first."""
        return self.destroys or self.reaches

    def __or__(self, other: "Effect") -> "Effect":
        return Effect(self.changes or other.changes, self.destroys or other.destroys, self.reaches or other.reaches)


NONE = Effect()


def first_verb(http: str, path: str, *texts: str) -> str:
    """Return the verb that the first of these texts begins with, without its ending; empty if none begins with one."""
    about = _Path.of(path)
    for text in texts:
        words = _own_words(text, http, about)
        for verb in (words[0], _base(words[0])) if words else ():
            if verb in VERBS:
                return verb
    return ""


def reads_by_name(name: str) -> bool:
    """Return whether a name says that it reads, and nothing else: `search`, `query`."""
    words = _words_of(name)
    return bool(words) and words[0] in READS and not changes_by_name(words[1:])


def changing_verbs(name: str) -> set[str]:
    """Return the verbs in a name that change something, without their endings; none of one that begins by reading."""
    words = _words_of(name)
    if words and words[0] in READS:
        return set()
    return {min(found, key=len) for word in words if (found := {word, _base(word)} & (VERBS - READS))}


def changes_by_name(words: Iterable[str]) -> bool:
    """Return whether any word of a name changes something, wherever it stands."""
    return any({word, _base(word)} & (VERBS - READS) for word in words)


@dataclass(frozen=True, slots=True)
class _Path:
    """What the path of an operation says: the nouns that it is about, and the words of the action that it ends with."""

    nouns: frozenset[str]
    action: tuple[str, ...] = ()
    is_item_action: bool = False
    segments: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def of(cls, path: str) -> "_Path":
        segments = [each for each in re.split(r"[/:.]", path.partition("?")[0]) if each]
        last = segments[-1] if segments else "{}"
        action = () if "{" in last else tuple(_words_of(last))
        # After a dot or colon comes a procedure, whose name begins with a verb; after an item, a part of it or a verb.
        is_procedure = bool(re.search(r"[.:][^/{}]*$", path))
        literal = [tuple(_words_of(each)) for each in segments if "{" not in each]
        named = literal[:-1] if action else literal
        nouns = frozenset(_singular(word) for words in named for word in words)
        return cls(nouns, action, is_procedure or (len(segments) > 1 and "{" in segments[-2]), tuple(literal))

    def effect(self, *, is_get: bool) -> Effect:
        """Return what the path itself says that is done."""
        found = NONE
        if not is_get or self.is_item_action:
            found = self._of_action(is_get=is_get)
        for words in self.segments:
            # Two words of which the last is a plural are things: `/orders/cancel-reasons`.
            if words and words[0] in ENDS_IN_PATHS and (not is_get or len(words) == 1 or not _is_plural(words[-1])):
                found |= _of_verb(words[0], is_verb=True)
        return found

    def _of_action(self, *, is_get: bool) -> Effect:
        words = list(dropwhile(lambda word: word in ADVERBS, self.action))
        if not words or (len(words) > 1 and is_get and not self._is_procedure_like(words)):
            return NONE
        is_about = not self.is_item_action and (words[0] in NOUNS or (len(words) > 1 and words[0] not in VERBS_FIRST))
        return NONE if is_about else _of_verb(words[0], is_verb=True)

    def _is_procedure_like(self, words: Sequence[str]) -> bool:
        return self.is_item_action and not _is_plural(words[-1])


def effect_of(http: str, path: str, *texts: str) -> Effect:
    """Return what an operation does, by its path and by its texts: its id, its summary, a tool's name or title.

    A GET changes something if it begins with a verb that does, and nothing says plainly that it only reads.
    """
    is_get = http in {"GET", "QUERY"}
    about = _Path.of(path)
    named = [words for words in (_own_words(text, http, about) for text in texts) if words]
    says_read = any(_reads(words, is_get=is_get) for words in named)
    reads_plainly = any(_base(words[0]) in READS_PLAINLY and not _joined(words) for words in named)
    found = NONE
    for words in [] if is_get and reads_plainly else named:
        found |= _of_text(words, about, is_get=is_get)
    if not says_read:
        found |= about.effect(is_get=is_get)
    return found if is_get else Effect(True, found.destroys or http == "DELETE", found.reaches)


def only_searches(path: str, *texts: str) -> bool:
    """Return whether the words of a request that is sent by POST say that it searches, and nothing else."""
    last = _words_of(path.rstrip("/").rpartition("/")[2])
    if len(last) != 1 or last[0] not in {"search", "query"}:
        return False
    return not any(changes_by_name(word for word in _words_of(text)[:MOST_WORDS] if word != "post") for text in texts)


def _own_words(text: str, http: str, about: _Path) -> list[str]:
    """Return the words of a text from its first verb on: names begin with the HTTP method, or with the resource."""
    words = _words_of(text)[:MOST_WORDS]
    is_name = " " not in text.strip()
    skipped = ADVERBS | ({http.lower()} if is_name and http != "GET" else set())
    rest = list(dropwhile(lambda word: word in skipped or (is_name and _singular(word) in about.nouns), words))
    return rest or words


def _words_of(text: str) -> list[str]:
    return [word.lower() for word in WORD.findall(CHECK_OUT.sub("checkout", text[:1000]))]


@lru_cache(maxsize=4096)
def _singular(word: str) -> str:
    return inflection.singularize(word)


def _is_plural(word: str) -> bool:
    return _singular(word) != word


def _base(word: str) -> str:
    """Return a verb without the ending of the third person."""
    for ending, kept in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("s", "")):
        if word.endswith(ending) and len(word) > len(ending) + 2 and not word.endswith("ss"):
            return word[: -len(ending)] + kept
    return word


def _reads(words: Sequence[str], *, is_get: bool) -> bool:
    """Return whether the first verb of a text only reads."""
    if _joined(words):
        return False
    for word in words[:3]:
        base = _base(word)
        if {word, base} & READS and (is_get or base not in DESTROYS_AS_VERB | REACHES_AS_VERB):
            return True
        if base in CHANGES | DESTROYS | REACHES:
            return False
    return False


def _joined(words: Sequence[str]) -> set[str]:
    """Return the changing verbs that are joined to others: `get and delete`, `gets and deletes`."""
    if not words or not {words[0], _base(words[0])} & VERBS:
        return set()
    joined = {word for before, word in pairwise(words) if before in JOINS}
    if words[0] != _base(words[0]):
        joined = set(map(_base, joined))
    return joined & (CHANGES | DESTROYS | REACHES)


def _of_text(words: Sequence[str], about: _Path, *, is_get: bool) -> Effect:
    """Return what a text says: by its first verb, by those joined to it, and for other methods by strong words too."""
    joined = reduce(or_, (_of_verb(verb, is_verb=True) for verb in _joined(words)), NONE)
    if _reads(words, is_get=is_get):
        return joined
    lead, rest = _base(words[0]), words[1:]
    if is_get and lead in THINGS and (not rest or rest[0] in PREPOSITIONS):
        return joined
    effect = joined | _of_verb(lead, is_verb=not is_get or _is_verb(words, about))
    if is_get:
        return effect
    if lead in MAKES:
        effect |= _of_made(rest)
    return effect | _of_others(lead, rest)


def _is_verb(words: Sequence[str], about: _Path) -> bool:
    """Return whether the first word of a GET's text is a verb, and not what the request is about.

    A verb has an object: `transfers money`, but not `transfers` or `orders of a customer`.
    """
    lead, rest = words[0], words[1:]
    if (lead,) == about.action:
        return lead == _base(lead)
    if not rest or rest[0] in PREPOSITIONS:
        return False
    # `Close reasons` at /close-reasons, and `order history` at /orders/{id}/history.
    is_phrase = tuple(words[:2]) in {segment[:2] for segment in about.segments} and _is_plural(rest[0])
    return not is_phrase and _singular(lead) not in about.nouns


def _of_verb(verb: str, *, is_verb: bool) -> Effect:
    destroys = verb in DESTROYS or (is_verb and verb in DESTROYS_AS_VERB)
    reaches = verb in REACHES or (is_verb and verb in REACHES_AS_VERB)
    return Effect(destroys or reaches or (verb in CHANGES and is_verb), destroys, reaches)


def _of_made(rest: Sequence[str]) -> Effect:
    """Return what making something does: a deletion request destroys, a message reaches somebody."""
    made = [_singular(word) for word in takewhile(lambda word: word not in PREPOSITIONS, rest[:6])]
    return Effect(True, not DESTRUCTION.isdisjoint(made), bool(made) and made[-1] in DELIVERED)


def _of_others(lead: str, rest: Sequence[str]) -> Effect:
    """Return what the words after the first say; an update of `delete rules` deletes nothing."""
    bases = set() if lead in UPDATES else {_base(word) for word in rest}
    return Effect(bool(bases & (DESTROYS | REACHES)), bool(bases & DESTROYS), bool(bases & REACHES))
