"""Read models: dropped and rebuilt at will."""
