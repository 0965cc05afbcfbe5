"""The protocol's methods that may ask the vendor, beside `tools/call`: reading a resource, completing an argument."""
