"""How a goal stands: what was measured against what the plan asks for; its line, words and picture, the same everywhere."""
