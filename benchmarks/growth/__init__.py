"""What growth costs one web process: servers, calls in the record, streams, changes made by other processes."""
