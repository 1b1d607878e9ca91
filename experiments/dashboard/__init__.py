"""The dashboard: a page in the browser that shows what a mix of policies does, and why."""

from __future__ import annotations

__all__ = ["launch"]


def launch(port: int | None = None, host: str = "127.0.0.1", open_browser: bool = True) -> int:
    """Serve the dashboard from this process until it is interrupted, and return the exit status.

    Parameters
    ----------
    port
        Port to listen on; 0 takes a free one; None takes the usual one, or a free one if that is in use.
    host
        Interface to listen on; other machines are let in only when it says so.
    open_browser
        Whether to open the page in the user's browser.

    Raises
    ------
    ConfigError
        If the port cannot be used.
    """
    from experiments.dashboard.server import serve

    return serve(port, host, open_browser)
