"""Telling people: one file a channel behind one Notifier protocol."""
