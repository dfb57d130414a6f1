"""Makes the story and its oracle importable: tests are no package here."""

import importlib.util
import sys
from pathlib import Path

for name in ("fairness_story", "fairness_oracle"):
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            name, Path(__file__).with_name(f"{name.removeprefix('fairness_')}.py")
        )
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
