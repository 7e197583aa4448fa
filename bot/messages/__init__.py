"""What people read in Slack: one pure function a message, one file a kind of message. No I/O, no clock.

thread.py       every message that a request shows now
  card.py       the request itself, in the channel
  plan.py       before → after, in facts; never clamped
  approval.py   who is needed, the buttons; and once more at half time
  run.py        the steps and what the running one waits for; what to look at when an outcome is unknown
  outcome.py    what is true now, the checks before beside after, what comes next
private.py      what one person alone reads: answers, refusals, help, open requests
  backups.py, deployments.py, pin.py   what was looked at for them
build_failure.py  what was looked at for the channel
views.py        modals

standing.py     a request's state in words; what is true of production
steps.py        a step in words; rollback.py those of a rollback, restore.py of a restore, backup_set.py of a backup
tables.py       checks as a narrow table
blocks.py       Slack's blocks and their limits; picture.py what a message is; wording.py what may stand in one
"""
