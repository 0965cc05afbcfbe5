"""HTML as a model reads it: what a person would see, and nothing that is hidden from people."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.calling.answers.html_text import LEFT_OUT, html_to_text

SIZE = 512 * 1024
MARKUP = st.lists(
    st.sampled_from(
        [
            "<div>", "</div>", "<p>", "</p>", "<b>", "</b>", "<ul>", "<li>", "</ul>", "<table>", "<tr>", "<td>",
            "<pre>",
            "</pre>", "<!--", "-->", "<script>", "</script>", "<", ">", '"', "'", "=", "&amp;", "&", "<a href='", "x",
            "<p hidden>", "<br>", "</", "<style>", "\n", " ", "<div style='display:none'>", "<![CDATA[", "<title>",
        ]
    )
    | st.text(max_size=5),
    max_size=60,
).map("".join)  # fmt: skip


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        ("a &amp; b &lt;c&gt; &eacute; &#128512; &nosuch;", "a & b <c> é 😀 &nosuch;"),
        ("  a \n b\t\tc ", "a b c"),
        ("5 < 6 and 7 > 3 <3", "5 < 6 and 7 > 3 <3"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<p>one</p><p>two<p>three", "one\n\ntwo\n\nthree"),
        ("<h1>Title</h1>text<div>more</div>end", "Title\n\ntext\nmore\nend"),
        ("a <b>bold</b> <i>word</i>.", "a bold word."),
        ("<ul><li>one<li>two<ul><li>inner</ul></li></ul>after", "- one\n- two\n  - inner\n\nafter"),
        ("<ol><li>one</li><li><p>two</p></li></ol>", "1. one\n2. two"),
        (
            "<table><thead><tr><th>Name<th>Age</thead><tr><td>Ann</td><td><p>7</p></td></tr></table>",
            "Name | Age\nAnn | 7",
        ),
        ("<pre>  keep\n    this</pre>x", "keep\n    this\n\nx"),
        ("x<pre>  keep\n    this</pre>", "x\n\n  keep\n    this"),
        ("<img alt='A  cat' src=x><img src=y><img alt='' src=z>", "[A cat]"),
        ("<a href='https://x.example/?a=1&amp;b=2'>here</a>", "here (https://x.example/?a=1&b=2)"),
        ("<a href=/relative>here</a>", "here (/relative)"),
        ("<a href='https://x.example/'>https://x.example</a>", "https://x.example"),
        ("<a href='mailto:a@b.example'>a@b.example</a>", "a@b.example"),
        ("<a href='https://x.example'><img src=x></a>", "https://x.example"),
        ("<a href='#top'>up</a> <a name=x>x</a>", "up x"),
        (
            "<a href='javascript:alert(1)'>no</a> <a href=' data:text/html,x'>no</a> <a href='vbscript:x'>n</a>",
            "no no n",
        ),
        ("<!-- no --><!doctype html><?xml version='1'?><![CDATA[no]]>yes", "yes"),
        ("<script>if (a < b) '</div>'</script><style>p{}</style>yes<script src=x></script>", "yes"),
        ("<head><title>T</title><meta x></head><body>yes", "yes"),
        ("<noscript>no</noscript><template>no</template><svg><text>no</text></svg>yes", "yes"),
        ("<textarea>a <b> c</textarea>", "a <b> c"),
        ("<B>upper</B><SCRIPT>no</SCRIPT>", "upper"),
        ("<p title='a > b'>x</p>", "x"),
        ("it's <b>Ann's</b> \"x\"", "it's Ann's \"x\""),
        ("a\x00b", "ab"),
    ],
)
def test_what_a_person_would_see_is_what_is_left(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    "hidden",
    [
        "<div hidden>no</div>",
        "<div style='display:none'>no <div>no</div> no</div>",
        '<span style="color:red; DISPLAY : none !important">no</span>',
        "<p style='visibility:hidden'>no</p>",
        "<span style='opacity:0'>no</span>",
        "<span style='font-size:0px'>no</span>",
        "<div aria-hidden=true>no</div>",
        "<p hidden>no<p>yes",
        "<table><tr><td hidden>no<td>yes</table>",
        "<div><b hidden>no</div>",
        "<div hidden><a href='https://no.example'>no</a><ul><li>no</ul></div>",
        "<img alt='no' style='display:none' src=x>",
    ],
)
def test_what_is_hidden_from_people_is_hidden_from_models(hidden: str) -> None:
    text = html_to_text(f"{hidden} yes")
    assert "no" not in text
    assert "yes" in text


@pytest.mark.parametrize("style", ["opacity:0.5", "font-size:0.9em", "display:block", "font-size:01px"])
def test_what_only_looks_alike_is_shown(style: str) -> None:
    assert html_to_text(f"<span style='{style}'>yes</span>") == "yes"


@pytest.mark.parametrize(
    "unit",
    [
        "<div>", "<b><p>", "<a href=x>", "<table><tr><td>", "<ul><li>", "<p hidden>", "<", "<!--", "<a ", "<a '",
        '<a ="',
        "</div>", "&amp", "&", "<script>", "<p>x</p>", "<x y='", "<!", "</", "<title>", " \n", "<pre>", "<td>", "<br>",
        "<a b", "<?", "\n\n ", "<div style='opacity:0",
    ],
)  # fmt: skip
def test_hostile_nesting_takes_no_longer_than_other_pages(unit: str) -> None:
    """What takes time by the square of its length takes minutes at this size."""
    started = time.process_time()
    html_to_text(unit * (SIZE // len(unit)))
    assert time.process_time() - started < 10


def test_a_page_with_too_many_tags_says_that_its_end_was_left_out() -> None:
    text = html_to_text("<p>x</p>" * 100_000)
    assert text.startswith("x\n\nx")
    assert text.endswith(LEFT_OUT.strip())


@given(MARKUP)
def test_any_text_is_read(html: str) -> None:
    text = html_to_text(html)
    assert text == text.strip()
    assert "\0" not in text
    assert "\n\n\n" not in text


@given(st.text(alphabet=st.characters(exclude_characters="<>&\0\r")))
def test_text_without_markup_is_only_tidied(text: str) -> None:
    assert "".join(html_to_text(text).split()) == "".join(text.split())
