"""Figures of the real bot among stand-ins on the wire: one file a family, one line of a table a figure.

`make bench` measures all of them; each file alone is `python -m benchmarks.<name>`. Nothing here fails: what is too
slow is read in the table. Both the bot and the stand-ins share the machine's cores.
"""
