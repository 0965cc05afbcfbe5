"""What every page and endpoint needs of HTTP: its routes, where a request came from, the statuses of refusals."""
