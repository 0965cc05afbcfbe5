"""Proving who somebody is: the limits of guessing, passwords, browsers that are known, and entering."""
