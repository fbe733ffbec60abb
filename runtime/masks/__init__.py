"""What is personal or secret in a text, one file a sort of data; each ends in a tuple `RULES`."""
