"""How programs reach Patchbay: the management API (Django REST framework) and the agents' (django-ninja).

Who asks, what they may, how resources and errors are written; `accounts`, `servers` and `tools` hold the resources.
"""
