"""Answers that last: streams of events in every transport, and calls that take long."""
