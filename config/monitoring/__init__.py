"""What an operator's tools read: logs, metrics, traces."""
