"""The production database of tests and of the demo: a real PostgreSQL, with rows that nobody may ever see leak.

cluster.py     a PostgreSQL of one's own: begun by the first process of a run that asks, gone with the last
server.py      the server of this run, and a database of one's own on it
tables.sql     what the database is, as on Supabase; rows.sql fills it, since.sql is what came after the first backup
damage.py      what a bad deployment did to it, and what there is to find afterwards
inventory.py   everything that is defined in a database, to be compared with itself later
wire.py        the network between the bot and the server, with faults to lay on it
"""
