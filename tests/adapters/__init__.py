"""The adapters, on the wire."""
