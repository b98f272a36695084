"""What plan-service decides: pure functions over events. No I/O, no clock, no ids made here."""
