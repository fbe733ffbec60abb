"""Labelled log lines, most corpora in two halves: `development`, and `held_out`, scored once before it was tuned on too.

categories.csv: lines and the category of the predefined pattern that they show, and look-alikes without one.
categories_blind.csv: the same without halves, written without sight of rules or other lines: a final figure only.
personal_data.csv: lines and the pieces (joined by `|`) that masking must hide, and look-alikes that stay as they are.
headers.csv: lines and their time in UTC, level (`any`: not judged) and message (empty: not judged).
japanese_logs.py, system_logs.py (with systems.txt): made logs, each line with its message and its template.
blind_logs.py (with blind_systems.txt): the same of other systems, written without sight of the rules: a final figure only.

Every name, number, address and key is made up. The host in `host/` is a recorded `/proc` and `/sys`.
"""
