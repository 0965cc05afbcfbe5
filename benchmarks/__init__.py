"""Benchmarks, each run by one command; the docs quote their figures."""
