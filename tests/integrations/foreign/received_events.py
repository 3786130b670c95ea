"""Reads events by the CloudEvents SDK; run with .platforms/kserve: FILE of JSON Lines, or of {"headers": …, "body": …} lines."""

import json
import sys
from pathlib import Path

from cloudevents.http import from_http, from_json

told = []
for line in Path(sys.argv[1]).read_text().splitlines():
    plain = json.loads(line)
    event = from_http(plain["headers"], plain["body"].encode()) if "headers" in plain else from_json(line)
    data = event.get_data()
    told.append(
        {"attributes": dict(event.get_attributes()), "data": json.loads(data) if isinstance(data, bytes) else data}
    )
print(json.dumps(told))
