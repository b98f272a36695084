"""Tests of the whole: what only several services together can show."""

import sys
from pathlib import Path

# `running` starts Handrail as a user does; the tests beside it import it by name.
sys.path.insert(0, str(Path(__file__).parent))
