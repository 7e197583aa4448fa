"""Thin clients: each translates foreign errors into ours and does nothing else."""
