"""The record of calls: what is noted of each, and the figures that come of it."""
