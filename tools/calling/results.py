"""Turn a vendor's answer into a call's result: narrowed to fields, cleaned, within budget, in documented form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import orjson

from accounts.bounded_json import with_exact_numbers
from accounts.texts.invisible import may_hide, revealed, visible
from accounts.vendors.concealment import MASK, SecretMask
from accounts.vendors.record_pages import RecordPage
from tools.calling.answers.answer import AnswerContent, VendorAnswer
from tools.calling.answers.envelopes import without_total
from tools.calling.answers.files import File
from tools.calling.attachments.files import with_files_told
from tools.calling.attachments.reading import ReadFile
from tools.calling.cleaning import cleaned
from tools.calling.histories import NO_WINDOW, windowed
from tools.calling.names import ShownName
from tools.calling.paging import PageView
from tools.calling.presenting import Presentation
from tools.calling.shaping import HIDDEN, ResultDocument, ShownResult, Surroundings, shape_page, shape_value
from tools.catalogue.projection import FIELDS, Tree, tree_of
from tools.catalogue.record_urls import ANY_KIND, with_urls
from tools.catalogue.result_arguments import DETAIL, FULL
from tools.catalogue.tool import Tool
from tools.ratelimits import RateLimits
from tools.record.metrics import count_deviation
from tools.tokens import fits, start_within

# By the member with an id, the name to show beside it.
Names = Mapping[str, ShownName]
NO_NAMES: Names = {}
# Tokens reserved for the description of a file beside its text.
ABOUT_FILE = 300


@dataclass(frozen=True, slots=True)
class CallResult:
    """The result of a call, and the vendor's rate limits.

    `text` is JSON within the budget, in tokens, and `shown` what it is made of. `structured` is JSON that matches the
    tool's outputSchema, if it has one; `file` is the vendor's file, which `text` only describes.
    """

    text: str
    limits: RateLimits
    cut: bool
    shown: ShownResult = field(repr=False)
    structured: bytes | None = field(default=None, repr=False)
    file: File | None = None

    def concealed(self, secrets: SecretMask) -> "CallResult":
        """Return the result with these secrets masked."""
        file = self.file
        if file is not None:
            name, media_type = secrets.conceal(file.name), secrets.conceal(file.media_type)
            file = replace(file, name=name, media_type=media_type, text=secrets.conceal(file.text))
        text, structured = secrets.conceal(self.text), self.structured
        shown = self.shown if text == self.text else _concealed(self.shown, secrets)
        if structured is not None:
            # Mostly it is the text, which need not be searched twice.
            is_text = structured == self.text.encode()
            structured = text.encode() if is_text else secrets.conceal(structured.decode()).encode()
        return replace(self, text=text, shown=shown, structured=structured, file=file)


def _concealed(shown: ShownResult, secrets: SecretMask) -> ShownResult:
    """Return what is shown with secrets masked; nothing but the mask where they cannot be singled out."""
    told = orjson.dumps([shown.value, shown.remarks, shown.cuts]).decode()
    try:
        value, remarks, cuts = orjson.loads(secrets.conceal(told))
    except orjson.JSONDecodeError:
        return ShownResult(MASK, is_end=False)
    return shown._replace(value=value, remarks=tuple(remarks), cuts=tuple(cuts))


def page_result(
    answer: VendorAnswer,
    used: dict[str, Any],
    view: PageView,
    *,
    budget: int,
    names: Names = NO_NAMES,
    remarks: tuple[str, ...] = (),
) -> CallResult:
    """Return the result of a list tool's call: the page of items that fits the budget, and remarks on the arguments."""
    shape = partial(
        shape_page,
        cursor_after=view.cursor_after,
        budget=budget,
        note=view.note,
        is_end_known=view.is_end_known,
    )
    records = with_urls(answer.tool, _with_files_told(answer, view.items), answer.connection.pages)
    tree = chosen(answer.tool, used, records)
    items = Presentation(tree, names, answer.tool.shaping, _page_of(answer)).of(records)
    return _shaped_result(answer, shape, items, view.beside.with_remarks(remarks))


def single_result(
    answer: VendorAnswer,
    used: dict[str, Any],
    content: AnswerContent,
    *,
    budget: int,
    names: Names = NO_NAMES,
    remarks: tuple[str, ...] = (),
) -> CallResult:
    """Return a single result; a write whose answer says nothing gets `{"done": true, "status": …}`."""
    tool, result, window = answer.tool, _with_files_told(answer, content.result), NO_WINDOW
    if isinstance(result, File):
        return _file_result(result, answer.limits, budget)
    # The members to choose from are those of the documented result.
    tree: Tree | None = None
    page: RecordPage | None = None
    if result is None and not tool.read_only:
        result = {"done": True, "status": answer.response.status}
    elif content.as_documented:
        if tool.history:
            result, window = windowed(result, tool.history, used)
            remarks += (window.remark,) if window.remark else ()
        tree, page = chosen(tool, used, result), _page_of(answer)
    shown = Presentation(tree, names, tool.shaping, page).of(result)
    shape = partial(shape_value, budget=budget, window=window)
    return _shaped_result(answer, shape, shown, content.beside.with_remarks(remarks))


def _page_of(answer: VendorAnswer) -> RecordPage | None:
    """Return the page of the records in an answer; None if they have none, or are of several kinds."""
    resource = answer.tool.linked.get(ANY_KIND)
    return answer.connection.pages.by_resource.get(resource) if resource else None


def counted_result(
    tool: Tool, shown: dict[str, Any], limits: RateLimits, *, budget: int, remarks: tuple[str, ...] = ()
) -> CallResult:
    """Return the result of a count, with remarks on its arguments: of what was counted, they are all that is told."""
    shaped = _without_hidden(partial(shape_value, budget=budget), shown, Surroundings(remarks))
    return CallResult(shaped.text, limits, shaped.cut, shaped.shown, structured(tool, shaped))


def download_result(
    tool: Tool, read: ReadFile, limits: RateLimits, *, budget: int, remarks: tuple[str, ...] = ()
) -> CallResult:
    """Return the result of a download: the file's text, or the file with what is told of it."""
    shaped = _without_hidden(partial(shape_value, budget=budget), read.within(budget), Surroundings(remarks))
    file = read.file and replace(read.file, name=visible(read.file.name))
    return CallResult(shaped.text, limits, shaped.cut, shaped.shown, structured(tool, shaped), file)


def _with_files_told(answer: VendorAnswer, result: Any) -> Any:
    """Return a result with its records' files told as they are everywhere, without their addresses."""
    declared, body = answer.tool.definition.attachments, answer.response.body
    # Most answers have none, which is quickly known.
    has_some = answer.tool.joined or (declared and any(f'"{name}"'.encode() in body for name in declared.members))
    return with_files_told(result, declared) if declared and has_some else result


def _shaped_result(
    answer: VendorAnswer, shape: Callable[..., ResultDocument], value: Any, beside: Surroundings
) -> CallResult:
    if beside.envelope:
        envelope = beside.envelope if beside.total is None else without_total(beside.envelope, beside.total)
        beside = replace(beside, envelope=cleaned(_with_files_told(answer, envelope), answer.tool.shaping))
    shaped = _without_hidden(shape, value, beside)
    return CallResult(shaped.text, answer.limits, shaped.cut, shaped.shown, structured(answer.tool, shaped))


def _without_hidden(shape: Callable[..., ResultDocument], value: Any, beside: Surroundings) -> ResultDocument:
    """Shape a value; if the output contains invisible characters, shape it again with these escaped."""
    shaped = shape(value, beside=beside)
    if not may_hide(shaped.encoded):
        return shaped
    (seen, envelope), count = revealed([value, beside.envelope])
    return shape(seen, beside=replace(beside, envelope=envelope), hidden=count) if count else shaped


def chosen(tool: Tool, used: dict[str, Any], result: Any) -> Tree | None:
    """Return the members that a call asks for: the concise ones, or those that `fields` names; None for all.

    A write shows also what it was told to change. An answer that has none of the members is another, and stays whole.
    """
    if tool.projection and FIELDS in used:
        return tool.projection.tree(used[FIELDS])
    if not tool.concise or used.get(DETAIL) == FULL:
        return None
    tree = tool.concise_tree
    if not tool.read_only:
        changed = [tool.placements[name].wire_name for name in used if name in tool.placements]
        tree = tree_of([*tool.concise, *changed])
    records = result if isinstance(result, list) else [result]
    return tree if any(_has_any(record, tree) for record in records) else None


def _has_any(record: Any, tree: Tree) -> bool:
    return not tree.keys().isdisjoint(record) if isinstance(record, dict) else bool(record)


def structured(tool: Tool, shaped: ResultDocument) -> bytes | None:
    """Return a result that matches the outputSchema: the text itself, unless it deviates from the documentation."""
    if tool.output is None:
        return None
    value = shaped.value if shaped.is_exact else with_exact_numbers(shaped.value)
    if tool.output.fits(value):
        return shaped.encoded if value is shaped.value else orjson.dumps(value)
    count_deviation(tool.definition.name, tool.name)
    return orjson.dumps(tool.output.conformed(value))


def _file_result(file: File, limits: RateLimits, budget: int) -> CallResult:
    (name, media_type, text), hidden = revealed([file.name, file.media_type, file.text])
    file = replace(file, name=name, media_type=media_type, text=text)
    about: dict[str, Any] = {"file": {"name": file.name, "media_type": file.media_type, "bytes": file.size}}
    shown = ShownResult({**about}, hidden=hidden)
    if hidden:
        about["truncated"] = [{"path": "file", "hidden_characters": hidden, "advice": HIDDEN}]
    room = max(budget - ABOUT_FILE, 0)
    cut = not fits(file.text.encode(), room)
    if cut:
        kept = start_within(file.text, room)
        cuts = [{"path": "file", "kept_characters": len(kept), "total_characters": len(file.text)}]
        about["truncated"] = about.get("truncated", []) + cuts
        shown = shown._replace(cuts=tuple(cuts))
        file = replace(file, text=f"{kept}…")
    return CallResult(orjson.dumps(about).decode(), limits, cut, shown, file=file)
