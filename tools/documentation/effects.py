"""What an operation does, judged by its words: whether it changes anything, takes something away, or reaches a person.

HTTP methods say too little: vendors cancel by POST, send by PUT, and a few delete by GET. One table of verbs serves the
import, which sets a method's access and `destructive` by it, and the lint, which compares a record's words with them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import dropwhile, pairwise, takewhile

import inflection


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


READS = _words(
    """
    get gets list lists read reads retrieve retrieves fetch fetches find finds search searches query queries look lookup
    view views show shows describe describes count counts check checks preview compare export download browse collect
    filter return returns gather inspect explain estimate calculate compute evaluate validate verify resolve test ping
    monitor monitors identify scroll poll stat stats info translate
    """
)
# These cannot be undone, or take something away that somebody has, wherever they stand in a name.
DESTROYS = _words(
    """
    delete remove purge destroy erase wipe revoke cancel terminate deactivate uninstall unpublish truncate obliterate
    rebuild overwrite rotate regenerate invalidate expire ban kick evict suspend kill abort deprovision unprovision
    unenroll redact anonymize anonymise pseudonymize scrub forget discard reboot restart shutdown rollback
    decommission detach disconnect unregister deregister unsubscribe unassign unlink unlock disable block reject
    decline dismiss logout signout drop void undeploy downgrade deauthorize deactivation trash
    """
)
# As nouns, these are what a request asks for: `create a deletion request`.
DESTRUCTION = _words("deletion removal erasure cancellation revocation termination deactivation purge reset wipe")
# These leave the vendor: somebody gets a message, is called, invited or charged.
REACHES = _words("send resend notify invite reinvite dial publish broadcast refund dispatch remind")
# These mean it as verbs only; as nouns they name what an operation is about.
DESTROYS_AS_VERB = _words(
    "close merge reset clear flush empty prune reprovision resolve end stop archive transfer leave reindex migrate"
)
REACHES_AS_VERB = _words(
    """
    message email mail call sms text reply respond forward post tweet share charge pay capture order book purchase buy
    page escalate push alert answer announce trigger fire deposit withdraw deploy
    """
)
# Of these, a path that ends with one is more often about it: `/templates/sms`.
NOUNS = _words("message email mail call sms text order page post alert")
# What is created here reaches a person, or moves money.
DELIVERED = _words(
    """
    message email mail sms invitation invite reply notification payment refund charge payout transfer call fax tweet
    campaign broadcast reminder announcement letter order
    """
)
MAKES = _words("create add new make post submit issue initiate request schedule start place")
CHANGES = _words(
    """
    create add update edit modify change set assign put patch upsert insert save store upload import register enroll
    apply approve accept activate enable start run execute launch pause resume retry rerun refresh sync generate copy
    clone duplicate move rename subscribe follow unfollow mark unmark star unstar like unlike mute unmute pin unpin join
    grant link attach associate disassociate dissociate connect provision install confirm complete claim vote rate
    increment decrement toggle promote demote snooze unsnooze lock freeze unfreeze reorder split
    """
)
UPDATES = _words("update edit modify configure set change patch put save")
# They come before a verb, and say how.
ADVERBS = _words(
    """
    bulk batch mass multi multiple many manually force permanently immediately async safely soft hard and or to please
    allows allow you api v1 v2 v3 v4 deprecated beta legacy admin
    """
)
VERBS = READS | CHANGES | DESTROYS | REACHES | DESTROYS_AS_VERB | REACHES_AS_VERB
ARTICLES = _words("a an the your this all any one some every its their")
JOINS = _words("or and")
PREPOSITIONS = _words("from for of in on to by with at as into")
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+[a-z]*")
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
    about = _Path.of(path, is_get=http == "GET")
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


def changes_by_name(words: Iterable[str]) -> bool:
    """Return whether any word of a name changes something, wherever it stands."""
    return any({word, _base(word)} & (VERBS - READS) for word in words)


@dataclass(frozen=True, slots=True)
class _Path:
    """What the path of an operation says: the nouns that it is about, and the action that it ends with, if any."""

    nouns: frozenset[str]
    action: str = ""

    @classmethod
    def of(cls, path: str, *, is_get: bool) -> "_Path":
        segments = [each for each in re.split(r"[/:.]", path.partition("?")[0]) if each]
        last = segments[-1] if segments else "{}"
        action = () if "{" in last else tuple(_words_of(last))
        # After a dot or colon comes a procedure, whose name begins with a verb; after an item, a part of it or a verb.
        follows_item = len(segments) > 1 and "{" in segments[-2]
        is_procedure = bool(re.search(r"[.:][^/{}]*$", path))
        is_verb = is_procedure or (len(action) == 1 and (follows_item or not (is_get or set(action) & NOUNS)))
        literal = [each for each in segments if "{" not in each]
        named = literal[:-1] if action else literal
        nouns = frozenset(_singular(word) for each in named for word in _words_of(each))
        return cls(nouns, action[0] if is_verb and action else "")


def effect_of(http: str, path: str, *texts: str) -> Effect:
    """Return what an operation does, by its path and by its texts: its id, its summary, a tool's name or title.

    A GET changes something only if its first words say so plainly.
    """
    is_get = http in {"GET", "QUERY"}
    about = _Path.of(path, is_get=is_get)
    named = [words for words in (_own_words(text, http, about) for text in texts) if words]
    says_read = any(_reads(words, is_get=is_get) for words in named)
    found = NONE
    for words in [] if is_get and says_read else named:
        found |= _of_text(words, about.nouns, is_get=is_get)
    if about.action and not says_read:
        found |= _of_verb(about.action, is_verb=True)
    return found if is_get else Effect(True, found.destroys or http == "DELETE", found.reaches)


def _own_words(text: str, http: str, about: _Path) -> list[str]:
    """Return the words of a text from its first verb on: names begin with the HTTP method, or with the resource."""
    words = _words_of(text)[:MOST_WORDS]
    is_name = " " not in text.strip()
    skipped = ADVERBS | ({http.lower()} if is_name and http != "GET" else set())
    rest = list(dropwhile(lambda word: word in skipped or (is_name and _singular(word) in about.nouns), words))
    return rest or words


def _words_of(text: str) -> list[str]:
    return [word.lower() for word in WORD.findall(text[:1000])]


@lru_cache(maxsize=4096)
def _singular(word: str) -> str:
    return inflection.singularize(word)


def _base(word: str) -> str:
    """Return a verb without the ending of the third person."""
    for ending, kept in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("s", "")):
        if word.endswith(ending) and len(word) > len(ending) + 2 and not word.endswith("ss"):
            return word[: -len(ending)] + kept
    return word


def _reads(words: Sequence[str], *, is_get: bool) -> bool:
    """Return whether the first verb of a text only reads."""
    for word in words[:3]:
        base = _base(word)
        if {word, base} & READS and (is_get or base not in DESTROYS_AS_VERB | REACHES_AS_VERB):
            return True
        if base in CHANGES | DESTROYS | REACHES:
            return False
    return False


def _of_text(words: Sequence[str], nouns: frozenset[str], *, is_get: bool) -> Effect:
    """Return what a text says: by its first verb, and for anything but a GET by strong words anywhere."""
    if _reads(words, is_get=is_get):
        return NONE
    lead, rest = _base(words[0]), words[1:]
    effect = _of_verb(lead, is_verb=not is_get or _is_object(rest, nouns))
    if is_get:
        return effect
    if lead in MAKES:
        effect |= _of_made(rest)
    return effect | _of_others(lead, rest)


def _is_object(rest: Sequence[str], about: frozenset[str]) -> bool:
    """Return whether what follows a word shows that it is a verb: an article, or what the path is about."""
    return bool(rest) and (rest[0] in ARTICLES or _singular(rest[0]) in about)


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
    candidates: Iterable[str] = rest
    if lead in UPDATES:
        candidates = [word for before, word in pairwise(rest) if before in JOINS]
    bases = {_base(word) for word in candidates}
    return Effect(bool(bases & (DESTROYS | REACHES)), bool(bases & DESTROYS), bool(bases & REACHES))
