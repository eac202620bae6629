#!/usr/bin/env python3
"""Runs a model in PyTorch, eager, and in Stoker on the same GPU, by turns, in one run.

usage: gpu_vs_torch.py [options] COMPUTE_BENCH MODEL.onnx

COMPUTE_BENCH is the built tests/bench/compute_bench. Needs torch with a device of the same card and
the onnx package. PyTorch calls an operator of torch.nn.functional for each node of the file, with
the file's weights, after folding BatchNormalization where the file still has it. Both begin with
the input in host memory and end with the output there.

Prints one line a batch and type: both medians and images/s, how many times as fast Stoker is, its
GFLOP/s and the share of the peak that it measured on the card, and the largest difference of the
output as a share of its largest value. Exit 1 when outputs differ by more than the tolerance of the
type.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from onnx_vs_ort import Refused, Side, take_turns  # noqa: E402

TOLERANCE = {"float": 1e-3, "half": 2e-2}


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("program", metavar="COMPUTE_BENCH")
    p.add_argument("model", metavar="MODEL.onnx")
    p.add_argument("--batch", default="1,8,64", metavar="N,...")
    p.add_argument("--types", default="float,half", metavar="TYPE,...")
    p.add_argument("--device", help="Stoker's device, as `stoker devices` names it (first GPU)")
    p.add_argument("--torch-device", default="cuda", help="PyTorch's device")
    p.add_argument("--seconds", type=float, default=5, help="to measure each line for")
    p.add_argument("--cache", metavar="FOLDER", help="Stoker's program cache, kept")
    p.add_argument("--serve", nargs=4, help=argparse.SUPPRESS)
    return p.parse_args()


# ---- the child that holds PyTorch ----

def attributes(node):
    from onnx import helper
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def padded(functional, x, pads, value=0.0):
    """ONNX has all beginnings, then all ends; PyTorch pairs, last axis first."""
    half = len(pads) // 2
    pairs = [p for axis in reversed(range(half)) for p in (pads[axis], pads[half + axis])]
    return functional.pad(x, pairs, value=value) if any(pairs) else x


def window(functional, x, attrs, value=0.0):
    pads = attrs.get("pads", [0, 0, 0, 0])
    half = len(pads) // 2
    if pads[:half] == pads[half:]:
        return x, list(pads[:half])
    return padded(functional, x, pads, value), [0] * half


def run_conv(F, x, attrs):
    data, pads = window(F, x[0], attrs)
    return F.conv2d(data, x[1], x[2] if len(x) > 2 else None, attrs.get("strides", 1), pads,
                    attrs.get("dilations", 1), attrs.get("group", 1))


def run_max_pool(F, x, attrs):
    data, pads = window(F, x[0], attrs, float("-inf"))
    return F.max_pool2d(data, attrs["kernel_shape"], attrs.get("strides", 1), pads,
                        ceil_mode=bool(attrs.get("ceil_mode", 0)))


def run_average_pool(F, x, attrs):
    data, pads = window(F, x[0], attrs)
    return F.avg_pool2d(data, attrs["kernel_shape"], attrs.get("strides", 1), pads,
                        bool(attrs.get("ceil_mode", 0)), bool(attrs.get("count_include_pad", 0)))


def run_gemm(F, x, attrs):
    a = x[0].transpose(0, 1) if attrs.get("transA") else x[0]
    b = x[1] if attrs.get("transB") else x[1].transpose(0, 1)
    if attrs.get("alpha", 1.0) != 1.0 or attrs.get("beta", 1.0) != 1.0:
        raise Refused("Gemm with alpha or beta")
    return F.linear(a, b, x[2] if len(x) > 2 else None)


OPERATORS = {
    "Conv": run_conv,
    "MaxPool": run_max_pool,
    "AveragePool": run_average_pool,
    "Gemm": run_gemm,
    "MatMul": lambda F, x, attrs: x[0] @ x[1],
    "Relu": lambda F, x, attrs: F.relu(x[0]),
    "Add": lambda F, x, attrs: x[0] + x[1],
    "Sum": lambda F, x, attrs: sum(x[1:], x[0]),
    "GlobalAveragePool": lambda F, x, attrs: x[0].mean((2, 3), keepdim=True),
    "BatchNormalization": lambda F, x, attrs: F.batch_norm(
        x[0], x[3], x[4], x[1], x[2], False, 0.0, attrs.get("epsilon", 1e-5)),
    "Flatten": lambda F, x, attrs: x[0].flatten(attrs.get("axis", 1)),
    "Reshape": lambda F, x, attrs: x[0].reshape(x[0].shape[0], -1),
    "Softmax": lambda F, x, attrs: F.softmax(x[0], attrs.get("axis", -1)),
    "Dropout": lambda F, x, attrs: x[0],
    "Identity": lambda F, x, attrs: x[0],
}


def fold_batch_norms(graph, weights):
    """Into the convolution before, where nothing else reads it. The nodes that stay."""
    readers = [name for node in graph.node for name in node.input]
    makers = {node.output[0]: node for node in graph.node}
    kept = []
    for node in graph.node:
        conv = makers.get(node.input[0]) if node.op_type == "BatchNormalization" else None
        if conv is None or conv.op_type != "Conv" or readers.count(node.input[0]) != 1:
            kept.append(node)
            continue
        scale, shift, mean, variance = (weights[name].astype(np.float64)
                                        for name in node.input[1:5])
        scale = scale / np.sqrt(variance + attributes(node).get("epsilon", 1e-5))
        bias = weights[conv.input[2]] if len(conv.input) > 2 else 0.0
        names = [conv.input[1] + "/folded", conv.output[0] + "/bias"]
        weight = weights[conv.input[1]] * scale.reshape(-1, 1, 1, 1)
        weights[names[0]] = weight.astype(np.float32)
        weights[names[1]] = ((bias - mean) * scale + shift).astype(np.float32)
        del conv.input[1:]
        conv.input.extend(names)
        conv.output[0] = node.output[0]
        makers[node.output[0]] = conv
    return kept


def make_steps(model, kind, device):
    """The constants on the device, and for each node what to call."""
    import onnx
    import torch
    from onnx import numpy_helper
    graph = onnx.load(model).graph
    weights = {w.name: numpy_helper.to_array(w) for w in graph.initializer}
    nodes = fold_batch_norms(graph, weights)
    for node in nodes:
        if node.op_type not in OPERATORS:
            raise Refused(f"no {node.op_type} in gpu_vs_torch.py")
    dtype = torch.float16 if kind == "half" else torch.float32
    known = {name: torch.from_numpy(np.array(w)).to(device, dtype if w.dtype == np.float32 else None)
             for name, w in weights.items()}
    steps = [(OPERATORS[n.op_type], attributes(n), list(n.input), n.output[0]) for n in nodes]
    source = next(i.name for i in graph.input if i.name not in weights)
    return known, steps, source, graph.output[0].name, dtype


def serve(model, folder, batch, kind, device):
    """Speaks the lines of compute_bench -l."""
    import torch
    import torch.nn.functional as functional
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    known, steps, source, result, dtype = make_steps(model, kind, device)
    shape = [batch, 3, 224, 224]
    data = np.random.default_rng(1).uniform(-1, 1, shape).astype(np.float32)
    data.tofile(f"{folder}/in0")
    host = torch.from_numpy(data)
    if device != "cpu":
        host = host.pin_memory()

    def run():
        values = dict(known)
        values[source] = host.to(device, non_blocking=True).to(dtype)
        for call, attrs, inputs, output in steps:
            values[output] = call(functional, [values[i] for i in inputs if i], attrs)
        return values[result].float().cpu()

    with torch.inference_mode():
        for _ in range(3):
            y = run()
        np.save(f"{folder}/ref0.npy", y.numpy())
        print("ready", flush=True)
        for line in sys.stdin:
            times = []
            for _ in range(int(line.split()[1])):
                start = time.perf_counter_ns()
                run()
                times.append(time.perf_counter_ns() - start)
            print("done", *times, flush=True)


# ---- the parent ----

def difference(folder):
    wanted = np.load(f"{folder}/ref0.npy").ravel()
    got = np.fromfile(f"{folder}/out0", dtype=np.float32)
    if got.size != wanted.size:
        return float("inf")
    return float(np.max(np.abs(got - wanted)) / max(np.max(np.abs(wanted)), 1e-30))


def compare(args, batch, kind):
    """One line; whether the outputs agree."""
    with tempfile.TemporaryDirectory() as folder:
        torch_side = Side([sys.executable, __file__, args.program, args.model, "--torch-device",
                           args.torch_device, "--serve", args.model, folder, str(batch), kind])
        command = [args.program, "-l", "-f", "gpu", "-i", f"{folder}/in0", "-o", f"{folder}/out0"]
        command += ["-d", args.device] if args.device else []
        command += ["-c", args.cache] if args.cache else []
        command += ["-q"] if kind == "half" else []
        side = Side(command + [args.model, str(batch)])
        side.ask("write")
        wrong = difference(folder)
        times = take_turns([torch_side, side], args.seconds)
        peak = side.figure("measured_peak")
        flops = side.figure(f"batch{batch}_flops")
        torch_side.close()
        side.close()
    theirs, ours = (float(np.median(one)) for one in times)
    rate = flops / ours * 1e-6
    print(f"{kind:5} batch {batch:3}: torch {theirs:8.3f} ms {batch * 1e3 / theirs:8.1f}/s, "
          f"stoker {ours:8.3f} ms {batch * 1e3 / ours:8.1f}/s, {theirs / ours:.2f}x, "
          f"{rate:.0f} GFLOP/s, {rate / max(peak, 1e-9):.2f} of peak, differs by {wrong:.1e}",
          flush=True)
    return wrong <= TOLERANCE[kind]


def main():
    args = arguments()
    if args.serve:
        model, folder, batch, kind = args.serve
        serve(model, folder, int(batch), kind, args.torch_device)
        return 0
    right = True
    for kind in args.types.split(","):
        for batch in map(int, args.batch.split(",")):
            try:
                right = compare(args, batch, kind) and right
            except Refused as reason:
                print(f"{kind:5} batch {batch:3}: refused: {reason}")
                right = False
    return 0 if right else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Refused, subprocess.SubprocessError, OSError) as reason:
        sys.exit(f"gpu_vs_torch.py: {reason}")
