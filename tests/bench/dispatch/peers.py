#!/usr/bin/env python3
"""No-op jobs through celery (with redis-server), dask or ray: so many outstanding, a new one for
each that has ended. dispatch.sh runs it.

    peers.py celery|dask|ray --workers 10 --outstanding 64 --seconds 2 --port 7000
"""
import argparse
import collections
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time

PORT = os.environ.get("DISPATCH_REDIS_PORT")
if PORT:  # what celery's worker imports
    from celery import Celery

    app = Celery("peers", broker=f"redis://127.0.0.1:{PORT}/0", backend=f"redis://127.0.0.1:{PORT}/1")
    app.conf.update(worker_prefetch_multiplier=64, task_acks_late=False, worker_send_task_events=False)

    @app.task(name="noop")
    def noop(payload):
        return payload[:16]


class Load:
    """Counts and times; `drive` keeps so many outstanding."""

    def __init__(self, options):
        self.options = options
        self.latencies = []
        self.began = None
        self.done = 0

    def ended(self, submitted):
        if self.began is not None:
            self.latencies.append(time.monotonic() - submitted)
            self.done += 1

    def drive(self, submit, wait):
        """submit() starts a job; wait() returns the submission times of some that have ended."""
        began = time.monotonic()
        for _ in range(self.options.outstanding):
            submit()
        while True:
            for submitted in wait():
                self.ended(submitted)
                submit()
            now = time.monotonic()
            if self.began is None and now - began > self.options.warm:
                self.began = now
            elif self.began is not None and now - self.began > self.options.seconds:
                break
        took = time.monotonic() - self.began
        self.latencies.sort()
        name = self.options.name
        print(f"{name}_throughput {self.done / took:.0f} jobs/s")
        for point in (50, 95, 99):
            at = min(len(self.latencies) - 1, int(len(self.latencies) * point / 100))
            print(f"{name}_p{point} {self.latencies[at] * 1000:.2f} ms", flush=True)


def run_celery(load, options):
    import celery

    print(f"# celery {celery.__version__}, prefork, redis-server without persistence")
    environment = dict(os.environ, DISPATCH_REDIS_PORT=str(options.port))
    folder = os.path.dirname(os.path.abspath(__file__))
    redis = subprocess.Popen(
        ["redis-server", "--port", str(options.port), "--save", "", "--bind", "127.0.0.1"],
        stdout=subprocess.DEVNULL,
    )
    worker = None
    try:
        time.sleep(0.5)
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "peers", "worker", "-c", str(options.workers),
             "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "error"],
            cwd=folder, env=dict(environment, C_FORCE_ROOT="1"), stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.environ.update(environment)
        sys.path.insert(0, folder)
        import importlib

        module = importlib.import_module("peers")
        payload = "x" * options.payload
        module.noop.delay(payload).get(timeout=60)
        waiting = collections.deque()

        def submit():
            waiting.append((time.monotonic(), module.noop.delay(payload)))

        def wait():
            submitted, result = waiting.popleft()
            result.get(timeout=60)
            return [submitted]

        load.drive(submit, wait)
    finally:
        if worker is not None:
            os.killpg(worker.pid, signal.SIGKILL)
        redis.kill()


def run_dask(load, options):
    import distributed

    print(f"# dask.distributed {distributed.__version__}, a process a worker")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with distributed.LocalCluster(n_workers=options.workers, threads_per_worker=1,
                                  dashboard_address=None) as cluster, distributed.Client(cluster) as client:
        payload = "x" * options.payload
        ended = distributed.as_completed()
        started = {}
        client.submit(len, payload, pure=False).result()

        def submit():
            future = client.submit(len, payload, pure=False)
            started[future.key] = time.monotonic()
            ended.add(future)

        def wait():
            return [started.pop(future.key) for future in ended.next_batch(block=True)]

        load.drive(submit, wait)
        os._exit(0)  # taking ten processes down in good order takes longer than the measurement


def run_ray(load, options):
    import ray

    print(f"# ray {ray.__version__}, tasks")
    ray.init(num_cpus=options.workers, include_dashboard=False, log_to_driver=False,
             logging_level=logging.CRITICAL, _temp_dir=tempfile.mkdtemp(prefix="ray-"))

    @ray.remote
    def noop(payload):
        return payload[:16]

    payload = b"x" * options.payload
    ray.get([noop.remote(payload) for _ in range(options.workers * 4)])
    started = {}

    def submit():
        started[noop.remote(payload)] = time.monotonic()

    def wait():
        ready, _ = ray.wait(list(started), num_returns=min(16, len(started)), fetch_local=True)
        return [started.pop(reference) for reference in ready]

    try:
        load.drive(submit, wait)
    finally:
        ray.shutdown()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("peer", choices=("celery", "dask", "ray"))
    parser.add_argument("--name")
    parser.add_argument("--workers", type=int, default=10)
    parser.add_argument("--outstanding", type=int, default=64)
    parser.add_argument("--payload", type=int, default=64)
    parser.add_argument("--warm", type=float, default=1)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--port", type=int, default=7000)
    options = parser.parse_args()
    options.name = options.name or options.peer
    globals()["run_" + options.peer](Load(options), options)


if __name__ == "__main__":
    main()
