"""The words that vendors use around results: names of members, in lower case with letters and digits only."""

from accounts.texts.names import words_in
from tools.pagination import vocabulary

FLAGS = words_in("success ok succeeded successful issuccess issuccessful isok")
OPPOSITE_FLAGS = words_in("iserror haserror haserrors")
STATUSES = words_in("status stat code statuscode result")
ERRORS = words_in("error errors fault errcode errorcode errorcodes")
NO_ERRORS = words_in("none null ok success 0 false")
PAYLOADS = words_in("data result results response payload body content items records object value")
TEXTS = words_in("message messages msg errmsg errormessage errordescription errorinfo detail details reason")
# What else stands in envelopes; those of the second line make a problem (RFC 9457).
SURROUNDING = words_in(
    """
    warning warnings meta metadata info additionaldata relateddata resultinfo requestid traceid correlationid logid
    timestamp time servertime duration took version apiversion jsonrpc extensions responsemetadata needed provided hint
    help documentationurl moreinfo cached statustext notices
    """
)
OF_PROBLEMS = words_in("type title description instance path")
ENVELOPE = FLAGS | OPPOSITE_FLAGS | STATUSES | ERRORS | TEXTS | SURROUNDING
# What a pager reads, which is left out where the result has a next_cursor.
PAGING = words_in(
    """
    next nextpage nexturl nexturi nextlink nextcursor nextpagetoken nexttoken nextpageurl nextrecordsurl odatanextlink
    nextoffset nextstart nextmarker nextkey nextpagecursor prev previous previouspage prevpage prevcursor previouscursor
    previouspageurl prevpageurl previouspagetoken previousurl first last self firstpage lastpage firstpageurl
    lastpageurl page pagenumber currentpage pageindex pages totalpages pagecount perpage pagesize limit offset skip
    start startat startindex cursor cursors after before endcursor startcursor hasmore hasnext hasnextpage
    haspreviouspage hasprevious more moreitems moreitemsincollection islast islastpage scrollid continuationtoken marker
    bookmark nextpagelink nexthref
    """
)
CONTAINERS = words_in(
    """
    meta metadata links paging pagination pageinfo pager page additionaldata responsemetadata listmetadata resultinfo
    data result results response payload embedded hits list
    """
)
# `count` may be that of this page, so no pager reads it.
TOTALS = vocabulary.TOTALS | {"count"}
SUCCESSES = frozenset(
    {"ok", "success", "succeeded", "successful", "200", "201", "202", "0", "true", "no error", "none"}
)
