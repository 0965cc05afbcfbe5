"""Composites: the steps of one call, made as calls of their own and shown as one result."""
