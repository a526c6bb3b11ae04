import os
from collections.abc import Iterable
from typing import Any, Protocol

import pyarrow

class _ArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[Any, Any]: ...

class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> Any: ...

_Codes = _ArrowArray | _ArrowStream | Iterable[bytes | bytearray | str | None]
_Path = str | os.PathLike[str]
_Blocks = _Path | _ArrowArray | _ArrowStream | Iterable[_Path] | None

class SlotcastError(ValueError):
    """A file that cannot be used, or a table that cannot be made."""

    file: str | None
    """The path; None where no file is to blame."""
    field: str | None
    """The place in the file, from its top; None where it is no single one."""

class Analyzer:
    """Describes contracts, and predicts, runs and scores recorded blocks."""

    def __new__(cls, *, fork: str = "osaka", threads: int | None = None) -> Analyzer: ...
    @property
    def fork(self) -> str: ...
    @property
    def threads(self) -> int | None: ...
    def describe(self, codes: _Codes) -> pyarrow.RecordBatch: ...
    def predict(self, blocks: _Blocks = None) -> pyarrow.RecordBatch: ...
    def observe(self, blocks: _Blocks = None) -> pyarrow.RecordBatch: ...
    def run(
        self, blocks: _Blocks = None, *, threads: int | None = None
    ) -> pyarrow.RecordBatch: ...
    def score(self, blocks: _Blocks = None) -> pyarrow.RecordBatch: ...

__all__ = ["Analyzer", "SlotcastError"]
