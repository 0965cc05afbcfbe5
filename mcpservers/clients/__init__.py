"""Who calls: how clients without a session are told apart, what they call themselves, what they are made with."""
