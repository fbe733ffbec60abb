"""The host collectors: families with node_exporter's names, types, labels and meaning, read from /proc and /sys."""
