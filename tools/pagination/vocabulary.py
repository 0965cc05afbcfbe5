"""The words that vendors use for pages: of parameters, of members around a list, of headers.

Names are in lower case, letters and digits only: see accounts/texts/names.py.
"""

import re

from accounts.texts.names import words_in

# Parameters.
LIMITS = words_in(
    """
    limit perpage pagesize pagelimit size count maxresults maxitems maxpagesize top rows num take
    itemsperpage recordsperpage resultsperpage numresults limitperpage pagecount pagesizelimit
    maxrecords fetch amount pagerlimit batchsize maxcount nperpage
    """
)
OFFSETS = words_in(
    """
    offset skip start startat startposition startoffset first offsetstart startindex pageoffset
    startrecord firstresult startrow
    """
)
PAGES = words_in(
    """
    page pagenumber pageno pagenum pageindex currentpage p pagenumberoffset pg pagerpage
    """
)
# The usual names win over the others; where there are two ways, each size goes with its own.
USUAL = words_in("limit perpage pagesize offset page")
PAGE_SIZES = words_in("perpage pagesize itemsperpage resultsperpage recordsperpage pagelimit size nperpage")
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
NEXT_CURSORS = words_in(
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
NEXT_CURSORS_INSIDE = NEXT_CURSORS | words_in("after token offset marker position id max")
# Cursors that may be numbers.
NUMBERED_CURSORS = words_in("nextoffset nextcursor nextstart nextpage next nextindex nextpagenumber nextkey nextid")
# The words in the names of objects around such members.
AROUND = words_in(
    """
    page pages paging paginator pagination pager paged cursor cursors meta metadata links link next
    info list result results data response additional search after
    """
)
LINKS = words_in(
    """
    next nextpage nexturl nexturi nextlink nextpageuri nextpageurl nextpagelink nextpagepath
    nextrecordsurl odatanextlink nexthref nextpageuris nextpath nexturlpath nextresultsurl nextresults
    """
)
# Links that say by their name that they are addresses.
SURE_LINKS = LINKS - {"next", "nextpage"}
MORE = words_in(
    """
    hasmore more hasnextpage hasnext morefollows morerecords morepages ismore haspages
    moreitemsincollection hasmoreitems hasmorepages hasmoreresults hasmoredata moredata
    moreavailable ismoreavailable moreresults hasmorerecords hasadditionalpages nextpageexists
    """
)
LAST = words_in("last islast islastpage lastpage isfinalpage")
FIRST = words_in("first isfirst isfirstpage firstpage")
EARLIER = words_in("hasprevious hasprev haspreviouspage hasprevpage")
TOTALS = words_in(
    """
    total totalcount totalresults totalitems totalrecords totalentries totalsize totalsetsize
    totalhits recordcount totalnumber totalrows totalelements totalmatches totalobjects totalnum
    totalresultcount totalrecordcount totalnumberofrecords odatacount numfound totalcountofitems
    totalitemcount itemstotal resultstotal totalresultscount
    """
)
# A total only where something around it, or its description, says so: often the number of items on this page.
MAYBE_TOTALS = words_in("count results resultcount itemcount size records items hits")
TOTAL_PAGES = words_in(
    """
    totalpages pagecount pages numpages lastpage totalpagecount numberofpages pagestotal
    totalpage pagetotal
    """
)
# Response headers.
CURSOR_HEADER = re.compile(r"cursor|continuation|next-?(?:page|token|marker|offset|key|start)|page-?token|^x-next$")
EARLIER_HEADER = re.compile(r"prev|first|last")
TOTAL_HEADER = re.compile(r"^(?!.*pages)(?:.*\btotal(?:-?(?:count|results|items|records|entries))?|.*-count-total)$")
# The usual names of a list in a wrapper, in the order of preference.
LISTS = (
    "data", "items", "results", "result", "records", "values", "value", "entries", "list", "rows", "content",
    "objects", "elements", "members", "collection", "hits", "docs", "resources",
)  # fmt: skip
