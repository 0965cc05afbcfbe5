"""How people reach Patchbay in a browser: the portal of support admins."""
