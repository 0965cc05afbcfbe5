"""Requests to vendors: where they may go, what is put on them, how they are sent and limited."""
