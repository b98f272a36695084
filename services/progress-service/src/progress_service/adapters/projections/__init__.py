"""Read models filled from events."""
