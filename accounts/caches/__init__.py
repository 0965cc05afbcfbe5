"""What is kept in a process's memory, how much, and how long it is fresh."""
