"""What runs the project: settings, system checks, probes, metrics, logs, schedules, worker."""
