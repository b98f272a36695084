"""The sample district `sandbox-sample`: made by our own seeded generator, written through the ordinary commands."""
