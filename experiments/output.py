"""Folders of results: refused when not empty, filled aside and put in place only when complete."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from abm.parameters import ConfigError


def require_free(folder: Path, force: bool) -> None:
    """Refuse a folder that is a file, or that holds something unless `force` is set."""
    if folder.exists() and not folder.is_dir():
        raise ConfigError("is a file", key="--out", file=str(folder), expected="a folder")
    if folder.is_dir() and not force and any(folder.iterdir()):
        raise ConfigError(
            "the folder is not empty",
            key="--out",
            file=str(folder),
            expected="an empty or new folder, or --force to replace what is there",
        )


@contextmanager
def prepared(folder: Path | None, force: bool = False) -> Iterator[Path | None]:
    """Yield an empty folder beside `folder`; on success move its contents into `folder`. None for None.

    With `force` entries of the same name are replaced and all others stay. If anything fails, `folder`
    is left as it was.

    Raises
    ------
    ConfigError
        If the folder may not be used.
    OSError
        If it cannot be made or written.
    """
    if folder is None:
        yield None
        return
    folder = folder.resolve()
    require_free(folder, force)
    made = _make_parents(folder)
    try:
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            yield aside
            _put_in_place(aside, folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except BaseException:
        _remove_empty(made)
        raise


def remove(entry: Path) -> None:
    """Remove a file or a folder with all that is in it."""
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()


def _make_parents(folder: Path) -> list[Path]:
    """Make the folders above `folder`; return those that did not exist, deepest first."""
    missing = [parent for parent in folder.parents if not parent.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _put_in_place(aside: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for entry in sorted(aside.iterdir()):
        target = folder / entry.name
        if target.exists() or target.is_symlink():
            remove(target)
        entry.rename(target)
