"""zstd (RFC 8878), by whichever package knows it; none is needed as long as nobody meets such a file."""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Callable
from typing import Any, BinaryIO, Final

__all__ = ["MAGIC", "package", "reader"]

MAGIC: Final = b"\x28\xb5\x2f\xfd"
"""How a file begins that is packed so (RFC 8878, section 3.1.1)."""

_PACKAGES: Final = ("compression.zstd", "backports.zstd", "zstandard")  # the best first
_OLD: Final = "zstandard"  # its names are its own


def package() -> Any:
    """The package that packs with its ``compress``; None if none is installed."""
    for name in _PACKAGES:
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    return None


def reader(raw: BinaryIO, on_cut: Callable[[], None]) -> BinaryIO | None:
    """The stream that was packed into ``raw``; ``on_cut`` hears of one that is cut. None if no package is installed."""
    found = package()
    if found is None:
        return None
    old = found.__name__ == _OLD
    machine = found.ZstdDecompressor().decompressobj if old else found.ZstdDecompressor
    if not hasattr(machine(), "eof"):
        return None  # zstandard before 0.19 does not tell where a frame ends
    return io.BufferedReader(_Unzstd(raw, machine, on_cut), 1 << 16)


class _Unzstd(io.RawIOBase):
    """A zstd stream, frame by frame. Gives all that can be unpacked before it says that the stream is cut."""

    def __init__(self, raw: BinaryIO, machine: Callable[[], Any], on_cut: Callable[[], None]) -> None:
        super().__init__()
        self._raw, self._new, self._on_cut = raw, machine, on_cut
        self._machine = machine()
        self._input = b""
        self._output = memoryview(b"")

    def readable(self) -> bool:
        """Like that of any stream."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Like that of any stream. Raises ``EOFError`` at the end of a cut stream, ``OSError`` for a damaged one."""
        while not self._output:
            # A little at a time: three bytes may unpack to 128 KB.
            self._input = self._input or self._raw.read(256)
            if self._machine.eof:
                if not self._input:
                    return 0
                self._machine = self._new()  # frames follow each other (RFC 8878, section 3)
            elif not self._input:
                self._on_cut()
                raise EOFError("the zstd stream is cut")
            try:
                self._output = memoryview(self._machine.decompress(self._input))  # cut without copies: it may be 8 MB
            except Exception as error:  # whatever the package calls it
                raise OSError("damaged zstd stream") from error
            self._input = self._machine.unused_data if self._machine.eof else b""
        piece, self._output = self._output[: len(buffer)], self._output[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Close both."""
        try:
            super().close()
        finally:
            self._raw.close()
