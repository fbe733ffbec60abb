"""Labelled log lines, each corpus in two halves: `development` for tuning, `held_out` for a final figure.

categories.csv: lines and the category of the predefined pattern that they show, and look-alikes without one.
categories_blind.csv: the same without halves, written without sight of rules or other lines: a final figure only.
personal_data.csv: lines and the pieces (joined by `|`) that masking must hide, and look-alikes that stay as they are.
headers.csv: lines and their time in UTC, level (`any`: not judged) and message (empty: not judged).
japanese_logs.py, system_logs.py (with systems.txt): made logs, each line with its message and its template.

Every name, number, address and key is made up. The host in `host/` is a recorded `/proc` and `/sys`.
"""
