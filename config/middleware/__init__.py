"""What every request passes on its way: checks of its head and its transport, limits, headers, logging and spans."""
