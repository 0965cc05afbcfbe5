"""Two hundred cases: a few written out in full, the rest from the stories in turn."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from demo.account import Account
from demo.dataset.featured_cases import add_featured_case
from demo.dataset.histories import FROM_CUSTOMER, History
from demo.dataset.phrases import as_mail_html, slots
from demo.dataset.stories import Story, case_stories, featured_cases
from demo.records.case import Case
from demo.records.contact import Contact

COUNT = 200
NEWEST_ID = 89_152
SOURCES = ("email", "email", "email", "email", "webform", "chat", "rep")
KINDS = {"rep": "reply", "customer": "email", "note": "note"}


def add_cases(account: Account, rng: random.Random) -> None:
    """Add all cases, oldest first."""
    featured = {case.position: case for case in featured_cases()}
    named = {case.email for case in featured.values()}
    # People in a featured case appear in no other, so that it is their whole story.
    contacts = [contact for contact in account.contacts if contact.email_address not in named]
    rng.shuffle(contacts)
    stories = case_stories()
    for position in reversed(range(COUNT)):
        if position in featured:
            add_featured_case(account, featured[position], NEWEST_ID - position)
        else:
            contact = contacts[position * 11 % len(contacts)]
            _add_case(account, position, stories[position * 7 % len(stories)], contact, rng)


def _add_case(account: Account, position: int, story: Story, contact: Contact, rng: random.Random) -> None:
    age = _hours_since_opening(position)
    status = _status(age, rng)
    rep = rng.choice(account.reps_of(story.department))
    words = slots(contact, rng)
    opening = story.opening.format_map(words).strip()
    source = rng.choice(SOURCES)
    opened = account.clock.anchor - timedelta(seconds=int(age * 3600))
    case = Case(
        id=NEWEST_ID - position,
        contact=contact,
        company_id=account.company_id(contact.company),
        summary=rng.choice(story.summaries).format_map(words),
        details=opening,
        opened_by=rep.rep_id if source == "rep" else source,
        department_id=story.department,
        date_opened=opened,
        date_updated=opened,
        rep_id=rep.rep_id if status != "new" or rng.random() < 0.3 else None,
        status="new",
        tags=[tag.id for name in story.tags if (tag := account.find_tag(name))],
        is_archived=status == "closed" and position > 170,
    )
    history = History(account, case, rep)
    kind = "note" if source == "rep" else source
    history.write(kind, as_mail_html(opening, contact) if story.html and kind == "email" else opening, opened)
    _continue(account, history, list(_entries(story, words, contact, status, rng)), status, rng)
    if status == "closed" and rng.random() < 0.5:
        history.rate(rng.choice((4, 5)) if story.feedback else rng.choice((2, 3, 4, 5)), story.feedback)
    account.cases.add(case)


def _hours_since_opening(position: int) -> float:
    """Return the age of each case: sixteen within two days, all of them within three and a half months."""
    return 0.4 + 2.5 * position + 0.05 * position**2


def _status(age: float, rng: random.Random) -> str:
    """Draw a status: young cases are mostly new, old ones mostly closed."""
    if age < 36:
        return rng.choice(("new", "new", "open"))
    if age < 240:
        return rng.choice(("new", "open", "open", "open", "closed", "closed"))
    return "open" if rng.random() < 0.1 else "closed"


def _entries(
    story: Story, words: dict[str, str], contact: Contact, status: str, rng: random.Random
) -> Iterator[tuple[str, str]]:
    """Return as much of the story as the status allows: nothing yet, a part, or all of it."""
    if status == "new":
        return
    told = len(story.exchange) if status == "closed" else rng.randint(1, len(story.exchange))
    for exchange in story.exchange[:told]:
        for speaker, text in exchange.items():
            body = text.format_map(words)
            is_markup = story.html and speaker == "customer"
            yield KINDS[speaker], as_mail_html(body, contact) if is_markup else body
    if status == "closed":
        yield "reply", story.resolution.format_map(words)


def _continue(
    account: Account, history: History, entries: list[tuple[str, str]], status: str, rng: random.Random
) -> None:
    """Spread the entries over the time since the opening, with the changes of status between them."""
    case = history.case
    department = account.departments.get(str(case.department_id))
    moments = _moments(case.date_opened, account.clock.anchor, len(entries) + 2, rng)
    if case.rep_id:
        history.write("assignment", f"Assigned to {history.rep.name} ({department.name}).", moments[0])
    for number, (kind, body) in enumerate(entries):
        history.write(kind, body, moments[number + 1])
        if case.status == "new" and kind not in FROM_CUSTOMER:
            case.status = "open"
            history.write("status", "Status changed from new to open.", moments[number + 1])
    if status == "closed":
        case.status = "closed"
        history.write("status", "Status changed from open to closed.", moments[-1])


def _moments(start: datetime, end: datetime, count: int, rng: random.Random) -> list[datetime]:
    """Draw ascending moments, half an hour to a day apart, or closer if less time has passed."""
    gaps = [rng.uniform(0.5, 24.0) * 3600 for _ in range(count)]
    gaps[0] = 300.0
    scale = min(1.0, 0.95 * (end - start).total_seconds() / sum(gaps))
    return [start + timedelta(seconds=int(scale * sum(gaps[: number + 1]))) for number in range(count)]
