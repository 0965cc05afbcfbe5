"""A support team's tasks, done by a script that makes the calls a model would: the calls and tokens of each."""
