"""The processes themselves: their files, ports, supervision and end."""
