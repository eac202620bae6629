#!/usr/bin/env python3
"""Runs models in ONNX Runtime (PyPI onnxruntime, CPU) and in Stoker, by turns, in one run.

usage: onnx_vs_ort.py [options] COMPUTE_BENCH [MODEL.onnx | FOLDER]...

COMPUTE_BENCH is the built tests/bench/compute_bench; a FOLDER stands for every *.onnx below it.
Prints one line a network and batch: medians (and bests) of both, how many times as fast Stoker is
(their ratio), GFLOP/s, the share of the peak that the device showed in the same process, before or
after, and the largest difference of an output, as a share of its largest value. A network that
either refuses is listed with the reason. At the end the same as a table for docs/performance.md.
Exit 1 when outputs differ by more than --tolerance.

Both run in processes of their own that keep their threads, and each is stopped (SIGSTOP) while
the other is measured: ONNX Runtime's threads spin for a while after a run, which is its right
during its own turn only. A turn begins with a run that isn't counted, because the other one left
the caches full of its own data.

Inputs are random, unless a folder test_data_set_0 lies beside the model: then they are read there
(which takes the onnx package).
"""
import argparse
import collections
import glob
import json
import os
import signal
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError as missing:
    sys.exit(f"{os.path.basename(__file__)}: {missing}; needs numpy, onnx and onnxruntime from PyPI: "
             "python3 -m venv VENV && VENV/bin/pip install numpy onnx onnxruntime, then VENV/bin/python "
             + __file__)

TURN_S = 0.12  # about how long a turn lasts
TURNS_MIN = 3


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("program", metavar="COMPUTE_BENCH")
    p.add_argument("models", nargs="*", metavar="MODEL|FOLDER")
    p.add_argument("--light", metavar="FOLDER",
                   help="also every light_*.onnx below, filled with random weights")
    p.add_argument("--only", default="", metavar="NAME,...", help="of these, only such names")
    p.add_argument("--batch", default="1,8", metavar="N,...",
                   help="batches of light models and of models that leave it open")
    p.add_argument("--dim", action="append", default=[], metavar="NAME=N",
                   help="value of a symbolic dimension (1 otherwise)")
    p.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)),
                   help="of ONNX Runtime; as many as the OpenCL device has compute units")
    p.add_argument("--seconds", type=float, default=3, help="to measure each network for")
    p.add_argument("--cache", metavar="FOLDER", help="Stoker's program cache, kept")
    p.add_argument("--models-made", metavar="FOLDER", help="keep the filled-in models there")
    p.add_argument("--tolerance", type=float, default=1e-3)
    p.add_argument("--ops", action="store_true",
                   help="also where each of the two spends its time, by kernel and by operator")
    return p.parse_args()


# ---- the child that holds ONNX Runtime's session ----

def random_input(rng, kind, shape):
    dtype = {"tensor(float)": np.float32, "tensor(double)": np.float64,
             "tensor(float16)": np.float16, "tensor(bool)": np.bool_}.get(kind)
    if dtype is None:
        return rng.integers(0, 2, shape).astype(np.dtype(kind[len("tensor("):-1]))
    return rng.uniform(-1, 1, shape).astype(dtype)


def make_inputs(session, model, batch, dims):
    rng = np.random.default_rng(1)
    data = sorted(glob.glob(os.path.join(os.path.dirname(model), "test_data_set_0", "input_*.pb")))
    wanted = session.get_inputs()
    if len(data) == len(wanted):
        import onnx
        from onnx import numpy_helper
        data = [os.path.join(os.path.dirname(data[0]), f"input_{i}.pb") for i in range(len(data))]
        return [numpy_helper.to_array(onnx.load_tensor(path)) for path in data]
    inputs = []
    for one in wanted:
        shape = [d if isinstance(d, int) else dims.get(d, batch if axis == 0 else 1)
                 for axis, d in enumerate(one.shape)]
        inputs.append(random_input(rng, one.type, shape))
    return inputs


def ort_session(model, threads, profile=None):
    import onnxruntime
    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    if profile:
        options.enable_profiling = True
        options.profile_file_prefix = profile
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def print_ops(model, threads, feeds, folder):
    runs = 10
    session = ort_session(model, threads, folder + "/ops")
    for _ in range(runs):
        session.run(None, feeds)
    times = collections.Counter()
    seen = collections.defaultdict(int)
    with open(session.end_profiling(), encoding="utf-8") as file:
        events = [e for e in json.load(file) if e.get("cat") == "Node"
                  and e["name"].endswith("_kernel_time")]
    kept = collections.deque(events, maxlen=len(events) // runs * (runs - 2))
    for event in kept:
        times[event["args"]["op_name"]] += event["dur"] / (runs - 2)
        seen[event["args"]["op_name"]] += 1
    total = sum(times.values())
    for op, us in times.most_common(12):
        print(f"op #   {op:<24} {seen[op] // (runs - 2):4} nodes {us:9.1f} us "
              f"{100 * us / max(total, 1e-9):5.1f}%")


def serve_ort(model, folder, batch, threads, dims, ops):
    """Speaks the lines of compute_bench -l. Bound buffers: no allocation or conversion is timed."""
    import time
    session = ort_session(model, threads)
    inputs = [np.ascontiguousarray(x) for x in make_inputs(session, model, batch, dims)]
    names = [one.name for one in session.get_inputs()]
    binding = session.io_binding()
    for i, (name, x) in enumerate(zip(names, inputs)):
        x.tofile(f"{folder}/in{i}")
        print("input", "x".join(map(str, x.shape)) or "scalar")
        binding.bind_cpu_input(name, x)
    outputs = session.run(None, dict(zip(names, inputs)))
    for i, (one, y) in enumerate(zip(session.get_outputs(), outputs)):
        np.save(f"{folder}/ref{i}.npy", y)
        print("output", i)
        binding.bind_output(one.name, "cpu")
    if ops:
        print_ops(model, threads, dict(zip(names, inputs)), folder)
    print("ready", flush=True)
    for line in sys.stdin:
        times = []
        for _ in range(int(line.split()[1])):
            start = time.perf_counter_ns()
            session.run_with_iobinding(binding)
            times.append(time.perf_counter_ns() - start)
        print("done", *times, flush=True)


# ---- the parent ----

class Refused(Exception):
    pass


class Side:
    """One of the two: a child that answers lines, stopped when it isn't asked."""

    def __init__(self, command):
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True)
        self.lines = []
        for line in self.child.stdout:
            if line.strip() == "ready":
                os.kill(self.child.pid, signal.SIGSTOP)
                return
            self.lines.append(line.split())
        errors = [e for e in self.child.communicate()[1].split("\n") if e.strip()]
        raise Refused(errors[-1].strip() if errors else f"exit {self.child.returncode}")

    def ask(self, line):
        os.kill(self.child.pid, signal.SIGCONT)
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline().split()
        if not answer or answer[0] != "done":
            raise Refused(self.child.communicate()[1].strip() or "ended in a run")
        os.kill(self.child.pid, signal.SIGSTOP)
        return [int(number) for number in answer[1:]]

    def figure(self, name):
        return next((float(line[1]) for line in self.lines if line[0] == name), 0)

    def close(self):
        os.kill(self.child.pid, signal.SIGCONT)
        self.child.communicate()


def take_turns(sides, seconds):
    runs = [max(2, min(400, int(TURN_S * 1e9 / max(min(side.ask("run 3")), 1))))
            for side in sides]
    times = [[], []]
    order = [0, 1]
    while sum(map(sum, times)) < seconds * 1e9 or len(times[0]) < TURNS_MIN * runs[0]:
        for i in order:
            times[i] += sides[i].ask(f"run {runs[i] + 1}")[1:]
        order.reverse()
    return [[t * 1e-6 for t in one] for one in times]


def difference(folder, n):
    """Of the outputs together: the largest error as a share of the output's largest value."""
    worst = 0.0
    for i in range(n):
        ref = np.load(f"{folder}/ref{i}.npy")
        got = np.fromfile(f"{folder}/out{i}", dtype=ref.dtype)
        if got.size != ref.size:
            return float("inf")
        if ref.size == 0:
            continue
        got, ref = got.reshape(ref.shape).astype(np.float64), ref.astype(np.float64)
        same = (got == ref) | (np.isnan(got) & np.isnan(ref))
        error = np.where(same, 0, np.abs(got - ref))
        scale = np.max(np.abs(ref[np.isfinite(ref)]), initial=0)
        worst = max(worst, float(np.nan_to_num(error, nan=np.inf).max()) / (scale or 1))
    return worst


Row = collections.namedtuple("Row", "name batch stoker ort gflops peak difference")


def print_kernels(command, model):
    out = subprocess.run(command + ["-p", "-n", "5", model], capture_output=True, text=True,
                         check=False).stdout
    for line in [x for x in out.split("\n") if x.startswith("# kernel ")][:12]:
        print("#   " + line[len("# kernel "):])


def measure(args, name, model, batch):
    with tempfile.TemporaryDirectory() as folder:
        sides = []
        try:
            ort = Side([sys.executable, __file__, "--serve-ort", model, folder, str(batch),
                        str(args.threads), ",".join(args.dim), "ops" if args.ops else ""])
            sides.append(ort)
            shapes = [line[1] for line in ort.lines if line[0] == "input"]
            output_n = sum(line[0] == "output" for line in ort.lines)
            command = [args.program, "-c", args.cache or folder + "/cache"]
            for i, shape in enumerate(shapes):
                command += ["-x", shape, "-i", f"{folder}/in{i}"]
            outs = [x for i in range(output_n) for x in ("-o", f"{folder}/out{i}")]
            stoker = Side(command + outs + ["-l", model])
            sides.append(stoker)
            times = take_turns([stoker, ort], args.seconds)
            stoker.ask("write")
            peak = max(stoker.figure("measured_peak"), stoker.ask("peak")[0] * 1e-9)
        except Refused as why:
            print(f"{name} refused by {'Stoker' if sides else 'ONNX Runtime'}: {why}", flush=True)
            return Row(name, batch, None, None, str(why), 0, 0)
        finally:
            for side in sides:
                side.close()
        flops = next(float(x[1]) for x in stoker.lines if x[0].endswith("_flops"))
        given = shapes[0].split("x")[0] if shapes else "1"
        row = Row(name, int(given) if given.isdigit() else 1, times[0], times[1],
                  flops / np.median(times[0]) * 1e-6, peak, difference(folder, output_n))
        print_row(row)
        if args.ops:
            print("# Stoker, by kernel:")
            print_kernels(command, model)
            print("# ONNX Runtime, by operator:")
            for line in ort.lines:
                if line[0] == "op":
                    print(" ".join(line[1:]))
            sys.stdout.flush()
        return row


def figures(row):
    a, b = np.median(row.stoker), np.median(row.ort)
    return a, min(row.stoker), b, min(row.ort), b / a


def print_row(row):
    a, a_best, b, b_best, ratio = figures(row)
    print(f"{row.name} b{row.batch}: stoker {a:.3f} ms ({a_best:.3f}) ort {b:.3f} ms ({b_best:.3f})"
          f" ratio {ratio:.2f} ({b_best / a_best:.2f}) {row.gflops:.0f} GFLOP/s,"
          f" {row.gflops / row.peak:.2f} of peak {row.peak:.0f}, difference {row.difference:.1e}",
          flush=True)


def print_table(rows):
    import onnxruntime
    print(f"\nMedian (best) in ms; ONNX Runtime {onnxruntime.__version__}.\n")
    print("| network | batch | Stoker | ONNX Runtime | ratio | GFLOP/s | of peak | difference |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        if row.stoker is None:
            print(f"| {row.name} | {row.batch} | refused: {row.gflops} | | | | | |")
            continue
        a, a_best, b, b_best, ratio = figures(row)
        print(f"| {row.name} | {row.batch} | {a:.2f} ({a_best:.2f}) | {b:.2f} ({b_best:.2f}) "
              f"| {ratio:.2f} | {row.gflops:.0f} | {row.gflops / row.peak:.2f} "
              f"| {row.difference:.0e} |")


def light_models(args, batches, folder):
    """Yields (name, path, batch), and removes what it made unless it is to be kept."""
    program = os.path.join(os.path.dirname(args.program), "light_model")
    for light in sorted(glob.glob(args.light + "/**/light_*.onnx", recursive=True) +
                        glob.glob(args.light + "/**/light_*/model.onnx", recursive=True)):
        stem = light.replace("/model.onnx", ".onnx")
        name = os.path.basename(stem)[len("light_"):-len(".onnx")]
        if args.only and name not in args.only.split(","):
            continue
        for batch in batches:
            path = f"{folder}/{name}-b{batch}.onnx"
            if not os.path.exists(path):
                subprocess.run([program, light, path, str(batch)], check=True)
            yield name, path, batch
            if not args.models_made:
                os.remove(path)


def real_models(args, batches):
    for given in args.models:
        paths = [given]
        if os.path.isdir(given):
            paths = sorted(glob.glob(given + "/**/*.onnx", recursive=True))
        for path in paths:
            name = os.path.basename(path)[:-len(".onnx")]
            if name == "model":
                name = os.path.basename(os.path.dirname(os.path.abspath(path)))
            if args.only and name not in args.only.split(","):
                continue
            done = set()
            for batch in batches:
                row = measure(args, name, path, batch)
                if row.batch in done:
                    break
                done.add(row.batch)
                yield row
                if row.stoker is None or row.batch != batch or os.path.exists(
                        os.path.join(os.path.dirname(path), "test_data_set_0")):
                    break


def main():
    args = arguments()
    batches = [int(b) for b in args.batch.split(",")]
    rows = []
    with tempfile.TemporaryDirectory() as made:
        if args.models_made:
            os.makedirs(args.models_made, exist_ok=True)
        if args.light:
            for name, path, batch in light_models(args, batches, args.models_made or made):
                rows.append(measure(args, name, path, batch))
    rows += real_models(args, batches)
    print_table(rows)
    return any(row.stoker is not None and row.difference > args.tolerance for row in rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve-ort"]:
        values = dict(pair.split("=") for pair in sys.argv[6].split(",") if pair)
        serve_ort(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]),
                  {name: int(value) for name, value in values.items()}, sys.argv[7] == "ops")
        sys.exit(0)
    sys.exit(main())
