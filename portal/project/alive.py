"""`python -m portal.project.alive`: exit with 0 if the web process of this machine answers.

For a container's health check. It reads the environment alone: Django need not start for it.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

SECONDS = 4


def main() -> int:
    """Ask /healthz under the portal's own name, which is the only one that is answered."""
    port = int(os.environ.get("PORT", "5000"))
    own = urlsplit(os.environ.get("PORTAL_URL", "")).netloc or f"127.0.0.1:{port}"
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", "/healthz", headers={"Host": own})
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
