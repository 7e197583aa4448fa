"""Whom the bot's HTTP clients believe to be who they say they are. The roots are read once a process: 30 ms of CPU."""

import ssl
from functools import cache

import httpx


@cache
def roots() -> ssl.SSLContext:
    """The one of every client, as httpx makes it: certificates and names are verified, by SSL_CERT_FILE or certifi."""
    return httpx.create_ssl_context()
