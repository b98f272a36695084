"""The log's published formats (RFC 9162, C2SP): what a stranger checks with, and other people's programs read."""
