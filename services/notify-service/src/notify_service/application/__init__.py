"""The use cases of notify-service that need more than decide-and-append."""
