"""The words that vendors use around results, and for actions. Names are in lower case, letters and digits only."""

from accounts.texts.names import words_in

# Words in the names of members that surround a result: counts, pages, links, status.
ENVELOPE = words_in(
    """
    total totals count size limit offset page pages per next prev previous first last more has
    cursor cursors token paging pagination pager meta metadata links link self url uri ok success
    status code message messages error errors warning warnings kind object type etag api version
    request timestamp time response self start end index number max min items marker sort summary
    info context included jsonapi query truncated incomplete key href result is additional results
    found took scroll bookmark continuation marker estimate available
    """
)
# As a segment after a collection or an item, such a word is an action on it.
ACTIONS = words_in(
    """
    search find query filter count export import bulk batch validate verify check preview cancel
    close open archive unarchive restore activate deactivate enable disable approve reject accept
    decline send resend start stop pause resume retry refresh reset revoke rotate merge split move
    copy clone duplicate assign unassign lock unlock publish unpublish upload download complete
    confirm capture void refund pay finalize join leave invite mark read unread convert redact test
    ping sync trigger run execute render generate lookup autocomplete suggest
    """
)
