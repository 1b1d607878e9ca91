"""The web server of the dashboard: in this process, on this machine, and gone when the command ends."""

from __future__ import annotations

import errno
import os
import socket
import threading
import warnings
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import Any

from abm.parameters import ConfigError

USUAL_PORT = 8765
_GRACE = 1  # seconds that open pages get to say goodbye
_ENVIRONMENT = {
    "SOLARA_APP": "experiments.dashboard.app",
    "SOLARA_MODE": "production",  # no watching of files
    "SOLARA_KERNEL_CULL_TIMEOUT": "20m",  # how long the state of a page is kept after its browser has gone
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
    "SOLARA_THEME_SHOW_BANNER": "false",
    "SOLARA_THEME_TITLE": "Kringloop",
    "SOLARA_THEME_LOADER": "plain",
}


def serve(port: int | None, host: str, open_browser: bool) -> int:
    """Serve until a signal ends it; see `experiments.dashboard.launch`."""
    listener = listen(host, port)
    try:
        server = make_server(open_browser, address(listener))
        with suppress(KeyboardInterrupt):  # the usual way to end it
            server.run(sockets=[listener])
    finally:
        listener.close()
        _stop_calculating()
    return 0


def _stop_calculating() -> None:
    """Threads that the interpreter would cut off in the middle of a calculation can crash it."""
    from experiments.dashboard.simulation import WORKSHOP

    WORKSHOP.close()


def listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens on the port; None means the usual port or, if that is in use, any."""
    wanted = USUAL_PORT if port is None else port
    if not 0 <= wanted <= 65535:
        raise ConfigError(f"{wanted} is not a port", key="--port", expected="a number from 0 to 65535")
    try:
        return socket.create_server((host, wanted), family=_family(host))
    except OSError as error:
        if port is None and error.errno == errno.EADDRINUSE:
            return socket.create_server((host, 0), family=_family(host))
        raise _unusable(host, wanted, error) from None


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _unusable(host: str, port: int, error: OSError) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        return ConfigError(f"port {port} is in use", key="--port", expected="a free port, or 0 to take any")
    problem = f"cannot listen on {host}, port {port} ({error.strerror or error})"
    return ConfigError(problem, key="--port", expected="a port and an interface of this machine")


def address(listener: socket.socket) -> str:
    """Where a browser finds the page."""
    host, port = listener.getsockname()[:2]
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}/"


def make_server(open_browser: bool, url: str) -> Any:
    """A uvicorn server that tells where the page is as soon as it can be opened."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.environ["SOLARA_APP"] = _ENVIRONMENT["SOLARA_APP"]

    # Said on each visit; it concerns pages embedded in other sites, and this one is opened by itself.
    warnings.filterwarnings("ignore", message="Cookies with samesite=none require https")

    import solara.server.settings
    import uvicorn

    solara.server.settings.assets.extra_locations = [str(Path(__file__).parent / "assets")]
    from experiments.dashboard.simulation import warm_up

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(f"The dashboard is at {url} (Ctrl-C ends it)", flush=True)
            threading.Thread(target=warm_up, daemon=True).start()
            if open_browser:
                threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    config = uvicorn.Config(
        "solara.server.starlette:app", log_level="error", timeout_graceful_shutdown=_GRACE, ws="auto", loop="asyncio"
    )
    return Server(config)
