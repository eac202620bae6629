#!/usr/bin/env python3
"""What each kind of layer of ResNet-50 should take on a GPU, counted and not measured.

usage: gpu_roofline.py [--batch N] [--half]

For each card two times a layer: the roofline's, from the operations and from the bytes that have to
move at least once (input, weights and residual in, output out); and what our kernel should reach,
from what it counts to on that card: instructions beside the multiply-adds, padding of its tiles,
and compute units that get no tile. Prints a table for docs/performance.md. Nothing here runs a GPU.
"""
import argparse
import math

# Peak in GFLOP/s and GB/s from the data sheets, waves of 64 that give every lane work at once, and
# the share of the peak that can be issued: Kepler's four schedulers reach 128 of 192 lanes unless
# the compiler pairs instructions.
CARDS = {
    "RX 580": {"gflops": 6175, "gbytes": 256, "waves": 36 * 4, "issue": 1.0},
    "K40": {"gflops": 4291, "gbytes": 288, "waves": 15 * 3, "issue": 2 / 3},
    "GTX 780": {"gflops": 3977, "gbytes": 288, "waves": 12 * 3, "issue": 2 / 3},
}
# gpu/tile.cl: rows, columns, waves of 64 items, sums an item each way.
TILES = [(128, 128, 4, 8, 8), (64, 128, 2, 8, 8), (64, 64, 1, 8, 8), (64, 64, 2, 8, 4),
         (32, 64, 1, 4, 8), (32, 32, 1, 4, 4)]
SLICE = 8
MEMORY_SHARE = 0.8  # of the data sheet's bandwidth that reads and writes in order are seen to reach
LAUNCH_US = 5.0


def tile_share(tile, issue):
    """Of an item's instruction slots in a slice, those that multiply and add: a load costs some five
    more (address, comparison, local memory), a step of local memory one for four numbers."""
    rows, columns, waves, mwi, nwi = tile
    multiply = SLICE * mwi * nwi
    loads = SLICE * rows / 4 / (64 * waves) + SLICE * columns / (64 * waves)
    local = SLICE * (mwi + nwi) / 4
    return issue * multiply / (multiply + 5 * loads + local + 10)


def tiles_us(card, rows, columns, inner, batch=1):
    """The best tile's time; few tiles share the inner axis (a second launch)."""
    best = math.inf
    wave_rate = card["gflops"] * 1e3 / card["waves"]  # operations a wave and us
    for tile in TILES:
        groups = math.ceil(rows / tile[0]) * math.ceil(columns / tile[1]) * batch
        operations = 2 * tile[0] * tile[1] * inner / tile_share(tile, card["issue"])
        for splits in (1, 4, 16):
            at_once = card["waves"] / tile[2]
            rounds = max(1.0, groups * splits / at_once)
            us = rounds * operations / splits / (wave_rate * tile[2])
            if splits > 1:
                moved = 4 * rows * columns * batch * (2 * splits + 1)
                us += LAUNCH_US + moved / (card["gbytes"] * 1e3 * MEMORY_SHARE)
            best = min(best, us)
    return best


def winograd_us(card, layer, batch, m):
    rows, channels, out = layer["rows"], layer["channels"], layer["out"]
    tiles = batch * math.ceil(out / m) ** 2
    moved = 8 * (m + 2) ** 2 * tiles * (rows + channels)
    return (tiles_us(card, rows, tiles, channels, (m + 2) ** 2) + 2 * LAUNCH_US +
            moved / (card["gbytes"] * 1e3 * MEMORY_SHARE))


def conv(name, count, rows, channels, kernel, stride, out, residual=False):
    return {"name": name, "count": count, "rows": rows, "channels": channels, "kernel": kernel,
            "stride": stride, "out": out, "residual": residual}


def resnet50():
    layers = [conv("7x7/2, 3 to 64", 1, 64, 3, 7, 2, 112)]
    before = 64
    for width, blocks, out in ((64, 3, 56), (128, 4, 28), (256, 6, 14), (512, 3, 7)):
        stride = 1 if width == 64 else 2
        first = f"at {out}"
        layers += [
            conv(f"1x1, {before} to {width} at {out * stride}", 1, width, before, 1, 1,
                 out * stride),
            conv(f"3x3{'/2' if stride == 2 else ''}, {width} {first}", 1, width, width, 3, stride,
                 out),
            conv(f"1x1{'/2' if stride == 2 else ''}, {before} to {4 * width} {first}", 1, 4 * width,
                 before, 1, stride, out),
            conv(f"1x1, {width} to {4 * width} {first}, sum", blocks, 4 * width, width, 1, 1, out,
                 True),
            conv(f"1x1, {4 * width} to {width} {first}", blocks - 1, width, 4 * width, 1, 1, out),
            conv(f"3x3, {width} {first}", blocks - 1, width, width, 3, 1, out),
        ]
        before = 4 * width
    return layers


def counted(layer, batch, size):
    """Operations, and bytes that have to move."""
    columns = batch * layer["out"] ** 2
    inner = layer["channels"] * layer["kernel"] ** 2
    side = layer["out"] * layer["stride"]
    read = side * side if layer["kernel"] >= layer["stride"] else layer["out"] ** 2
    numbers = (batch * layer["channels"] * read + layer["rows"] * inner +
               layer["rows"] * columns * (2 if layer["residual"] else 1))
    return 2 * layer["rows"] * columns * inner, size * numbers


def kernel_us(card, layer, batch, moved):
    inner = math.ceil(layer["channels"] * layer["kernel"] ** 2 / SLICE) * SLICE
    ways = {"tiles": tiles_us(card, layer["rows"], batch * layer["out"] ** 2, inner)}
    if layer["kernel"] == 3 and layer["stride"] == 1:
        for m in (2, 4):
            ways[f"winograd-f{m}"] = winograd_us(card, layer, batch, m)
    way = min(ways, key=ways.get)
    memory_us = moved / (card["gbytes"] * 1e3 * MEMORY_SHARE)
    return way, max(ways[way], memory_us) + LAUNCH_US


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--batch", type=int, default=1)
    p.add_argument("--half", action="store_true", help="numbers stored in 16 bits")
    args = p.parse_args()
    size = 2 if args.half else 4
    names = list(CARDS)
    print("| layer (how many) | GFLOP | MB | " + " | ".join(
        f"{n}: roofline, ours (us)" for n in names) + " |")
    print("|" + "---|" * (3 + len(names)))
    totals = {n: [0.0, 0.0] for n in names}
    flops_all = 0
    for layer in resnet50():
        flops, moved = counted(layer, args.batch, size)
        flops_all += flops * layer["count"]
        cells = []
        for name in names:
            card = CARDS[name]
            roof = max(flops / card["gflops"] * 1e-3, moved / card["gbytes"] * 1e-3)
            way, ours = kernel_us(card, layer, args.batch, moved)
            totals[name][0] += roof * layer["count"]
            totals[name][1] += ours * layer["count"]
            cells.append(f"{roof:.0f}, {ours:.0f} {way}")
        print(f"| {layer['name']} ({layer['count']}) | {flops * 1e-9:.3f} | {moved * 1e-6:.1f} | " +
              " | ".join(cells) + " |")
    # The pools and the last product move bytes: 1,000 x 2,048 weights, and the stem's output.
    moved = size * (args.batch * (64 * 112 * 112 + 64 * 56 * 56 + 2048 * 49) + 2048 * 1000)
    for name in names:
        us = moved / (CARDS[name]["gbytes"] * 1e3)
        totals[name][0] += us
        totals[name][1] += us / MEMORY_SHARE + 3 * LAUNCH_US
    print(f"| all, with pools and the last product | {flops_all * 1e-9:.2f} | | " + " | ".join(
        f"{roof * 1e-3:.2f} ms, {ours * 1e-3:.2f} ms: {args.batch * 1e6 / ours:.0f} images/s"
        for roof, ours in totals.values()) + " |")


if __name__ == "__main__":
    main()
