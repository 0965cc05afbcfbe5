"""The record of calls: what is noted about each, and the figures made from it."""
