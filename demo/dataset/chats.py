"""Forty chats: eighteen active, the rest archived."""

import random
from datetime import datetime, timedelta

from demo.account import Account
from demo.dataset.phrases import slots
from demo.dataset.stories import ChatStory, FeaturedChat, chat_stories, featured_chats
from demo.records.chat import Chat, ChatMessage
from demo.records.contact import Contact
from demo.records.organisation import Rep

ACTIVE = 18
ARCHIVED = 20
PLATFORMS = ("web", "web", "web", "facebook", "sms")
# The numbers of chats grow with time: CHT-9099 began 23.4 hours before the anchor, CHT-5542 three weeks.
LATEST_ARCHIVED_ID, LATEST_ARCHIVED_AGE, CHATS_PER_HOUR = 9099, 23.4, 7.39


def add_chats(account: Account, rng: random.Random) -> None:
    """Add the chats; people in featured chats appear in no other."""
    featured = featured_chats()
    for told in featured:
        _add_featured(account, told)
    named = {told.email for told in featured}
    contacts = [contact for contact in account.contacts if contact.email_address not in named]
    rng.shuffle(contacts)
    stories = chat_stories()
    for number in range(ARCHIVED):
        age = 31.0 + 32.0 * number + rng.uniform(0, 6)
        _add_chat(account, stories[number % len(stories)], contacts[number], age, active=False, rng=rng)
    for number in range(ACTIVE):
        age = 0.15 + 0.2 * (ACTIVE - number)
        story, contact = stories[number * 5 % len(stories)], contacts[ARCHIVED + number]
        _add_chat(account, story, contact, age, active=True, rng=rng)


def _add_featured(account: Account, told: FeaturedChat) -> None:
    contact = account.find_contact_by_address(told.email)
    rep = account.find_rep(str(told.repid))
    if contact is None or rep is None:
        raise LookupError(f"the featured chat {told.id} names somebody unknown")
    anchor = account.clock.anchor
    transcript = _Transcript(contact, rep)
    for minutes, speaker, text in told.messages:
        transcript.add(anchor - timedelta(minutes=minutes), speaker, text)
    messages = transcript.messages
    chat = Chat(
        id=told.id,
        title=told.title,
        platform=told.platform,
        client_name=contact.name,
        contact=contact,
        department_id=told.department,
        rep_id=told.repid,
        date_created=messages[0].date,
        messages=messages,
    )
    chat.close(messages[-1].date)
    account.chats.add(chat)


def _add_chat(
    account: Account, story: ChatStory, contact: Contact, age: float, *, active: bool, rng: random.Random
) -> None:
    rep = rng.choice(account.reps_of(story.department))
    started = account.clock.anchor - timedelta(seconds=int(age * 3600))
    lines = story.lines[: rng.randint(2, len(story.lines))] if active else story.lines
    transcript = _Transcript(contact, rep)
    transcript.tell(lines, started, min(150.0, 0.9 * age * 3600 / len(lines)), rng)
    messages = transcript.messages
    case = next((case for case in account.cases if case.contact is contact and rng.random() < 0.5), None)
    chat = Chat(
        id=LATEST_ARCHIVED_ID + round((LATEST_ARCHIVED_AGE - age) * CHATS_PER_HOUR),
        title=story.title,
        platform=rng.choice(PLATFORMS),
        client_name=contact.name,
        contact=contact,
        department_id=story.department,
        rep_id=rep.rep_id,
        date_created=started,
        messages=messages,
        case_id=case.id if case else None,
        unseen=1 if active and messages[-1].sender == "client" else 0,
    )
    if not active:
        chat.close(messages[-1].date + timedelta(minutes=2))
    account.chats.add(chat)


class _Transcript:
    """The messages between a contact and a rep, numbered as they are added."""

    def __init__(self, contact: Contact, rep: Rep) -> None:
        self.messages: list[ChatMessage] = []
        self._contact = contact
        self._rep = rep
        self._names = {"client": contact.name, "rep": rep.name}

    def add(self, date: datetime, sender: str, text: str) -> None:
        self.messages.append(
            ChatMessage(
                id=len(self.messages) + 1,
                date=date,
                sender=sender,
                name=self._names.get(sender, "FuseDesk"),
                text=text,
                rep_id=self._rep.rep_id if sender == "rep" else None,
            )
        )

    def tell(self, lines: list[str], moment: datetime, longest: float, rng: random.Random) -> None:
        """Add messages of client and rep in turn, at most `longest` seconds apart."""
        words = slots(self._contact, rng)
        speaker = "rep"
        for line in lines:
            named, _, rest = line.partition(": ")
            is_named = named in ("rep", "client")
            speaker = named if is_named else {"rep": "client", "client": "rep"}[speaker]
            self.add(moment, speaker, (rest if is_named else line).format_map(words))
            moment += timedelta(seconds=int(rng.uniform(longest / 8, longest)))
