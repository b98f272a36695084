"""What this service keeps of plan-service's facts, so that it can write to the right people about the right things."""
