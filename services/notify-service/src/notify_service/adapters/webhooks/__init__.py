"""Vendors' webhooks: what they are told of, signed, tried again, replayed."""
