"""System and application metrics of a host and a news pipeline, exposed to Prometheus."""
