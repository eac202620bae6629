#!/usr/bin/env python3
"""make_qdq_mobilenet.py OUT.onnx [--from FLOAT.onnx] [--signed] [--unsigned-weights]

Writes a quantized network of the form that ONNX Runtime's quantize_static gives (QuantizeLinear
and DequantizeLinear pairs around each operator, int8 weights with one scale a channel, uint8
activations, or int8 with --signed; --unsigned-weights: uint8 with one scale and zero point): MobileNet v2 at 224x224, or the network of FLOAT.onnx. Weights
and calibration data are random, the same in every run. Needs onnx, onnxruntime and numpy.
"""
import argparse
import os
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType,
                                      quantize_static)
from onnxruntime.quantization.shape_inference import quant_pre_process

# Expansion, channels, blocks and first stride of each stage: table 2 of arXiv:1801.04381.
STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
          (6, 160, 3, 2), (6, 320, 1, 1)]
CALIBRATION_IMAGES = 4


class Net:
    def __init__(self):
        self.nodes, self.weights = [], []
        self.random = np.random.default_rng(1)

    def constant(self, name, values):
        self.weights.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def node(self, op, inputs, **attrs):
        name = f"{op.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name, **attrs))
        return name

    def conv(self, x, channels, rows, kernel, stride=1, groups=1, clip=True):
        fan_in = channels // groups * kernel * kernel
        name = f"w{len(self.nodes)}"
        weights = self.random.normal(0, np.sqrt(2 / fan_in),
                                     (rows, channels // groups, kernel, kernel))
        self.constant(name, weights)
        self.constant(name + "b", self.random.normal(0, 0.1, rows))
        y = self.node("Conv", [x, name, name + "b"], kernel_shape=[kernel] * 2, group=groups,
                      strides=[stride] * 2, pads=[kernel // 2] * 4)
        return self.node("Clip", [y, "low", "high"]) if clip else y


def mobilenet():
    net = Net()
    net.constant("low", 0)
    net.constant("high", 6)
    x, channels = net.conv("x", 3, 32, 3, stride=2), 32
    for expansion, rows, blocks, first_stride in STAGES:
        for block in range(blocks):
            stride = first_stride if block == 0 else 1
            y, wide = x, channels * expansion
            if expansion > 1:
                y = net.conv(y, channels, wide, 1)
            y = net.conv(y, wide, wide, 3, stride=stride, groups=wide)
            y = net.conv(y, wide, rows, 1, clip=False)
            x = net.node("Add", [x, y]) if stride == 1 and channels == rows else y
            channels = rows
    x = net.conv(x, channels, 1280, 1)
    x = net.node("Flatten", [net.node("GlobalAveragePool", [x])])
    net.constant("fc", net.random.normal(0, 0.03, (1280, 1000)))
    net.constant("fcb", net.random.normal(0, 0.1, 1000))
    x = net.node("Gemm", [x, "fc", "fcb"])
    graph = helper.make_graph(
        net.nodes, "mobilenet_v2",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 224, 224])],
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, [1, 1000])], net.weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


class Images(CalibrationDataReader):
    def __init__(self, model):
        given = {w.name for w in model.graph.initializer}
        self.random, self.left = np.random.default_rng(2), CALIBRATION_IMAGES
        self.inputs = [(i.name, [d.dim_value for d in i.type.tensor_type.shape.dim])
                       for i in model.graph.input if i.name not in given]

    def get_next(self):
        self.left -= 1
        if self.left < 0:
            return None
        return {name: self.random.normal(0, 1, dims).astype(np.float32)
                for name, dims in self.inputs}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[1])
    parser.add_argument("out")
    parser.add_argument("--from", dest="source", help="quantize this float model instead")
    parser.add_argument("--signed", action="store_true", help="int8 activations")
    parser.add_argument("--unsigned-weights", action="store_true",
                        help="uint8, one scale and zero point a tensor")
    args = parser.parse_args()
    model = onnx.load(args.source) if args.source else mobilenet()
    if args.source:
        model = onnx.version_converter.convert_version(model, 13)
    with tempfile.TemporaryDirectory() as folder:
        source, path = os.path.join(folder, "source.onnx"), os.path.join(folder, "float.onnx")
        onnx.save(model, source)
        quant_pre_process(source, path, skip_symbolic_shape=True)
        quantize_static(path, args.out, Images(model), quant_format=QuantFormat.QDQ,
                        per_channel=not args.unsigned_weights,
                        weight_type=QuantType.QUInt8 if args.unsigned_weights else QuantType.QInt8,
                        activation_type=QuantType.QInt8 if args.signed else QuantType.QUInt8)
    return 0


if __name__ == "__main__":
    sys.exit(main())
