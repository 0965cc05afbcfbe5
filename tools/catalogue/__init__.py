"""Which tools there are: records that pass the gate, compiled with their method of the definition."""
