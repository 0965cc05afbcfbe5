"""The words that vendors use for lists, pages, actions. Names are in lower case, letters and digits only."""


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


# Words in the names of members that surround a result: counts, pages, links, status.
ENVELOPE = _named(
    """
    total totals count size limit offset page pages per next prev previous first last more has
    cursor cursors token paging pagination pager meta metadata links link self url uri ok success
    status code message messages error errors warning warnings kind object type etag api version
    request timestamp time response self start end index number max min items marker sort summary
    info context included jsonapi query truncated incomplete key href result is
    """
)
# As a segment after a collection or an item, such a word is an action on it.
ACTIONS = _named(
    """
    search find query filter count export import bulk batch validate verify check preview cancel
    close open archive unarchive restore activate deactivate enable disable approve reject accept
    decline send resend start stop pause resume retry refresh reset revoke rotate merge split move
    copy clone duplicate assign unassign lock unlock publish unpublish upload download complete
    confirm capture void refund pay finalize join leave invite mark read unread convert redact test
    ping sync trigger run execute render generate lookup autocomplete suggest
    """
)
# Paging parameters.
LIMITS = _named(
    """
    limit perpage pagesize pagelimit size count maxresults maxitems maxpagesize top rows num take
    itemsperpage recordsperpage resultsperpage numresults limitperpage pagecount pagesizelimit
    maxrecords fetch amount
    """
)
OFFSETS = _named(
    """
    offset skip start startat startposition startoffset first offsetstart startindex
    """
)
USUAL = _named(
    """
    limit perpage pagesize offset page
    """
)
PAGES = _named(
    """
    page pagenumber pageno pagenum pageindex currentpage p pagenumberoffset pg
    """
)
# The most specific first.
CURSORS = tuple(
    """
    cursor pagetoken nexttoken nextcursor pagecursor startcursor startingafter after
    continuationtoken continue nextpagetoken marker bookmark pageafter aftercursor pagekey position
    nextpage token next scrollid startkey cursortoken pagestartcursor nextmarker pagingtoken offset
    startingpoint sincecursor lastkey startingtoken
    """.split()  # noqa: SIM905  a list of it fills a page
)
# Members of answers that contain the next page's cursor, and then the objects around such members.
NEXT_CURSORS = _named(
    """
    nextcursor nextpagetoken nexttoken cursor after nextpagecursor continuationtoken continue
    nextmarker nextpage next endcursor nextoffset offset startingafter pagetoken nextstart nextkey
    bookmark marker nextpageid scrollid nextpagekey token nextstartingafter nextcontinuationtoken
    pagingtoken endingcursor
    """
)
AROUND = _named(
    """
    paging pagination pager meta metadata responsemetadata cursors cursor pages page links nextpage
    next pageinfo listmetadata after result data response
    """
)
LINKS = _named(
    """
    next nextpage nexturl nexturi nextlink nextpageuri nextpageurl nextpagelink nextpagepath
    nextrecordsurl odatanextlink nexthref nextpageuris
    """
)
MORE = _named(
    """
    hasmore more hasnextpage hasnext morefollows morerecords morepages ismore haspages
    """
)
TOTALS = _named(
    """
    total totalcount totalresults totalitems totalrecords totalentries totalsize totalsetsize
    totalhits recordcount
    """
)
TOTAL_PAGES = _named(
    """
    totalpages pagecount pages numpages lastpage totalpagecount numberofpages pagestotal
    """
)
