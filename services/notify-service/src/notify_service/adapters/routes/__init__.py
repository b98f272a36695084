"""Routes under ``/notify/v1``, one module for each thing they serve."""
