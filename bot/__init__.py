"""A Slack bot that carries out a production rollback plan.

core/      decides; no I/O, no clock
actions/   what the bot can do to production
messages/  what people read
doctor/    what is wrong with a set-up, before anybody needs it
adapters/  thin clients of Slack, Vercel, the site and the log
"""
