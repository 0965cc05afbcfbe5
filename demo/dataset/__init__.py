"""The data that an account begins with: the same for the same anchor moment, to the last letter."""
