"""How the project waits for its database: limits for each kind of work, and what happens while it is away.

Django loads `postgresql` and `sqlite` as the engines of DATABASES.
"""
