"""Requests to vendors: where they may go, what goes on them, how they are sent and held back."""
