"""What Pippin's engines run in Python."""
