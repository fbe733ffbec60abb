"""Log lines and series in; patterns, anomalies and metrics out."""
