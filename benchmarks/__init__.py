"""Measurements, each repeatable by one command; figures that the docs quote come from here."""
