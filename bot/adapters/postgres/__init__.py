"""The production database, through psycopg. Of a failed statement only SQLSTATE and names leave this package.

session.py      one connection: rows, limits, and what a failure tells
catalog.py      what a table is, and the backups there are
comparison.py   a table beside its backup, row by row, counted
restoring.py    the one transaction that writes
backing_up.py   the one transaction that takes a backup set
columns.py      what added columns are, and all that hangs on them
dropping.py     the one transaction that drops them, their values kept; returning.py the one that puts them back
alone.py        having tables to oneself, in short attempts
quarantine.py   what operations keep, and its removal
carrying.py     an operation as one transaction with its line in the ledger
ledger.py       what was committed, kept beside the data
questions.py    the runbook's SQL checks
"""
