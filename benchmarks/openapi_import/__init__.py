"""Imports of API descriptions: operations, tools, refusals, time, and whether every tool fits every client."""
