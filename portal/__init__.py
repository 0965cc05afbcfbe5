"""The portal: the pages that support admins use in a browser."""
