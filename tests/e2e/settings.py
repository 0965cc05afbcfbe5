"""What the end-to-end tests know of the settings of the copy that runs."""

METRICS_TOKEN = "metrics-of-the-end-to-end-tests"
