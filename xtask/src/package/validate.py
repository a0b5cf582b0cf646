"""Checks files of CycloneDX against its schema. Each is named that is not as the schema wants it."""

import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

validator = JsonStrictValidator(SchemaVersion.V1_6)
wrong = False
for name in sys.argv[1:]:
    error = validator.validate_str(Path(name).read_text(encoding="utf-8"))
    if error is not None:
        print(f"error: {name}: {error}")
        wrong = True
sys.exit(wrong)
