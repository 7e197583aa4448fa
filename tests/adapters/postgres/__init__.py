"""The production database as the bot reads and writes it, on a real server."""
