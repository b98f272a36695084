"""What each path costs beside the least it could cost: ``python -m bench``. Never part of the tests.

A machine's speed drifts by a factor of four within half an hour, so only ratios within one run are shown as results:
each path and its floor take turns, several rounds, and the median of the rounds' ratios is what counts.
"""
