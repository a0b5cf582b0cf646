"""How long the import of modules takes in this new process: `import.py MODULE …`."""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module

started = time.perf_counter()
for module in sys.argv[1:]:
    import_module(module)
taken = time.perf_counter() - started
print(json.dumps({"measure": "import", "samples": [taken]}))
