"""The production database, through psycopg. Of a failed statement only SQLSTATE and names leave this package.

session.py      one connection: rows, limits, and what a failure tells
catalog.py      what a table is, and the backups there are
pair.py         a table and what it is restored from; how their rows are told apart
comparison.py   the two row by row: what differs, and what a restore makes of it; presence.py whether parents are there
casting.py      what is cast where a column's type is another one in the backup
candidates.py   which rows can differ, found before the table is held
breaches.py     rows that would break a rule of the table
collateral.py   rows that stay and point to what would be deleted
writing.py      the one statement that writes rows and keeps what it did to each
restoring.py    the one transaction that restores
holding.py      tables held against writers, in short attempts; alone.py had to oneself, readers waiting too
backing_up.py   the one transaction that takes a backup set
columns.py      what added columns are, and all that hangs on them
dropping.py     the one transaction that drops them, their values kept; returning.py the one that puts them back
quarantine.py   what operations keep, and its removal
carrying.py     an operation as one transaction with its line in the ledger
ledger.py       what was committed, kept beside the data
questions.py    the runbook's SQL checks
"""
