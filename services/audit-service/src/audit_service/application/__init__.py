"""The use cases of audit-service that need more than decide-and-append."""
