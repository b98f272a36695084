"""Pytest (importlib mode) names this file ``handrail.tests.conftest`` and so takes the folder for the package.

Unless somebody has imported the real package before, it is put back in its place here.
"""

import importlib
import sys

if not hasattr(sys.modules.get("handrail"), "client"):
    sys.modules.pop("handrail", None)
    importlib.import_module("handrail.client")
