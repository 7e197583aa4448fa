"""The production database, through psycopg. Of a failed statement only SQLSTATE and names leave this package.

session.py      one connection: rows, limits, and what a failure tells
catalog.py      what a table is, and the backups there are
comparison.py   a table beside its backup, row by row, counted
restoring.py    the one transaction that writes
backing_up.py   the one transaction that takes a backup set
ledger.py       what was committed, kept beside the data
questions.py    the runbook's SQL checks
"""
