"""Reading an API description: the file, what points inside it, its operations."""
