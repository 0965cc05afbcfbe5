"""The pages of an account's tools: the list, one tool, and a playground that calls one."""
