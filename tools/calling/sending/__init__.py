"""The way of arguments into a request: checked, taken as they were meant, and put in their places."""
