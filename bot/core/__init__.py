"""What the bot decides, as plain data and pure functions."""
