"""A table as bytes: an Arrow file with the notes in its metadata. Uploads are parsed once, nothing is unpickled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from core.data.table import Table

_MAGIC: Final = b"ARROW1"
_NOTES: Final = b"loss-lab-notes"


def is_packed(content: bytes) -> bool:
    """Tell whether `content` is a packed table; no text table begins like one."""
    return content.startswith(_MAGIC)


def pack(table: Table) -> bytes:
    """Return `table` as bytes, the same for the same table and notes."""
    import pyarrow as pa

    arrow = pa.Table.from_pandas(table.frame, preserve_index=False)
    metadata = {**(arrow.schema.metadata or {}), _NOTES: json.dumps(table.notes).encode()}
    arrow = arrow.replace_schema_metadata(metadata)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, arrow.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as file:
        file.write_table(arrow)
    return bytes(sink.getvalue())


def unpack(content: bytes) -> Table:
    """Return the table that `pack` made `content` of."""
    import pyarrow as pa

    from core.data.table import Table

    with pa.ipc.open_file(pa.BufferReader(content)) as file:
        arrow = file.read_all()
    notes = json.loads(arrow.schema.metadata[_NOTES])
    return Table(arrow.to_pandas(), tuple(notes))
