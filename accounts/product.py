"""The product's name and version, as sent to other programs."""

NAME = "patchbay"
VERSION = "0.1.0"  # pyproject.toml says the same; a test compares them
USER_AGENT = "Patchbay/1"
