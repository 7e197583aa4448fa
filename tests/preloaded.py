"""What the bots of a run find done, as they are forked from a process that did it once: see processes.py."""

import gc

import httpx

from bot.adapters.trust import roots
from tests import launcher

__all__ = ["launcher"]

httpx.Client(verify=roots()).close()  # the first client imports the rest of httpx
gc.freeze()  # the collector of a forked bot leaves these pages as they are, and so shared
