"""Pages as a browser reads them: how a template breaks its lines is no part of what it says."""

import re

# Whitespace at the edges of these has no effect; inside of `pre` and `textarea`, all of it has one.
BLOCKS = (
    "body|caption|dd|details|dialog|div|dl|dt|fieldset|figure|footer|form|h[1-6]|header|legend|li|main|nav|ol|option"
    "|p|section|summary|table|tbody|td|th|thead|tr|ul"
)
EDGE = re.compile(rf" ?(</?(?:{BLOCKS})\b[^>]*>) ?")
AS_IT_STANDS = re.compile(r"(<(pre|textarea)\b.*?</\2>)", re.DOTALL)


def as_read(html: str) -> str:
    """Return a page with single spaces, none of which is without effect."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"\0{len(kept) - 1}\0"

    html = re.sub(r"\s+(?=/?>)", "", html)
    text = EDGE.sub(r"\1", re.sub(r"\s+", " ", AS_IT_STANDS.sub(keep, html)))
    return re.sub(r"\0(\d+)\0", lambda found: kept[int(found[1])], text)
