"""Search mode: a server that lists three tools, which find and call the others."""
