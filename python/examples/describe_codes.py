"""Describes all codes of a Parquet data set on Ray Data.

    pip install "ray[data]"
    python describe_codes.py codes.parquet accesses/ --column code --workers 8

In: Parquet with a column of codes, binary or hexadecimal, as cryo's `contracts` has it, and any other
columns. Out: Parquet with the rows of `Analyzer.describe` and the other columns beside them. A code that
cannot be read is a row with an error; what a worker had done when it was killed is done again.
"""

import argparse
import functools
import time

import pyarrow as pa
import ray

import slotcast

# Codes that one call describes: some seconds, so that work is spread and little is lost with a worker.
BATCH = 64


def describe(table, column):
    """The rows of a batch of codes, with the other columns of each code's row."""
    rows = pa.table(slotcast.Analyzer(threads=1).describe(table[column]))
    rest = table.drop_columns([column]).take(rows["code_index"])
    for name in rest.column_names:
        rows = rows.append_column(name, rest[name])
    # The place in the batch says nothing behind it.
    return rows.drop_columns(["code_index"])


def described(codes, column):
    """The data set of the rows, to be made when it is asked for."""
    work = functools.partial(describe, column=column)
    return codes.map_batches(work, batch_format="pyarrow", batch_size=BATCH, num_cpus=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("codes", help="a Parquet file or folder")
    parser.add_argument("output", help="the folder to write to")
    parser.add_argument("--column", default="code", help="the column of codes")
    parser.add_argument("--workers", type=int, help="how many; every core without it")
    arguments = parser.parse_args()
    ray.init(num_cpus=arguments.workers, include_dashboard=False)
    codes = ray.data.read_parquet(arguments.codes)
    start = time.monotonic()
    described(codes, arguments.column).write_parquet(arguments.output)
    seconds = time.monotonic() - start
    print(f"{codes.count()} codes in {seconds:.1f} s")


if __name__ == "__main__":
    main()
