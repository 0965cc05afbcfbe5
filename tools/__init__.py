"""What an account can do: documentation records, the catalogue of tools, calling one, and the record of calls."""
