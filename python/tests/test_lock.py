"""Does Python go on while work is done, and can work be broken off?"""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import slotcast


@pytest.mark.parametrize(
    "work",
    [
        lambda analyzer, codes: analyzer.describe(codes * 4),
        lambda analyzer, _: analyzer.predict(),
        lambda analyzer, _: analyzer.score(),
        lambda analyzer, _: analyzer.run(threads=1),
    ],
    ids=["describe", "predict", "score", "run"],
)
def test_another_thread_goes_on(codes, work):
    analyzer = slotcast.Analyzer(threads=1)
    done = threading.Event()
    ticks = []

    def tick():
        while not done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    ticker = threading.Thread(target=tick)
    ticker.start()
    while not ticks:
        time.sleep(0.001)
    start = time.monotonic()
    work(analyzer, codes)
    end = time.monotonic()
    done.set()
    ticker.join()
    # Were the lock held, no tick would fall between a little behind the start and a little before
    # the end.
    margin = (end - start) / 4
    during = [at for at in ticks if start + margin < at < end - margin]
    assert 5 < len(during), f"{len(during)} ticks in {end - start:.3f} s"


def test_a_long_call_can_be_broken_off(tmp_path, codes):
    program = """
import slotcast, sys
codes = [bytes.fromhex(line) for line in open(sys.argv[1])]
print("begun", flush=True)
slotcast.Analyzer(threads=1).describe(codes * 10000)
"""
    path = tmp_path / "codes"
    path.write_text("\n".join(code.hex() for code in codes))
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout.readline() == b"begun\n"
    time.sleep(0.5)
    os.kill(process.pid, signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert b"KeyboardInterrupt" in errors
