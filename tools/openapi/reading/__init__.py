"""Reading an API description: the file, its references, its operations."""
