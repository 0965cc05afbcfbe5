"""Texts that people and models read: counts in words, hints for mistyped names, characters that nobody sees."""
