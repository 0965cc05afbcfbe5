"""The management API's edge: who asks, what they may, how resources and errors are written (Django REST framework)."""
