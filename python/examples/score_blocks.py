"""Scores the predictions of a folder of recorded blocks on Ray Data.

    pip install "ray[data]"
    python score_blocks.py blocks/ scores/ --workers 8

In: files that `slotcast record` wrote. Out: Parquet with the rows of `Analyzer.score`, the path beside
them, and the score of all blocks, printed. A file that cannot be used is a row with an error.
"""

import argparse
import pathlib
import time

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import ray

import slotcast


def score(table):
    """The scores of a batch of paths."""
    analyzer = slotcast.Analyzer(threads=1)
    schema = analyzer.score([]).schema
    parts = []
    for path in table["path"].to_pylist():
        try:
            row, error = pa.table(analyzer.score(path)), None
        except slotcast.SlotcastError as failure:
            row, error = pa.Table.from_pylist([{}], schema=schema), str(failure)
        row = row.append_column("path", pa.array([path], pa.string()))
        parts.append(row.append_column("error", pa.array([error], pa.string())))
    return pa.concat_tables(parts)


def scored(paths):
    """The data set of the rows, to be made when it is asked for."""
    rows = [{"path": str(path)} for path in paths]
    # A block takes a second or so: one at a time spreads them best.
    paths = ray.data.from_items(rows, override_num_blocks=len(rows))
    return paths.map_batches(score, batch_format="pyarrow", batch_size=1, num_cpus=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("blocks", help="a folder of recorded blocks", type=pathlib.Path)
    parser.add_argument("output", help="the folder to write to")
    parser.add_argument("--workers", type=int, help="how many; every core without it")
    arguments = parser.parse_args()
    ray.init(num_cpus=arguments.workers, include_dashboard=False)
    paths = sorted(path for path in arguments.blocks.iterdir() if ".json" in path.suffixes)
    start = time.monotonic()
    scored(paths).write_parquet(arguments.output)
    seconds = time.monotonic() - start
    # A row for each block is little enough for this process.
    rows = pq.read_table(arguments.output)
    names = ["hit_slots", "true_slots", "predicted_slots"]
    sums = {name: pc.sum(rows[name]).as_py() for name in names}
    failed = len(rows) - rows["error"].null_count
    print(f"{len(rows)} blocks in {seconds:.1f} s, {failed} of them with an error")
    print(f"slot recall {sums['hit_slots'] / sums['true_slots']:.4f}")
    print(f"slot precision {sums['hit_slots'] / sums['predicted_slots']:.4f}")


if __name__ == "__main__":
    main()
