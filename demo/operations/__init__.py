"""The operations of the API, a module per resource; each module lists its own routes."""
