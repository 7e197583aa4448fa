"""The doctor: what is right, doubtful or wrong with a set-up before anybody needs it, each with its remedy.

finding.py      what one line of the report is, and the exit status that all of them come to
examination.py  the table of examinations; all of them at once, within a bounded time
report.py       the lines as people read them

of_settings.py  settings and runbook, the mode, what is off
of_log.py       the state file: who else can read it, who writes it, whether its chain holds
of_slack.py     tokens, scopes and the clock; of_people.py who can approve and ask, and where
of_vercel.py    the project and what the token covers
of_communications.py  Statuspage and mail
of_database.py  the way there, the role; of_tables.py the runbook's tables and their backups

It only reads. In each file, what is read and what is decided of it are different functions.
"""
