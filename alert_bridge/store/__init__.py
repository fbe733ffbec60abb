"""The alert database: functions over a connection, composed in one transaction of `runtime.database.Database`.

Times are stored as RFC 3339 text in UTC, which sorts in time order.
"""
