"""Every path of the web process but `/mcp/`, which is answered before Django (see config/asgi.py)."""

from django.contrib import admin
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]
