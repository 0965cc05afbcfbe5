"""What is the project's own of Celery: the scheduler and schedule of beat, spans of tasks, the broker of files."""
