"""The use cases of plan-service that need more than decide-and-append."""
