"""Connections of clients to the web process: limits on what is slow, and fewer writes."""
