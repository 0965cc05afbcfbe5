"""Pages of an account's tools: what there is, and a playground that calls one."""
