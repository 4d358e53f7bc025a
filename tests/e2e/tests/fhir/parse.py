"""Parses FHIR resources, one a line, with fhir.resources: an implementation that is not ours.

Its classes of R4B: of the kinds that are read here, 4.3.0 has the elements and codes of 4.0.1.
"""

import json
import sys

from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel

# A media type: the classes took the words of its documentation for a list.
NO_LIST = {"CapabilityStatement.format"}


def wrong_codes(model, path):
    """Codes that are in none of the lists that FHIR closes: the classes know them, and let them pass.
    Of long lists they know the beginning only, which a `+` ends: those are not looked at."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        extra = field.json_schema_extra
        allowed = extra.get("enum_values") if isinstance(extra, dict) else None
        if f"{path}.{name}" in NO_LIST:
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, BaseModel):
                yield from wrong_codes(one, f"{path}.{name}")
            elif allowed and "+" not in allowed and one is not None and one not in allowed:
                yield f"{path}.{name}: {one} is none of {allowed}"


def complaints(resource):
    kind = resource["resourceType"]
    try:
        parsed = get_fhir_model_class(kind).model_validate(resource)
    except ValueError as error:
        return [str(error)]
    return list(wrong_codes(parsed, kind))


seen, wrong = {}, 0
for line in sys.stdin:
    resource = json.loads(line)
    kind = resource["resourceType"]
    seen[kind] = seen.get(kind, 0) + 1
    for complaint in complaints(resource):
        wrong += 1
        print(f"{kind}: {complaint}\n{line}", file=sys.stderr)
print(json.dumps(seen, sort_keys=True))
sys.exit(1 if wrong else 0)
