"""The files that vendors keep with their records: shown with them, found again, downloaded and read."""
