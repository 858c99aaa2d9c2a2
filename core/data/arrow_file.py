"""A table as bytes: an Arrow file, what is known of the table in its metadata. Nothing is unpickled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from core.data.csv.read_options import origin_of

if TYPE_CHECKING:
    from core.data.table import Table

_MAGIC: Final = b"ARROW1"
_NOTES: Final = b"loss-lab-notes"
_ORIGIN: Final = b"loss-lab-origin"
_CHOSEN: Final = b"loss-lab-kinds"


def is_packed(content: bytes) -> bool:
    """Tell whether `content` is a packed table; no text table begins like one."""
    return content.startswith(_MAGIC)


def pack(table: Table) -> bytes:
    """Return `table` as bytes, the same for the same table and all that is known of it."""
    import pyarrow as pa

    arrow = pa.Table.from_pandas(table.frame, preserve_index=False)
    metadata = {**(arrow.schema.metadata or {}), _NOTES: json.dumps(table.notes).encode()}
    if table.origin is not None:
        metadata[_ORIGIN] = json.dumps(table.origin.as_json()).encode()
    chosen = {name: dict(value) for name in ("kinds", "names") if (value := getattr(table, name))}
    if chosen:
        metadata[_CHOSEN] = json.dumps({"base": table.base, **chosen}).encode()
    arrow = arrow.replace_schema_metadata(metadata)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, arrow.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as file:
        file.write_table(arrow)
    return bytes(sink.getvalue())


def unpack(content: bytes) -> Table:
    """Return the table that `pack` made `content` of; what an older version did not write is not known."""
    import pyarrow as pa

    from core.data.table import Table

    with pa.ipc.open_file(pa.BufferReader(content)) as file:
        arrow = file.read_all()
    known = arrow.schema.metadata
    origin = origin_of(json.loads(known[_ORIGIN])) if _ORIGIN in known else None
    chosen = json.loads(known.get(_CHOSEN, b"{}"))
    return Table(arrow.to_pandas(), tuple(json.loads(known[_NOTES])), origin, **chosen)
