"""Pytest (importlib mode) names this file ``contracts.tests.conftest`` and so takes the folder for the package.

Unless somebody has imported the real package before, it is put back in its place here.
"""

import importlib
import sys

if not hasattr(sys.modules.get("contracts"), "plan"):
    sys.modules.pop("contracts", None)
    importlib.import_module("contracts")
