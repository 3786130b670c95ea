"""The control server beside a project's models: what it tells controllers, alarms and Prometheus."""
