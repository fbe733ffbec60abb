"""Alerts in; episodes, notifications, the live feed and the dashboard out."""
