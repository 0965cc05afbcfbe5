"""The health check of a web container: /livez must answer. Exits with 0 or 1, and says why."""

import http.client
import os
import sys


def main() -> int:
    """Ask the process of this container."""
    # Not urllib: it would ask a proxy that the environment names.
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=4)
    try:
        connection.request("GET", "/livez")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as problem:
        sys.stderr.write(f"/livez did not answer: {problem}\n")
        return 1
    finally:
        connection.close()
    if status != http.client.OK:
        sys.stderr.write(f"/livez answered with status {status}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
