"""How the services are served by HTTP, in one process or in four: what `uvicorn` is told in both."""

from typing import Any

HOW: dict[str, Any] = {
    "log_config": None,
    "access_log": False,
    "server_header": False,
    # Longer than clients and proxies keep an idle connection: whoever closes first must not be the server.
    "timeout_keep_alive": 65,
}
