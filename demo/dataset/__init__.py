"""The initial data of an account, identical for the same anchor moment."""
