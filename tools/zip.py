"""Packs a folder into a zip whose bytes depend on nothing but the files' names and contents.

A store build has to be reproducible: entries are sorted, times are the oldest that a zip can hold, modes
are fixed. Python's zipfile does this with nothing to install; `zip -X` still writes the files' times.

    python3 tools/zip.py FOLDER OUT.zip
"""

import sys
import zipfile
from pathlib import Path

OLDEST = (1980, 1, 1, 0, 0, 0)


def pack(folder: Path, out: Path) -> None:
    """Writes every file below `folder` to `out`, paths relative to `folder`."""
    out.parent.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with zipfile.ZipFile(out, "w") as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), OLDEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, path.read_bytes(), compresslevel=9)


if __name__ == "__main__":
    pack(Path(sys.argv[1]), Path(sys.argv[2]))
