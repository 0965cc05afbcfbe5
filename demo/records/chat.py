"""Live chats and their transcripts."""

from dataclasses import dataclass, field
from datetime import datetime

from demo.records.contact import Contact
from demo.references import case_reference, chat_reference, department_reference


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One line of a transcript; `sender` is client, rep or system."""

    id: int
    date: datetime
    sender: str
    name: str
    text: str
    rep_id: int | None = None

    def summary(self) -> dict[str, object]:
        return {
            "id": self.id,
            "date": self.date,
            "sender": self.sender,
            "name": self.name,
            "repId": self.rep_id,
            "message": self.text,
        }


@dataclass(slots=True, kw_only=True, eq=False)
class Chat:
    """A live chat; archived means closed."""

    id: int
    title: str
    platform: str
    client_name: str
    contact: Contact | None
    department_id: int
    rep_id: int | None
    date_created: datetime
    messages: list[ChatMessage]
    case_id: int | None = None
    unseen: int = 0
    date_closed: datetime | None = None
    is_archived: bool = field(default=False)

    def close(self, moment: datetime) -> None:
        """Close the chat."""
        self.is_archived = True
        self.date_closed = moment
        self.unseen = 0

    def summary(self) -> dict[str, object]:
        """Return the chat's fields, including its last message."""
        last = self._last("client", "rep")
        received = self._last("client")
        response = self._last("rep")
        return {
            "id": chat_reference(self.id),
            "title": self.title,
            "platform": self.platform,
            "clientName": self.client_name,
            "contactId": self.contact.id if self.contact else None,
            "contactUuid": self.contact.uuid if self.contact else None,
            "caseId": case_reference(self.case_id) if self.case_id else None,
            "departmentId": department_reference(self.department_id),
            "repId": self.rep_id,
            "unseen": self.unseen,
            "lastMessage": last.text if last else None,
            "lastMessageSender": last.sender if last else None,
            "dateCreated": self.date_created,
            "dateClosed": self.date_closed,
            "dateLastMessage": last.date if last else None,
            "dateLastMessageReceived": received.date if received else None,
            "dateLastResponse": response.date if response else None,
            "isArchived": self.is_archived,
        }

    def detail(self) -> dict[str, object]:
        """Return the chat's fields with the transcript."""
        return self.summary() | {"messages": [message.summary() for message in self.messages]}

    def _last(self, *senders: str) -> ChatMessage | None:
        return next((one for one in reversed(self.messages) if one.sender in senders), None)
