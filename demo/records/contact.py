"""People who write to the helpdesk."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

# Parameter of the API → attribute of the record, for the fields that lists show too; they omit the further ones.
LISTED_FIELDS = {
    "firstName": "first_name",
    "lastName": "last_name",
    "emailAddress": "email_address",
    "company": "company",
    "phone1": "phone1",
    "timeZone": "time_zone",
    "website": "website",
}
FURTHER_FIELDS = (
    "emailAddress2",
    "emailAddress3",
    "phone2",
    "street1Billing",
    "cityBilling",
    "stateBilling",
    "postalBilling",
    "countryBilling",
)


@dataclass(slots=True, kw_only=True, eq=False)
class Contact:
    """A person, known by up to three addresses."""

    id: int
    date_created: datetime
    date_updated: datetime
    first_name: str = ""
    last_name: str = ""
    email_address: str = ""
    company: str = ""
    phone1: str = ""
    time_zone: str = ""
    website: str = ""
    crm_id: int | None = None
    further: dict[str, str] = field(default_factory=dict)

    @property
    def uuid(self) -> str:
        """The other id of a contact, which cases and chats show."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://fusedesk.example/contacts/{self.id}"))

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    def has_address(self, address: str) -> bool:
        """Tell whether an address belongs to this person."""
        mine = (self.email_address, self.further.get("emailAddress2"), self.further.get("emailAddress3"))
        return address.casefold() in {one.casefold() for one in mine if one}

    def matches(self, text: str) -> bool:
        """Tell whether a search for the text matches this person."""
        parts = (self.name, self.company, self.email_address, *self.further.values())
        return any(text.casefold() in part.casefold() for part in parts)

    def change(self, values: dict[str, str], moment: datetime) -> None:
        """Set fields, named as the API names them."""
        for parameter, value in values.items():
            if parameter in LISTED_FIELDS:
                setattr(self, LISTED_FIELDS[parameter], value)
            else:
                self.further[parameter] = value
        self.date_updated = moment

    def summary(self) -> dict[str, object]:
        """Return the fields that lists show."""
        return {
            "id": self.id,
            "firstName": self.first_name,
            "lastName": self.last_name,
            "emailAddress": self.email_address,
            "company": self.company,
            "phone1": self.phone1,
            "crmId": self.crm_id,
            "timeZone": self.time_zone,
            "website": self.website,
            "dateCreated": self.date_created,
            "dateUpdated": self.date_updated,
        }

    def detail(self) -> dict[str, object]:
        """Return all fields."""
        return self.summary() | {name: self.further.get(name, "") for name in FURTHER_FIELDS}
