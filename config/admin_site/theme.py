"""The admin theme's names, icon and colours, which match the portal's."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse

from config.admin_site.navigation import SIDEBAR

THEME: dict[str, Any] = {
    "SITE_TITLE": "Patchbay admin",
    "SITE_HEADER": "Patchbay",
    "SITE_SUBHEADER": "Admin",
    "SITE_SYMBOL": "cable",
    "SITE_ICON": lambda request: static("portal/icon.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("portal/icon.svg")},
    ],
    "SCRIPTS": [lambda request: static("admin-editor/names.js")],
    "SIDEBAR": SIDEBAR,
    "DASHBOARD_CALLBACK": "config.admin_site.index.attention",
    "SITE_URL": lambda request: reverse("home"),
    "SHOW_HISTORY": True,
    "COLORS": {
        "primary": {
            "50": "#effbfa", "100": "#d3f4f1", "200": "#a8e8e3", "300": "#73d5cf", "400": "#3fb9b4", "500": "#1f9d99",
            "600": "#0f7f7d", "700": "#0f6564", "800": "#105150", "900": "#114343", "950": "#03282a",
        },
        "base": {
            "50": "#f5f7f7", "100": "#eaeeee", "200": "#d9dfe0", "300": "#b4bec0", "400": "#8d9a9d", "500": "#647174",
            "600": "#4a5659", "700": "#303a3d", "800": "#222a2c", "900": "#181e20", "950": "#101516",
        },
    },
}  # fmt: skip
