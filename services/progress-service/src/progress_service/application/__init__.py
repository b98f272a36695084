"""The use cases of progress-service that need more than decide-and-append."""
