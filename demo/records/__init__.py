"""The records of a FuseDesk account, each with its JSON in the API."""
