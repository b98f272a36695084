"""How events reach other services: one port, two implementations (the journal, Apache Kafka), one contract-test suite."""
