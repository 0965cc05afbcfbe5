"""How a vendor's answer is read: its encoding, its markup, and why it refuses."""
