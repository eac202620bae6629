#!/usr/bin/python3
"""Makes the models that come with Stoker, and the images that go with them.

usage: OPENBLAS_NUM_THREADS=1 /usr/bin/python3 assets/digits/train.py

Needs Debian's python3-numpy and python3-sklearn (which carries the data); downloads nothing.
Trains a small convolutional network on the UCI handwritten digits, measures it on images that it
has not seen, and writes
    assets/models/digits/1/model.onnx   the network, batch dimension "N"
    assets/models/noop/1/model.onnx     Identity, for measuring everything but the model
    assets/digits/images/*.png          held-out images, named digit-LABEL-INDEX.png
INDEX is the image's row in scikit-learn's copy of the data.
"""

import pathlib
import struct
import sys
import zlib

import numpy as np
from sklearn.datasets import load_digits

SEED = 20260
EPOCHS = 60
BATCH = 32
HELD_OUT = 450
ACCURACY_MIN = 0.98

ASSETS = pathlib.Path(__file__).resolve().parent.parent


# ---- data ------------------------------------------------------------------------------------

def load_data():
    """The images as they are stored in the PNG files, 8 bits a pixel, so that what is trained on
    is what is served. Held out: the last rows. Neighbouring rows look alike, probably from one
    hand, and a random split would put them on both sides."""
    digits = load_digits()
    pixels = np.rint(digits.images * 255.0 / 16.0).astype(np.uint8)
    labels = digits.target.astype(np.int64)
    split = len(pixels) - HELD_OUT
    return (pixels[:split], labels[:split]), (pixels[split:], labels[split:])


def to_tensor(pixels):
    """uint8 (N, 8, 8) -> float32 (N, 1, 8, 8) in 0..1"""
    return (pixels.astype(np.float32) * np.float32(1 / 255))[:, None]


def augment(rng, x):
    """Shifts by up to one pixel, a change of contrast, and a little noise."""
    out = np.empty_like(x)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    for i in range(len(x)):
        dy, dx = rng.choice([0, 1, 2], 2, p=[0.2, 0.6, 0.2])
        out[i] = padded[i, :, dy:dy + 8, dx:dx + 8]
    gain = rng.uniform(0.8, 1.1, (len(x), 1, 1, 1))
    noise = rng.normal(0, 0.03, x.shape)
    return np.clip(out * gain + noise, 0, 1).astype(np.float32)


# ---- layers: forward keeps what backward needs; backward stores gradients beside parameters --

class Conv3x3:
    """3x3, stride 1, one pixel of zero padding, no bias (a BatchNorm follows)."""

    def __init__(self, rng, n_in, n_out):
        scale = np.sqrt(2 / (9 * n_in))
        self.w = rng.normal(0, scale, (n_out, n_in, 3, 3)).astype(np.float32)
        self.params = ["w"]

    def forward(self, x, train):
        n, c, h, w = x.shape
        padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        taps = [padded[:, :, i:i + h, j:j + w] for i in range(3) for j in range(3)]
        cols = np.stack(taps, axis=2).transpose(0, 3, 4, 1, 2).reshape(n * h * w, c * 9)
        self.shape, self.cols = x.shape, cols
        y = cols @ self.w.reshape(len(self.w), -1).T
        return y.reshape(n, h, w, -1).transpose(0, 3, 1, 2)

    def backward(self, dy):
        n, c, h, w = self.shape
        flat = dy.transpose(0, 2, 3, 1).reshape(n * h * w, -1)
        self.dw = (flat.T @ self.cols).reshape(self.w.shape)
        cols = (flat @ self.w.reshape(len(self.w), -1)).reshape(n, h, w, c, 3, 3)
        dx = np.zeros((n, c, h + 2, w + 2), np.float32)
        for i in range(3):
            for j in range(3):
                dx[:, :, i:i + h, j:j + w] += cols[..., i, j].transpose(0, 3, 1, 2)
        return dx[:, :, 1:-1, 1:-1]


class BatchNorm:
    EPSILON = 1e-5

    def __init__(self, channels):
        self.scale = np.ones(channels, np.float32)
        self.bias = np.zeros(channels, np.float32)
        self.mean = np.zeros(channels, np.float32)
        self.var = np.ones(channels, np.float32)
        self.params = ["scale", "bias"]

    def forward(self, x, train):
        if train:
            mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
            self.mean = 0.9 * self.mean + 0.1 * mean
            self.var = 0.9 * self.var + 0.1 * var
        else:
            mean, var = self.mean, self.var
        self.inv = (1 / np.sqrt(var + self.EPSILON)).astype(np.float32)[:, None, None]
        self.hat = (x - mean[:, None, None]) * self.inv
        return self.hat * self.scale[:, None, None] + self.bias[:, None, None]

    def backward(self, dy):
        self.dscale = (dy * self.hat).sum((0, 2, 3))
        self.dbias = dy.sum((0, 2, 3))
        m = dy.shape[0] * dy.shape[2] * dy.shape[3]
        mean_part = self.dbias[:, None, None] / m + self.hat * self.dscale[:, None, None] / m
        return self.scale[:, None, None] * self.inv * (dy - mean_part)


class Relu:
    params = []

    def forward(self, x, train):
        self.keep = x > 0
        return x * self.keep

    def backward(self, dy):
        return dy * self.keep


class MaxPool2:
    params = []

    def forward(self, x, train):
        n, c, h, w = x.shape
        windows = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5)
        windows = windows.reshape(n, c, h // 2, w // 2, 4)
        self.shape, self.best = x.shape, windows.argmax(-1)
        return windows.max(-1)

    def backward(self, dy):
        n, c, h, w = self.shape
        windows = np.zeros(dy.shape + (4,), np.float32)
        np.put_along_axis(windows, self.best[..., None], dy[..., None], -1)
        windows = windows.reshape(n, c, h // 2, w // 2, 2, 2).transpose(0, 1, 2, 4, 3, 5)
        return windows.reshape(n, c, h, w)


class Flatten:
    params = []

    def forward(self, x, train):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy):
        return dy.reshape(self.shape)


class Gemm:
    def __init__(self, rng, n_in, n_out):
        self.w = rng.normal(0, np.sqrt(1 / n_in), (n_out, n_in)).astype(np.float32)
        self.b = np.zeros(n_out, np.float32)
        self.params = ["w", "b"]

    def forward(self, x, train):
        self.x = x
        return x @ self.w.T + self.b

    def backward(self, dy):
        self.dw, self.db = dy.T @ self.x, dy.sum(0)
        return dy @ self.w


def make_network(rng):
    return [
        Conv3x3(rng, 1, 16), BatchNorm(16), Relu(),
        Conv3x3(rng, 16, 32), BatchNorm(32), Relu(), MaxPool2(),
        Conv3x3(rng, 32, 64), BatchNorm(64), Relu(), MaxPool2(),
        Flatten(), Gemm(rng, 256, 10),
    ]


def run(network, x, train=False):
    for layer in network:
        x = layer.forward(x, train)
    return x


def softmax(logits):
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


# ---- training --------------------------------------------------------------------------------

class Adam:
    def __init__(self, network):
        self.slots = [(layer, p, np.zeros_like(getattr(layer, p)), np.zeros_like(getattr(layer, p)))
                      for layer in network for p in layer.params]
        self.t = 0

    def step(self, rate):
        self.t += 1
        for layer, name, m, v in self.slots:
            g, value = getattr(layer, "d" + name), getattr(layer, name)
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            m_hat, v_hat = m / (1 - 0.9 ** self.t), v / (1 - 0.999 ** self.t)
            decay = 1e-3 if name == "w" else 0.0
            value -= (rate * (m_hat / (np.sqrt(v_hat) + 1e-8) + decay * value)).astype(np.float32)


def train(network, rng, pixels, labels):
    x, adam = to_tensor(pixels), Adam(network)
    steps = EPOCHS * (len(x) // BATCH)
    for epoch in range(EPOCHS):
        order, loss = rng.permutation(len(x)), 0.0
        for start in range(0, len(x) - BATCH + 1, BATCH):
            rows = order[start:start + BATCH]
            p = softmax(run(network, augment(rng, x[rows]), train=True))
            target = np.full((BATCH, 10), 0.05 / 10, np.float32)
            target[np.arange(BATCH), labels[rows]] += 0.95
            loss -= (target * np.log(p + 1e-9)).sum() / BATCH
            dy = ((p - target) / BATCH).astype(np.float32)
            for layer in reversed(network):
                dy = layer.backward(dy)
            adam.step(3e-3 * 0.5 * (1 + np.cos(np.pi * adam.t / steps)) + 1e-5)
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}: loss {loss / (len(x) // BATCH):.4f}")


# ---- ONNX: a protobuf is written by hand; field numbers are those of onnx.proto ---------------

def varint(value):
    out = b""
    while value > 0x7f:
        out += bytes([value & 0x7f | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    """An int becomes a varint field; text, bytes and messages a length-delimited one."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def tensor(name, array):
    dims = b"".join(field(1, d) for d in array.shape)
    return dims + field(2, 1) + field(8, name) + field(9, array.astype("<f4").tobytes())


def attribute(name, value):
    if isinstance(value, float):
        return field(1, name) + varint(2 << 3 | 5) + struct.pack("<f", value) + field(20, 1)
    if isinstance(value, int):
        return field(1, name) + field(3, value) + field(20, 2)
    return field(1, name) + b"".join(field(8, v) for v in value) + field(20, 7)


def node(op, inputs, outputs, **attributes):
    body = b"".join(field(1, i) for i in inputs) + b"".join(field(2, o) for o in outputs)
    body += field(3, f"{op}_{outputs[0]}") + field(4, op)
    return body + b"".join(field(5, attribute(k, v)) for k, v in attributes.items())


def value_info(name, dims):
    shape = b"".join(field(1, field(2, d) if isinstance(d, str) else field(1, d)) for d in dims)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


def write_model(path, name, doc, nodes, weights, model_input, model_output):
    graph = b"".join(field(1, n) for n in nodes) + field(2, name)
    graph += b"".join(field(5, tensor(k, v)) for k, v in weights.items())
    graph += field(11, value_info(*model_input)) + field(12, value_info(*model_output))
    model = field(1, 8) + field(2, "stoker-train") + field(3, "1") + field(6, doc)
    model += field(7, graph) + field(8, field(2, 13))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model)


def export_digits(network, path):
    nodes, weights, value = [], {}, "image"
    for index, layer in enumerate(network):
        kind, out = type(layer).__name__, f"t{index}"
        if kind == "Conv3x3":
            weights[f"w{index}"] = layer.w
            nodes.append(node("Conv", [value, f"w{index}"], [out], kernel_shape=[3, 3],
                              pads=[1, 1, 1, 1]))
        elif kind == "BatchNorm":
            names = [f"{p}{index}" for p in ("scale", "bias", "mean", "var")]
            weights.update(zip(names, (layer.scale, layer.bias, layer.mean, layer.var)))
            nodes.append(node("BatchNormalization", [value] + names, [out],
                              epsilon=BatchNorm.EPSILON))
        elif kind == "Gemm":
            weights[f"w{index}"], weights[f"b{index}"] = layer.w, layer.b
            nodes.append(node("Gemm", [value, f"w{index}", f"b{index}"], [out], transB=1))
        elif kind == "MaxPool2":
            nodes.append(node("MaxPool", [value], [out], kernel_shape=[2, 2], strides=[2, 2]))
        else:
            nodes.append(node(kind, [value], [out]))
        value = out
    nodes.append(node("Softmax", [value], ["probability"], axis=1))
    write_model(path, "digits", "Handwritten digits, 8x8 grayscale; see assets/digits/README.md",
                nodes, weights, ("image", ["N", 1, 8, 8]), ("probability", ["N", 10]))


def export_noop(path):
    write_model(path, "noop", "Returns its input", [node("Identity", ["input"], ["output"])], {},
                ("input", ["N", 16]), ("output", ["N", 16]))


# ---- PNG -------------------------------------------------------------------------------------

def write_png(path, pixels):
    """uint8 (H, W) grayscale or (H, W, 3) RGB, 8 bits, no filter."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = pixels.shape[:2]
    colour = 2 if pixels.ndim == 3 else 0
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
                     + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def read_png(path):
    """Only what write_png writes in grayscale."""
    data, at, packed = path.read_bytes(), 8, b""
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height = struct.unpack_from(">II", body)
        elif kind == b"IDAT":
            packed += body
        at += size + 12
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, width + 1)
    return rows[:, 1:]


def enlarge(pixels, size):
    """Every pixel becomes a block."""
    at = np.arange(size) * 8 // size
    return pixels[at][:, at]


def write_images(folder, pixels, labels, first_index):
    """Two images a class, the first ones of the held-out part, whatever the network says of them.
    Three of them again, larger, as an operator's files would be: these have to be resized."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    for label in range(10):
        for row in np.flatnonzero(labels == label)[:2]:
            write_png(folder / f"digit-{label}-{first_index + row}.png", pixels[row])
    for label, size, rgb in ((3, 28, False), (7, 32, False), (8, 32, True)):
        row = np.flatnonzero(labels == label)[0]
        big = enlarge(pixels[row], size)
        big = np.repeat(big[:, :, None], 3, axis=2) if rgb else big
        kind = f"{size}x{size}-rgb" if rgb else f"{size}x{size}"
        write_png(folder / f"digit-{label}-{first_index + row}-{kind}.png", big)


def wrong_images(network, folder):
    wrong = []
    for path in sorted(folder.glob("*.png")):
        if "x" not in path.stem:
            said = run(network, to_tensor(read_png(path)[None]))[0].argmax()
            if said != int(path.name.split("-")[1]):
                wrong.append(path.name)
    return wrong


def main():
    rng = np.random.default_rng(SEED)
    (pixels, labels), (test_pixels, test_labels) = load_data()
    network = make_network(rng)
    train(network, rng, pixels, labels)
    right = int((run(network, to_tensor(test_pixels)).argmax(1) == test_labels).sum())
    accuracy = right / len(test_labels)
    print(f"held-out accuracy: {right} of {len(test_labels)} = {accuracy:.4f}")
    images = ASSETS / "digits" / "images"
    export_digits(network, ASSETS / "models" / "digits" / "1" / "model.onnx")
    export_noop(ASSETS / "models" / "noop" / "1" / "model.onnx")
    write_images(images, test_pixels, test_labels, len(pixels))
    wrong = wrong_images(network, images)
    print(f"images it gets wrong: {', '.join(wrong) or 'none'}")
    if accuracy < ACCURACY_MIN or wrong:
        sys.exit("not good enough to ship")


if __name__ == "__main__":
    main()
