"""The actions, over HTTP and SQL against stand-ins and real databases."""
