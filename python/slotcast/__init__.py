"""Predicts which storage slots Ethereum transactions touch, from bytecode alone, as Arrow tables.

    import slotcast

    slotcast.Analyzer().describe(["0x6000356001550000"])   # what each function of a code touches
    slotcast.Analyzer().predict("blocks/")                 # what each transaction will touch

Columns are named and typed as cryo names and types them, so that predictions join with its
``storage_reads`` and ``storage_diffs``.
"""

from ._slotcast import Analyzer, SlotcastError

__all__ = ["Analyzer", "SlotcastError"]
