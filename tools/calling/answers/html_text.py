"""Convert HTML to text for models: keep links, lists and tables; drop scripts, styles and hidden content.

Anybody may have written the pages and mails that vendors pass on, so the conversion takes linear time however tags are
nested or left open: it makes one pass, as the tokenizer of the HTML standard does, tracks at most MAX_OPEN elements,
builds no tree, and stops after MAX_TOKENS tags and texts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

MAX_OPEN = 64
MAX_TOKENS = 100_000
LEFT_OUT = "\n\n… The rest of this document was left out, since it has too many tags."
TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,63})")
ATTRIBUTE = re.compile(r"""([^\s"'>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?""")
TAG_PART = re.compile(r"[>\"']")
HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0*)?(?![\d.])"
    r"|font-size\s*:\s*0(?:\.0*)?(?![\d.])",
    re.IGNORECASE,
)
SPACE = re.compile(r"[ \t\r\n\f]+")
TRAILING = re.compile(r"[ \t]+(?=\n)")
EMPTY_LINES = re.compile(r"\n{3,}")
LINK = re.compile(r"https?://|mailto:|tel:|/|[^:]*$", re.IGNORECASE)

# HTML standard, 13.1.2: these have no end tag.
VOID = frozenset(
    {
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
        "wbr",
    }
)  # fmt: skip
# Their content is text up to their own end tag, even if it contains other tags.
RAW = frozenset(
    {
        "iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp",
    }
)  # fmt: skip
DROPPED = frozenset(
    {
        "canvas", "datalist", "head", "noscript", "object", "script", "style", "svg", "template", "math",
        "iframe",
    }
)  # fmt: skip
PARAGRAPHS = frozenset(
    {
        "blockquote", "dl", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul",
    }
)  # fmt: skip
LINES = frozenset(
    {
        "address", "article", "aside", "body", "caption", "center", "dd", "details", "div", "dt", "fieldset",
        "figcaption", "footer", "form", "header", "hr", "html", "legend", "li", "main", "menu", "nav", "option",
        "section", "summary", "tbody", "tfoot", "thead", "title", "tr",
    }
)  # fmt: skip
CELLS = frozenset({"td", "th"})
# A start tag of these closes an open element of the same name.
ENDING_EACH_OTHER = frozenset({"a", "li", "p", "td", "th", "tr", "dt", "dd", "option"})


def html_to_text(html: str) -> str:
    """Return the text that a person would see in an HTML document or fragment; links become `text (address)`."""
    writer = _Writer()
    for count, (kind, value, attributes) in enumerate(_tokens(html)):
        if count == MAX_TOKENS:
            return writer.written() + LEFT_OUT
        if kind == "text":
            writer.text(value)
        elif kind == "start":
            writer.start(value, attributes)
        else:
            writer.end(value)
    return writer.written()


def _tokens(html: str) -> Iterator[tuple[str, str, str]]:
    """Yield texts, start tags with their attributes, and end tags; a tag that is cut off at the end is dropped."""
    at, size = 0, len(html)
    while at < size:
        opening = html.find("<", at)
        if opening < 0:
            yield "text", html[at:], ""
            return
        if opening > at:
            yield "text", html[at:opening], ""
        tag = TAG.match(html, opening)
        if tag is None:
            at = _after_other(html, opening)
            if at == opening + 1:
                yield "text", "<", ""
            continue
        end = _tag_end(html, tag.end())
        if end < 0:
            return
        name = tag[2].lower()
        yield ("end", name, "") if tag[1] else ("start", name, html[tag.end() : end])
        at = end + 1
        if name in RAW and not tag[1]:
            closing = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(html, at)
            stop = closing.start() if closing else size
            if stop > at:
                yield "text", html[at:stop], ""
            at = stop


def _after_other(html: str, opening: int) -> int:
    """Return where a comment, declaration or instruction ends; the next position if `<` is only a character."""
    if html.startswith("<!--", opening):
        # From the first dashes on, since `<!-->` is a whole comment (HTML standard, Comment start state).
        end, width = html.find("-->", opening + 2), 3
    elif html[opening + 1 : opening + 2] in {"!", "?", "/"}:
        end, width = html.find(">", opening), 1
    else:
        return opening + 1
    return len(html) if end < 0 else end + width


def _tag_end(html: str, at: int) -> int:
    """Return the position of a tag's `>`, past quoted values; -1 if the tag is cut off."""
    while part := TAG_PART.search(html, at):
        if part[0] == ">":
            return part.start()
        # A quote is an ordinary character unless it begins a value.
        closing = html.find(part[0], part.end()) if html[at : part.start()].rstrip().endswith("=") else part.start()
        if closing < 0:
            return -1
        at = closing + 1
    return -1


def _attributes(written: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, double, single, plain in ATTRIBUTE.findall(written[:4000]):
        # HTML standard, Attribute name state: the first of duplicate attributes counts.
        found.setdefault(name.lower(), unescape(double or single or plain))
    return found


def _is_hidden(attributes: dict[str, str]) -> bool:
    hidden = "hidden" in attributes or attributes.get("aria-hidden", "").lower() == "true"
    return hidden or bool(HIDING.search(attributes.get("style", "")))


@dataclass
class _Open:
    """An open element; `link` is its target, `first` the index of its first piece of text."""

    name: str
    hidden: bool = False
    link: str = ""
    first: int = 0
    count: int = 0


@dataclass
class _Writer:
    """Assembles the text; `deeper` counts open elements beyond MAX_OPEN, the other numbers open ones of a kind."""

    pieces: list[str] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    deeper: int = 0
    hidden: int = 0
    verbatim: int = 0
    cells: int = 0
    items: int = 0
    after_bullet: int = -1

    def text(self, value: str) -> None:
        """Add the text between two tags, with white space collapsed outside `<pre>`."""
        if self.hidden:
            return
        shown = unescape(value) if "&" in value else value
        if not self.verbatim:
            shown = SPACE.sub(" ", shown)
            if shown.startswith(" ") and (not self.pieces or self.pieces[-1][-1:] in {"\n", " "}):
                shown = shown[1:]
        if shown:
            self.pieces.append(shown)

    def start(self, name: str, written: str) -> None:
        """Open an element, or write one that has no content; `written` is its attributes."""
        if name in VOID:
            self._void(name, written)
            return
        if name in ENDING_EACH_OTHER and self.open and self.open[-1].name == name:
            self.end(name)
        if len(self.open) >= MAX_OPEN:
            self.deeper += 1
            self._break(name)
            return
        attributes = _attributes(written) if written.strip(" /") else {}
        opened = _Open(name, hidden=name in DROPPED or _is_hidden(attributes))
        if not self.hidden:
            self._break(name)
            self._begin(opened, attributes)
        self.hidden += opened.hidden
        self.verbatim += name == "pre"
        self.cells += name in CELLS
        self.items += name == "li"
        self.open.append(opened)

    def _begin(self, opened: _Open, attributes: dict[str, str]) -> None:
        if opened.hidden:
            return
        if opened.name == "li":
            self.pieces.append(self._bullet())
            self.after_bullet = len(self.pieces)
        elif opened.name in CELLS and self.pieces and not self.pieces[-1].endswith("\n"):
            self.pieces.append(" | ")
        elif opened.name == "a":
            target = attributes.get("href", "").strip()
            opened.link = target if LINK.match(target) and not target.startswith("#") else ""
        opened.first = len(self.pieces)

    def _bullet(self) -> str:
        lists = [each for each in self.open if each.name in {"ol", "ul"}]
        indent = "  " * (len(lists) - 1)
        if lists and lists[-1].name == "ol":
            lists[-1].count += 1
            return f"{indent}{lists[-1].count}. "
        return f"{indent}- "

    def _void(self, name: str, written: str) -> None:
        if self.hidden:
            return
        if name == "br":
            self.pieces.append("\n")
        elif name == "img":
            attributes = _attributes(written)
            alternative = SPACE.sub(" ", attributes.get("alt", "")).strip()
            if alternative and not _is_hidden(attributes):
                self.pieces.append(f"[{alternative}]")
        else:
            self._break(name)

    def end(self, name: str) -> None:
        """Close an element, and those inside it that were left open."""
        if self.deeper:
            self.deeper -= 1
            self._break(name)
            return
        if not any(each.name == name for each in reversed(self.open)):
            return
        while self.open:
            closed = self.open.pop()
            self._close(closed)
            if closed.name == name:
                return

    def _close(self, closed: _Open) -> None:
        self.verbatim -= closed.name == "pre"
        self.cells -= closed.name in CELLS
        self.items -= closed.name == "li"
        self.hidden -= closed.hidden
        if self.hidden:
            return
        if closed.link:
            label = "".join(self.pieces[closed.first :]).strip()
            shown = closed.link.removeprefix("mailto:")
            # A link whose text is its address needs no address.
            if shown.rstrip("/") != label.rstrip("/"):
                self.pieces.append(f" ({closed.link})" if label else closed.link)
        if closed.name not in CELLS:
            self._break(closed.name)

    def _break(self, name: str) -> None:
        """Begin a new line or paragraph; within a table's cell, add a space instead."""
        wanted = "\n" if name in LINES else "\n\n" if name in PARAGRAPHS else ""
        if self.items:
            wanted = wanted[:1]
        if not wanted or self.hidden or not self.pieces or len(self.pieces) == self.after_bullet:
            return
        last = self.pieces[-1]
        if self.cells and name != "tr":
            if not last[-1:].isspace():
                self.pieces.append(" ")
        elif not last.endswith(wanted):
            self.pieces.append(wanted[last.endswith("\n") :])

    def written(self) -> str:
        """Return the text, with runs of empty lines collapsed."""
        text = "".join(self.pieces).replace("\r\n", "\n").replace("\0", "")
        return EMPTY_LINES.sub("\n\n", TRAILING.sub("", text)).strip()
