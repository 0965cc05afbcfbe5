"""`search` and `fetch`, the tools by which ChatGPT's deep research and company knowledge read: records found by words.

They are derived from what a definition declares as searchable, and call an account's own tools: what a server's filters
hide is neither searched nor fetched.
"""
