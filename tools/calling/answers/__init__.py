"""The way from a vendor's answer to a result: read, told apart from failures, and taken out of its envelope."""
