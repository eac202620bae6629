#!/usr/bin/env python3
"""Leaves the first dimension of a model's inputs open, so that its rows can be batched.

usage: open_batch.py IN.onnx OUT.onnx

For models that were exported with a fixed batch: the first dimension of inputs and outputs becomes
N, and a Reshape to a constant shape that begins with the old batch takes it from its input.
Check the result with onnx_vs_ort.py at several batches: a model may mix its rows in other ways. Needs
onnx."""
import os
import sys

try:
    import numpy
    import onnx
    from onnx import numpy_helper
except ImportError as missing:
    sys.exit(f"{os.path.basename(__file__)}: {missing}; needs numpy and onnx from PyPI: "
             "python3 -m venv VENV && VENV/bin/pip install numpy onnx, then VENV/bin/python "
             + __file__)

if len(sys.argv) != 3:
    sys.exit(__doc__)
model = onnx.load(sys.argv[1])
graph = model.graph
constants = {tensor.name: tensor for tensor in graph.initializer}
for node in graph.node:
    if node.op_type == "Constant":
        constants.update({node.output[0]: a.t for a in node.attribute if a.name == "value"})
inputs = [value for value in graph.input if value.name not in constants]
batch = inputs[0].type.tensor_type.shape.dim[0].dim_value
for value in inputs + list(graph.output):
    dims = value.type.tensor_type.shape.dim
    if not dims or dims[0].dim_value != batch:
        sys.exit(f"open_batch.py: {value.name} does not begin with {inputs[0].name}'s {batch} rows")
    dims[0].dim_param = "N"
for node in graph.node:
    if node.op_type != "Reshape" or node.input[1] not in constants:
        continue
    shape = numpy_helper.to_array(constants[node.input[1]]).copy()
    if shape.size and shape[0] == batch:
        shape[0] = 0
        fresh = numpy_helper.from_array(shape.astype(numpy.int64), constants[node.input[1]].name)
        constants[node.input[1]].CopyFrom(fresh)
del graph.value_info[:]
onnx.save(model, sys.argv[2])
