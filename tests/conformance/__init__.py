"""The bot's action and Vercel's own client, put through the same cases against the same stand-in."""
