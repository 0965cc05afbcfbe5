"""A simulator of the FuseDesk REST API: its own small ASGI application and process.

The demo, the tests and the benchmarks speak to it over sockets, as they would speak to the vendor. It knows
nothing of the project that calls it and imports none of its apps.
"""
