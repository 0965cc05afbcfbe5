"""The words that vendors use for pages: of parameters, of members around a list, of headers.

Names are in lower case, letters and digits only: see `plain_name`.
"""

import re

NOT_PLAIN = re.compile(r"[^a-z0-9]")


def plain_name(name: str) -> str:
    """Return a name in lower case, letters and digits only: `page[size]` is `pagesize`."""
    return NOT_PLAIN.sub("", name.lower())


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


# Parameters.
LIMITS = _named(
    """
    limit perpage pagesize pagelimit size count maxresults maxitems maxpagesize top rows num take
    itemsperpage recordsperpage resultsperpage numresults limitperpage pagecount pagesizelimit
    maxrecords fetch amount pagerlimit batchsize maxcount nperpage
    """
)
OFFSETS = _named(
    """
    offset skip start startat startposition startoffset first offsetstart startindex pageoffset
    startrecord firstresult startrow
    """
)
PAGES = _named(
    """
    page pagenumber pageno pagenum pageindex currentpage p pagenumberoffset pg pagerpage
    """
)
# The usual names win over the others; where there are two ways, each size goes with its own.
USUAL = _named("limit perpage pagesize offset page")
PAGE_SIZES = _named("perpage pagesize itemsperpage resultsperpage recordsperpage pagelimit size nperpage")
# The most specific first.
CURSORS = tuple(
    """
    cursor pagetoken nexttoken nextcursor pagecursor startcursor startingafter after
    continuationtoken continue nextpagetoken marker bookmark pageafter aftercursor pagekey position
    nextpage token next startkey cursortoken pagestartcursor nextmarker pagingtoken paginationtoken offset
    startingpoint sincecursor lastkey startingtoken exclusivestartkey cursorid pagingcursor
    nextpagecursor pagemarker pageid lastid lastevaluatedkey resumetoken
    """.split()  # noqa: SIM905  a list of it fills a page
)
# Members of answers that contain the next page's cursor: those that say so by themselves, and those that do so only
# inside an object about pages.
NEXT_CURSORS = _named(
    """
    nextcursor nextpagetoken nexttoken nextpagecursor continuationtoken nextmarker endcursor
    nextoffset nextstart nextkey bookmark nextpageid scrollid nextpagekey nextstartingafter
    nextcontinuationtoken pagingtoken endingcursor startingafter pagetoken cursor nextpage next
    continue lastevaluatedkey nextafter nextbatch aftercursor nextcursormark cursornext
    paginationtoken nextpaginationtoken
    nextscrollid nextindex nextpagenumber cursortoken nextstartkey resumetoken nextmaxid
    nextposition nextid
    """
)
NEXT_CURSORS_INSIDE = NEXT_CURSORS | _named("after token offset marker position id max")
# Cursors that may be numbers.
NUMBERED_CURSORS = _named("nextoffset nextcursor nextstart nextpage next nextindex nextpagenumber nextkey nextid")
# The words in the names of objects around such members.
AROUND = _named(
    """
    page pages paging paginator pagination pager paged cursor cursors meta metadata links link next
    info list result results data response additional search after
    """
)
LINKS = _named(
    """
    next nextpage nexturl nexturi nextlink nextpageuri nextpageurl nextpagelink nextpagepath
    nextrecordsurl odatanextlink nexthref nextpageuris nextpath nexturlpath nextresultsurl nextresults
    """
)
# Links that say by their name that they are addresses.
SURE_LINKS = LINKS - {"next", "nextpage"}
MORE = _named(
    """
    hasmore more hasnextpage hasnext morefollows morerecords morepages ismore haspages
    moreitemsincollection hasmoreitems hasmorepages hasmoreresults hasmoredata moredata
    moreavailable ismoreavailable moreresults hasmorerecords hasadditionalpages nextpageexists
    """
)
LAST = _named("last islast islastpage lastpage isfinalpage")
FIRST = _named("first isfirst isfirstpage firstpage")
EARLIER = _named("hasprevious hasprev haspreviouspage hasprevpage")
TOTALS = _named(
    """
    total totalcount totalresults totalitems totalrecords totalentries totalsize totalsetsize
    totalhits recordcount totalnumber totalrows totalelements totalmatches totalobjects totalnum
    totalresultcount totalrecordcount totalnumberofrecords odatacount numfound totalcountofitems
    totalitemcount itemstotal resultstotal totalresultscount
    """
)
# A total only where something around it, or its description, says so: often the number of items on this page.
MAYBE_TOTALS = _named("count results resultcount itemcount size records items hits")
TOTAL_PAGES = _named(
    """
    totalpages pagecount pages numpages lastpage totalpagecount numberofpages pagestotal
    totalpage pagetotal
    """
)
# Response headers.
CURSOR_HEADER = re.compile(r"cursor|continuation|next-?(?:page|token|marker|offset|key|start)|page-?token|^x-next$")
EARLIER_HEADER = re.compile(r"prev|first|last")
TOTAL_HEADER = re.compile(r"^(?!.*pages)(?:.*\btotal(?:-?(?:count|results|items|records|entries))?|.*-count-total)$")
