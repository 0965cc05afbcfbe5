"""Numbers and names for the placeholders of a story."""

import random
from html import escape

from demo.records.contact import Contact

SITES = ("Felixstowe 2", "Hall B", "Dock 4", "Joliet", "the annex", "Warehouse North", "Leith", "Site 3")


def slots(contact: Contact, rng: random.Random) -> dict[str, str]:
    """Draw the values of a story's placeholders, for a story about this contact."""
    return {
        "first": contact.first_name,
        "last": contact.last_name,
        "company": contact.company or "our shop",
        "email": contact.email_address,
        "domain": contact.email_address.partition("@")[2],
        "order": f"T-{rng.randint(41_000, 52_999)}",
        "invoice": f"INV-{rng.randint(20_000, 29_999)}",
        "amount": f"${rng.randint(18, 940)}.{rng.choice(('00', '40', '50', '90'))}",
        "serial": f"TS40-{rng.randint(10_000, 99_999)}",
        "rma": str(rng.randint(3_000, 8_999)),
        "site": rng.choice(SITES),
    }


def as_mail_html(text: str, contact: Contact) -> str:
    """Return a text as the HTML that mail programs send."""
    parts = (escape(part.strip()).replace("\n", "<br>") for part in text.split("\n\n"))
    paragraphs = "".join(f"<p>{part}</p>" for part in parts)
    signature = f"-- <br>{escape(contact.name)}<br>{escape(contact.company)}"
    return f'<div dir="ltr">{paragraphs}</div><div class="signature" style="color:#666666">{signature}</div>'
