"""Patchbay's APIs for programs: the management API (Django REST framework) and the agents' API (django-ninja).

This package has authentication, permissions, pagination and errors; `accounts`, `servers` and `tools` the resources.
"""
