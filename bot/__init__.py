"""A Slack bot that carries out a production rollback plan.

core/      decides; no I/O, no clock
actions/   what the bot can do to production
messages/  what people read
adapters/  thin clients of Slack, Vercel, the site and the log
"""
