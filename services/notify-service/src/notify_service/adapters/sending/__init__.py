"""The sender: from a notice that is owed to one that was given."""
