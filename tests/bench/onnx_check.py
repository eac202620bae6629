#!/usr/bin/env python3
"""Compares a model's first output with ONNX Runtime's (PyPI onnxruntime, CPU) on the same input.

usage: onnx_check.py COMPUTE_BENCH MODEL.onnx [BATCH]
Prints one line a figure: name value unit. Exit 1 when a difference passes 1e-3.
"""
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

program, model = sys.argv[1:3]
batch = int(sys.argv[3]) if len(sys.argv) > 3 else 1
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
first = session.get_inputs()[0]
shape = [batch] + [d if isinstance(d, int) else 1 for d in first.shape[1:]]
x = np.random.default_rng(1).uniform(-1, 1, shape).astype(np.float32)
reference = session.run(None, {first.name: x})[0]
with tempfile.TemporaryDirectory() as folder:
    x.tofile(folder + "/in")
    subprocess.run([program, "-n", "1", "-c", folder, "-i", folder + "/in", "-o", folder + "/out",
                    model, str(batch)], check=True, stdout=subprocess.DEVNULL)
    ours = np.fromfile(folder + "/out", dtype=reference.dtype).reshape(reference.shape)
rows = reference.reshape(batch, -1), ours.reshape(batch, -1)
top = np.argsort(rows[0], axis=1)[:, -10:]
relative = max(abs(rows[1][b][i] / rows[0][b][i] - 1) for b in range(batch) for i in top[b])
worst = np.abs(ours - reference).max()
print(f"onnxruntime_version {onnxruntime.__version__} -")
print(f"largest_difference {worst:.2e} absolute")
print(f"top10_difference {relative:.2e} relative")
print(f"top1_equal {np.mean(rows[0].argmax(1) == rows[1].argmax(1)):.2f} share")
sys.exit(1 if worst > 1e-3 or relative > 1e-3 else 0)
