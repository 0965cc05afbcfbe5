"""QR codes for pages."""

import segno
from django.utils.safestring import SafeString, mark_safe


def qr_code(text: str) -> SafeString:
    """Return a text as a QR code: an SVG element without scripts or styles of its own."""
    drawn = segno.make(text, error="m", micro=False)
    # The library draws it from the text alone; nothing of the text stands in the markup.
    return mark_safe(drawn.svg_inline(border=4, omitsize=True, svgclass="qr", lineclass=None, dark="#000"))  # noqa: S308
