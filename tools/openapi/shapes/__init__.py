"""Schemas of an API description, made into schemas that clients accept."""
