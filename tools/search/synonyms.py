"""Words that vendors and models use for about the same: for what is done, and for what it is done to."""

from collections import defaultdict
from collections.abc import Callable

Analyze = Callable[[str], list[str]]

# A verb may be in several groups; a tool that does what any of them says is found.
ACTIONS = (
    "get read fetch retrieve show view find look display see check",
    "list all search query find browse lookup filter",
    "create add new make insert post open start set register",
    "update change edit modify set patch rename adjust save",
    "delete remove destroy erase drop clear purge trash discard rid",
    "cancel stop abort end terminate",
    "send deliver dispatch post email",
    "close end finish complete resolve",
    "pause suspend hold freeze stop",
    "merge join combine unite",
    "copy duplicate clone",
    "reply answer respond",
    "assign give hand transfer move",
    "attach link associate connect add upload",
    "detach unlink disassociate disconnect remove",
    "enable activate start resume",
    "disable deactivate block ban stop",
    "invite add",
    "publish release",
    "undo restore revert rollback recover",
    "approve accept confirm acknowledge",
    "reject decline deny refuse",
    "import load upload",
    "export download",
    "verify validate check test",
    "schedule plan book",
    "void cancel",
    "kick remove",
)
THINGS = (
    "user person people member account",
    "member teammate colleague employee staff worker agent",
    "customer client contact buyer",
    "contact person people lead profile",
    "company organization organisation business",
    "group team",
    "message email mail text sms",
    "chat conversation thread discussion",
    "comment note remark annotation story",
    "ticket case issue incident request",
    "task todo",
    "file document attachment",
    "folder directory",
    "image picture photo avatar",
    "song track music",
    "phone telephone number",
    "call phone",
    "invoice bill",
    "payment charge transaction",
    "refund reimbursement",
    "product item article",
    "order purchase",
    "price cost amount",
    "usage spend consumption",
    "stock inventory",
    "vendor supplier",
    "quote quotation estimate offer",
    "discount coupon voucher promotion",
    "meeting appointment booking event",
    "calendar schedule",
    "label tag",
    "key credential token secret",
    "webhook callback hook subscription",
    "history log activity audit",
    "statistic metric analytics report insight",
    "setting configuration preference option",
    "field property attribute column",
    "permission role access right",
    "address location",
    "environment env variable",
    "status state",
    "plan tier package",
    "record entry row",
    "list audience segment",
)


def actions(analyze: Analyze) -> dict[str, set[str]]:
    """Return what each verb's term may mean, as numbers of groups."""
    meant: defaultdict[str, set[str]] = defaultdict(set)
    for number, group in enumerate(ACTIONS):
        for term in analyze(group):
            meant[term].add(str(number))
    return dict(meant)


def alike(analyze: Analyze) -> dict[str, set[str]]:
    """Return the terms for about the same thing, by term."""
    others: defaultdict[str, set[str]] = defaultdict(set)
    for group in THINGS:
        terms = set(analyze(group))
        for term in terms:
            others[term] |= terms - {term}
    return dict(others)
