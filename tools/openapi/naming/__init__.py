"""Names for the resources, methods and arguments of an imported API."""
