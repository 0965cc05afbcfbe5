"""What resources, methods and arguments of an imported API are called."""
