"""What plan-service learns from other services."""
