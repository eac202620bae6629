/* Convolutions on a CPU whose output is in a blocked layout, and whose input is too or has few
 * channels in PLAIN: see cpu/conv_blocked.cl. */
#include <math.h>
#include <stdio.h>

#include "graph/tensor.h"
#include "kernels/conv_cpu.h"
#include "kernels/window_args.h"

#define FLOATS_A_CYCLE 8 /* read from beyond a core's own cache, while it calculates */
#define PANEL_FLOATS_MAX (INT64_C(128) << 10) /* of local memory: what a core's own cache holds */
#define WORTH_TRYING 1.12                     /* times the lowest cost */
#define PLAIN_BLOCK 4 /* channels that the panel keeps together of an input in PLAIN */
#define OFFERS_MAX 4
#define PIECES_MAX 256 /* of an image, and of the output channels */

/* How a node is cut into register tiles and work-items; all counts are of one image. */
struct tiling {
    int block, in_block; /* channels of a block: of the output, of the input */
    int mr, rows, mt;    /* see cpu/conv_blocked.cl */
    bool panel, flat;
    int64_t tiles;        /* of output channels */
    int64_t tile_blocks;  /* input blocks that one of them adds up, at most */
    double tile_channels; /* input channels that one of them adds up, on average */
    int64_t lines;        /* rows of pixels, or of tiles without a panel */
    int64_t lines_each, lines_min, tiles_each;
    int64_t columns_each; /* pixels of a row; all, unless there is a panel and it isn't flat */
    int64_t panel_blocks; /* input blocks in the panel at once */
    double cost;
};

/* ---- weights ---- */

struct weights_form {
    int64_t groups, rows, channels, taps;
    int64_t in_block, tile, tiles, tile_blocks;
};

/* Weights of one tile and input channel, for all its output channels; zeros for those of a group
 * that doesn't have the input channel. */
static void pack_channel(const struct weights_form *f, const float *from, int64_t tile,
                         int64_t channel, int64_t tap, float *to)
{
    for (int64_t i = 0; i < f->tile; i++) {
        int64_t row = tile * f->tile + i;
        if (row >= f->groups * f->rows)
            return;
        int64_t local = channel - row / f->rows * f->channels;
        if (local >= 0 && local < f->channels)
            to[i] = from[(row * f->channels + local) * f->taps + tap];
    }
}

/* [tile of output channels][block of input channels][tap][input channel][output channel] */
static void pack_weights(const struct cx_value *value, void *data, const void *context)
{
    const struct weights_form *f = context;
    for (int64_t tile = 0; tile < f->tiles; tile++) {
        int64_t begin = tile * f->tile / f->rows * f->channels / f->in_block;
        float *to = (float *)data + tile * f->tile_blocks * f->taps * f->in_block * f->tile;
        for (int64_t block = 0; block < f->tile_blocks; block++)
            for (int64_t tap = 0; tap < f->taps; tap++)
                for (int64_t k = 0; k < f->in_block; k++, to += f->tile)
                    pack_channel(f, value->data, tile, (begin + block) * f->in_block + k, tap, to);
    }
}

/* Input channels from BEGIN's group to LAST's, as blocks. */
static int64_t blocks_between(const struct cx_conv_call *c, int64_t begin, int64_t last,
                              int64_t block)
{
    int64_t first = begin / c->rows * c->channels / block;
    return (last / c->rows * c->channels + c->channels + block - 1) / block - first;
}

static enum cx_status weights_arg(const struct cx_conv_call *c, const struct tiling *t,
                                  struct cx_launch_spec *spec)
{
    struct weights_form form = {c->groups,   c->rows,      c->channels, c->taps,
                                t->in_block, 2 * t->block, t->tiles,    t->tile_blocks};
    uint64_t bytes =
        (uint64_t)(t->tiles * t->tile_blocks * c->taps * t->in_block * form.tile) * sizeof(float);
    char kind[64];
    snprintf(kind, sizeof kind, "conv-blocked-b%d-i%d-g%lld", t->block, t->in_block,
             (long long)c->groups);
    uint32_t handle;
    enum cx_status status =
        cx_prepare_pack(c->p, c->node->inputs[1], kind, bytes, pack_weights, &form, &handle);
    if (status == CX_OK)
        cx_launch_arg(spec, cx_arg_packed(handle));
    return status;
}

/* ---- tilings ---- */

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* Pixels of a register tile of two vectors: what the registers hold beside two vectors of weights
 * and one of input. */
static int tile_pixels(const struct cx_device_info *device)
{
    return device->float_width >= 16 ? 14 : device->float_width >= 8 ? 6 : 3;
}

static int64_t panel_rows(const struct cx_conv_call *c, int64_t lines)
{
    const struct cx_window *w = &c->window;
    return w->kernel[1] == 1 ? lines
                             : (lines - 1) * w->stride[1] + (w->kernel[1] - 1) * w->dilation[1] + 1;
}

/* Of one block of input channels, for LINES rows of COLUMNS pixels. */
static int64_t panel_floats(const struct cx_conv_call *c, int64_t lines, int64_t columns,
                            int64_t in_block)
{
    const struct cx_window *w = &c->window;
    int64_t phases = w->kernel[2] == 1 ? 1 : w->stride[2];
    int64_t row = phases * (columns + (w->kernel[2] - 1) * w->dilation[2] / phases) * in_block;
    return panel_rows(c, lines) * row;
}

static int64_t panel_room(const struct cx_conv_call *c)
{
    int64_t floats = (int64_t)c->device->local_bytes / 4 * 3 / (int64_t)sizeof(float);
    return (floats < PANEL_FLOATS_MAX ? floats : PANEL_FLOATS_MAX) - c->taps;
}

/* Input blocks that a work-item adds up, at least as many as any has: one that took several passes
 * unforeseen would add twice to the pixels that two of its tiles share. Groups may begin inside a
 * block, and work-items inside a group. */
static int64_t item_blocks(const struct cx_conv_call *c, const struct tiling *t)
{
    int64_t all = divide_up(c->groups * c->channels, t->in_block),
            rows = t->tiles_each * 2 * t->block;
    if (rows >= c->groups * c->rows)
        return all;
    bool cuts_groups = rows % c->rows != 0 && c->rows % rows != 0;
    int64_t channels = (divide_up(rows, c->rows) + cuts_groups) * c->channels;
    int64_t blocks = divide_up(channels, t->in_block) + (c->channels % t->in_block != 0);
    return blocks < all ? blocks : all;
}

/* Rows of pixels, or of tiles, of a work-item's panel. */
static int64_t item_lines(const struct tiling *t)
{
    return t->lines_each < t->lines_min ? t->lines_min : t->lines_each;
}

/* Cycles to fill the panel, and to put sums away where it takes several passes; INFINITY where a
 * panel can't be. Sets panel_blocks. */
static double panel_cost(const struct cx_conv_call *c, struct tiling *t, int64_t blocks,
                         double pixels)
{
    int64_t plane = panel_floats(c, item_lines(t), t->columns_each, t->in_block);
    int64_t fit = panel_room(c) / plane;
    t->panel_blocks = fit < blocks ? fit : blocks;
    if (fit < 1)
        return INFINITY;
    int64_t passes = divide_up(blocks, t->panel_blocks);
    /* Later passes add to what lies in the output, so that no pixel may be in two tiles. */
    if (passes > 1 && (t->rows == 2 || c->window.out[2] % t->mr != 0))
        return INFINITY;
    return (double)(blocks * plane) / t->in_block * (t->in_block == PLAIN_BLOCK ? 6.0 : 3.0) +
           (double)((passes - 1) * t->tiles_each) * pixels * 8;
}

/* Cycles of one work-item, when the machine does a vector of FMA a cycle; fills panel_blocks. */
static double item_cost(const struct cx_conv_call *c, struct tiling *t)
{
    int64_t lines = item_lines(t), row = t->panel ? t->columns_each : t->mr;
    int64_t run = t->flat ? lines * row : row;
    run = run < c->pixels ? run : c->pixels;
    int64_t strips = t->flat ? 1 : divide_up(lines, t->rows);
    int64_t left = run % t->mr;
    double pixels = (double)(run / t->mr * t->mr * t->rows);
    if (left > 0)
        pixels += left <= t->mt && t->rows == 1 ? t->mt : t->mr * t->rows;
    pixels *= (double)strips;
    if (t->rows == 2 && lines % 2 == 1)
        pixels -= (double)(divide_up(run, t->mr) * t->mr);
    int64_t blocks = item_blocks(c, t);
    double steps = (double)(t->tile_channels * c->taps);
    double tiles = pixels / (t->mr * t->rows);
    double cost = (double)t->tiles_each * (pixels * 2 * steps + pixels * 6 + tiles * 40);
    double floats = (double)t->tiles_each * t->tile_channels * (double)(c->taps * 2 * t->block) +
                    pixels * (double)(blocks * t->in_block);
    cost += floats / FLOATS_A_CYCLE;
    t->panel_blocks = blocks;
    if (t->panel)
        cost += panel_cost(c, t, blocks, pixels);
    else if (pixels * (double)(blocks * t->in_block) > (double)PANEL_FLOATS_MAX)
        cost *= 1.1;
    return cost + 3000;
}

/* Tries all ways to cut the output channels, with rows and columns as they are in TRIAL. */
static void split_tiles(const struct cx_conv_call *c, int64_t pieces, struct tiling *trial,
                        struct tiling *best)
{
    int64_t units = c->device->compute_units > 0 ? c->device->compute_units : 1;
    for (int64_t parts = 1; parts <= trial->tiles && parts <= PIECES_MAX; parts++) {
        trial->tiles_each = divide_up(trial->tiles, parts);
        if (divide_up(trial->tiles, trial->tiles_each) != parts)
            continue;
        trial->cost = item_cost(c, trial) * (double)divide_up(pieces * parts * c->batch, units);
        if (trial->cost < best->cost)
            *best = *trial;
    }
}

/* Sets lines_each, columns_each and tiles_each to what ends first on all compute units. */
static void split(const struct cx_conv_call *c, struct tiling *ret)
{
    struct tiling t = *ret;
    int64_t width = t.columns_each, enough = 4 * (int64_t)c->device->compute_units;
    ret->cost = INFINITY;
    for (int64_t across = 1; across <= PIECES_MAX; across *= 2) {
        t.columns_each = divide_up(divide_up(width, across), t.mr) * t.mr;
        t.columns_each = across == 1 ? width : t.columns_each;
        int64_t columns = divide_up(width, t.columns_each);
        for (int64_t down = 1; down <= t.lines && down <= PIECES_MAX; down++) {
            t.lines_each = divide_up(divide_up(t.lines, down), t.rows) * t.rows;
            if (divide_up(t.lines, t.lines_each) == down)
                split_tiles(c, columns * down, &t, ret);
        }
        /* Rows are cut only where there are too few of them, or one is too long for a panel. */
        if (!t.panel || t.flat || columns < across ||
            (ret->cost < INFINITY && across * t.lines >= enough))
            break;
    }
}

/* ---- offers ---- */

static const char *const names[2][14] = {
    {"direct-1", "direct-2", "direct-3", "direct-4", "direct-5", "direct-6", "direct-7", "direct-8",
     "direct-9", "direct-10", "direct-11", "direct-12", "direct-13", "direct-14"},
    {"direct-1x2", "direct-2x2", "direct-3x2", "direct-4x2", "direct-5x2", "direct-6x2",
     "direct-7x2"},
};

/* The tiling with register tiles of MR pixels in ROWS rows; false where there is none. */
static bool tile(const struct cx_conv_call *c, int mr, int rows, struct tiling *ret)
{
    const struct cx_window *w = &c->window;
    struct tiling t = {.mr = mr, .rows = rows};
    t.block = (int)cx_layout_block(c->y->layout);
    bool plain = c->x->layout == CX_LAYOUT_PLAIN;
    t.in_block = plain ? PLAIN_BLOCK : t.block;
    t.tiles = divide_up(c->groups * c->rows, 2 * t.block);
    for (int64_t i = 0; i < t.tiles; i++) {
        int64_t begin = i * 2 * t.block, last = begin + 2 * t.block - 1;
        last = last < c->groups * c->rows ? last : c->groups * c->rows - 1;
        int64_t blocks = blocks_between(c, begin, last, t.in_block);
        t.tile_blocks = blocks > t.tile_blocks ? blocks : t.tile_blocks;
        t.tile_channels += (double)((last / c->rows - begin / c->rows + 1) * c->channels);
    }
    t.tile_channels /= (double)t.tiles;
    t.panel = c->taps > 1 || plain;
    for (int i = 0; i < CX_SPATIAL_MAX; i++)
        t.panel = t.panel || w->stride[i] != 1 || w->pad_begin[i] != 0 || w->pad_end[i] != 0;
    t.flat =
        rows == 1 && (!t.panel || (w->kernel[2] == 1 && (w->kernel[1] == 1 || w->stride[1] == 1)));
    int64_t run = t.flat ? c->pixels : w->out[2];
    if (run < mr || (rows == 2 && (run != mr || w->out[1] < 2)))
        return false;
    /* With the narrower tile programs serve more shapes; more of them would be built for less. */
    t.mt = rows == 2 ? mr : !t.panel && mr % 2 == 0 ? mr / 2 : 0;
    t.lines = t.panel ? w->out[1] : divide_up(c->pixels, mr);
    t.lines_min = t.panel && t.flat ? divide_up(mr, w->out[2]) : rows;
    t.columns_each = w->out[2];
    split(c, &t);
    *ret = t;
    return t.cost < INFINITY;
}

bool cx_conv_blocked_fits(const struct cx_conv_call *c)
{
    const struct cx_window *w = &c->window;
    return c->y->dtype == CX_DTYPE_FLOAT && c->w->data != NULL &&
           (c->bias == NULL || c->bias->data != NULL) && w->in[0] == 1 && w->out[0] == 1 &&
           w->kernel[0] == 1 && w->pad_begin[0] == 0 && w->pad_end[0] == 0 && c->batch > 0 &&
           c->taps * c->channels > 0 && c->pixels > 0 &&
           panel_floats(c, 1, 1, 16) <= panel_room(c) && w->in[1] * w->in[2] <= INT32_MAX / 16 &&
           c->pixels <= INT32_MAX / 16;
}

static enum cx_status prepare(const struct cx_conv_call *c, uint32_t variant)
{
    struct tiling t;
    if (!tile(c, (int)variant % 16, (int)variant / 16, &t))
        return cx_prepare_fail(c->p, CX_INTERNAL, "no such tile");
    struct cx_launch_spec spec = {.file = "cpu/conv_blocked.cl", .kernel = "conv_blocked"};
    const struct cx_epilogue *e = c->epilogue;
    int64_t blocks = divide_up(c->groups * c->rows, t.block);
    cx_launch_option(&spec,
                     "-DWIDTH=%d -DMR=%d -DROWS=%d -DMT=%d -DPANEL=%d -DPLAIN=%d -DIB=%d -DHALF=%d",
                     t.block, t.mr, t.rows, t.mt, t.panel, c->x->layout == CX_LAYOUT_PLAIN,
                     t.in_block, (int)(blocks % 2));
    if (e->act > CX_ACT_CLIP)
        cx_launch_option(&spec, "-DACT=%d", (int)e->act);
    int64_t across = divide_up(c->window.out[2], t.columns_each);
    int64_t pieces = divide_up(t.lines, t.lines_each) * across;
    spec.dim_n = 2;
    spec.global[0] = (size_t)(pieces * c->batch);
    spec.global[1] = (size_t)divide_up(t.tiles, t.tiles_each);
    spec.local[0] = spec.local[1] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(c->p, 0));
    enum cx_status status = weights_arg(c, &t, &spec);
    if (status == CX_OK)
        status = cx_conv_arg_bias_blocks(&spec, c, t.block);
    if (status != CX_OK)
        return status;
    cx_launch_arg(&spec, cx_prepare_residual_arg(c->p));
    cx_launch_arg(&spec, cx_prepare_output_arg(c->p, 0));
    int64_t plane = panel_floats(c, item_lines(&t), t.columns_each, t.in_block);
    cx_launch_arg(&spec,
                  cx_arg_local((uint64_t)(t.panel ? plane * t.panel_blocks : 1) * sizeof(float)));
    cx_launch_arg(&spec, cx_arg_local((uint64_t)c->taps * sizeof(int32_t)));
    cx_window_args(&spec, &c->window, c->channels, c->groups, c->batch);
    const int64_t split[CX_RANK_MAX] = {pieces,       t.lines_each, t.lines_min,    t.tiles,
                                        t.tiles_each, t.flat,       t.panel_blocks, c->rows};
    cx_launch_arg(&spec, cx_arg_i32x8(split));
    cx_launch_arg(&spec, cx_arg_i32(across));
    cx_launch_arg(&spec, cx_arg_i32(t.columns_each));
    cx_launch_arg(&spec, cx_arg_i64(t.tile_blocks * c->taps * t.in_block * 2 * t.block));
    cx_conv_arg_bounds(&spec, c);
    cx_launch_arg(&spec, cx_arg_f32(e->alpha));
    cx_launch_arg(&spec, cx_arg_f32(e->beta));
    spec.flops = cx_conv_flops(c);
    return cx_prepare_launch(c->p, &spec);
}

/* Keeps the ROOM cheapest, in their order; returns how many there are. */
static uint32_t insert(struct cx_conv_offer offer, struct cx_conv_offer *offers, uint32_t n,
                       uint32_t room)
{
    uint32_t at = n;
    while (at > 0 && offers[at - 1].cost > offer.cost)
        at--;
    if (at == room)
        return n;
    n = n < room ? n + 1 : n;
    for (uint32_t i = n - 1; i > at; i--)
        offers[i] = offers[i - 1];
    offers[at] = offer;
    return n;
}

uint32_t cx_conv_offer_blocked(const struct cx_conv_call *c, struct cx_conv_offer *offers,
                               uint32_t room)
{
    bool plain = c->x->layout == CX_LAYOUT_PLAIN;
    if (c->y->layout == CX_LAYOUT_PLAIN || !cx_conv_blocked_fits(c) || (plain && c->groups > 1))
        return 0;
    int most = tile_pixels(c->device);
    uint32_t n = 0;
    struct tiling t;
    for (int rows = 1; rows <= 2; rows++)
        for (int mr = most / rows; mr > 0; mr--) {
            if (n > 0 && 2 * rows * mr < most)
                break;
            if (!tile(c, mr, rows, &t))
                continue;
            /* A shape of its own is a program of its own, built in a second. */
            if (rows == 1 && mr != most)
                t.cost *= 1.03;
            n = insert((struct cx_conv_offer){names[rows - 1][mr - 1], t.cost, prepare,
                                              (uint32_t)(rows * 16 + mr)},
                       offers, n, room < OFFERS_MAX ? room : OFFERS_MAX);
        }
    while (n > 0 && offers[n - 1].cost > offers[0].cost * WORTH_TRYING)
        n--;
    return n;
}
