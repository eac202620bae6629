/* Convolutions on a CPU whose output is in a blocked layout, and whose input is too or has few
 * channels in PLAIN: see cpu/conv_blocked.cl. */
#include <math.h>
#include <stdio.h>

#include "graph/tensor.h"
#include "kernels/conv_cpu.h"
#include "kernels/window_args.h"

#define PANEL_BYTES_MAX (INT64_C(512) << 10) /* of local memory: what a core's own cache holds */
#define WORTH_TRYING 1.12                    /* times the lowest cost */
#define PIECES_MAX 256                       /* of an image, and of the output channels */

/* How a node is cut into register tiles and work-items; all counts are of one image. */
struct tiling {
    int block, in_block; /* channels of a block: of the output, of the input */
    int mr, rows, mt;    /* see cpu/conv_blocked.cl */
    bool panel, flat;
    int64_t tiles;       /* of output channels */
    int64_t tile_blocks; /* input blocks that one of them adds up, at most */
    int64_t lines;       /* rows of pixels, or of tiles without a panel */
    int64_t lines_each, lines_min, tiles_each;
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

static int64_t panel_row_floats(const struct cx_conv_call *c, const struct tiling *t)
{
    const struct cx_window *w = &c->window;
    int64_t phases = w->kernel[2] == 1 ? 1 : w->stride[2];
    return phases * (w->out[2] + (w->kernel[2] - 1) * w->dilation[2] / phases) * t->in_block;
}

/* Cycles of one work-item, when the machine does a vector of FMA a cycle; fills panel_blocks. */
static double item_cost(const struct cx_conv_call *c, struct tiling *t)
{
    int64_t lines = t->lines_each < t->lines_min ? t->lines_min : t->lines_each;
    int64_t run =
        t->panel ? (t->flat ? lines * c->window.out[2] : c->window.out[2]) : lines * t->mr;
    int64_t strips = t->flat ? 1 : divide_up(lines, t->rows);
    int64_t left = run % t->mr;
    double pixels = (double)(run / t->mr * t->mr * t->rows);
    if (left > 0)
        pixels += left <= t->mt && t->rows == 1 ? t->mt : t->mr * t->rows;
    pixels *= (double)strips;
    if (t->rows == 2 && lines % 2 == 1)
        pixels -= (double)(divide_up(run, t->mr) * t->mr);
    int64_t blocks = blocks_between(c, 0,
                                    t->tiles_each * 2 * t->block - 1 < c->groups * c->rows
                                        ? t->tiles_each * 2 * t->block - 1
                                        : c->groups * c->rows - 1,
                                    t->in_block);
    double steps = (double)(t->tile_blocks * t->in_block * c->taps);
    double tiles = pixels / (t->mr * t->rows);
    double cost = (double)t->tiles_each * (pixels * 2 * steps + pixels * 6 + tiles * 40);
    t->panel_blocks = blocks;
    if (t->panel) {
        int64_t plane = panel_rows(c, lines) * panel_row_floats(c, t);
        int64_t room = (int64_t)c->device->local_bytes / 4 * 3;
        room = room < PANEL_BYTES_MAX ? room : PANEL_BYTES_MAX;
        int64_t fit = room / (plane * (int64_t)sizeof(float));
        if (fit < 1)
            return INFINITY;
        t->panel_blocks = fit < blocks ? fit : blocks;
        int64_t passes = divide_up(blocks, t->panel_blocks);
        cost += (double)(blocks * plane) / t->in_block * (t->in_block == 1 ? 1.0 : 3.0);
        cost += (double)((passes - 1) * t->tiles_each) * pixels * 8;
    } else if (pixels * (double)(blocks * t->in_block) * sizeof(float) > (double)PANEL_BYTES_MAX) {
        cost *= 1.1;
    }
    return cost + 3000;
}

/* Sets lines_each and tiles_each to what ends first on all compute units. */
static void split(const struct cx_conv_call *c, struct tiling *ret)
{
    struct tiling t = *ret;
    int64_t units = c->device->compute_units > 0 ? c->device->compute_units : 1;
    ret->cost = INFINITY;
    for (int64_t pieces = 1; pieces <= t.lines && pieces <= PIECES_MAX; pieces++) {
        t.lines_each = divide_up(t.lines, pieces);
        if (t.rows == 2 && t.lines_each > 1)
            t.lines_each = divide_up(t.lines_each, 2) * 2;
        if (divide_up(t.lines, t.lines_each) != pieces)
            continue;
        for (int64_t parts = 1; parts <= t.tiles && parts <= PIECES_MAX; parts++) {
            t.tiles_each = divide_up(t.tiles, parts);
            if (divide_up(t.tiles, t.tiles_each) != parts)
                continue;
            int64_t items = pieces * parts * c->batch;
            double one = item_cost(c, &t);
            /* Whole rounds of work-items, a little less where the last is handed out in time. */
            t.cost = one * (double)divide_up(items, units);
            if (t.cost < ret->cost)
                *ret = t;
        }
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
    t.in_block = (int)cx_layout_block(c->x->layout);
    t.tiles = divide_up(c->groups * c->rows, 2 * t.block);
    for (int64_t i = 0; i < t.tiles; i++) {
        int64_t begin = i * 2 * t.block, last = begin + 2 * t.block - 1;
        last = last < c->groups * c->rows ? last : c->groups * c->rows - 1;
        int64_t blocks = blocks_between(c, begin, last, t.in_block);
        t.tile_blocks = blocks > t.tile_blocks ? blocks : t.tile_blocks;
    }
    t.panel = c->taps > 1 || t.in_block == 1;
    for (int i = 0; i < CX_SPATIAL_MAX; i++)
        t.panel = t.panel || w->stride[i] != 1 || w->pad_begin[i] != 0 || w->pad_end[i] != 0;
    t.flat = rows == 1 && (!t.panel || w->kernel[2] == 1);
    int64_t run = t.flat ? c->pixels : w->out[2];
    if (run < mr || (rows == 2 && (run != mr || w->out[1] < 2)))
        return false;
    /* With the narrower tile programs serve more shapes; more of them would be built for less. */
    t.mt = rows == 2 ? mr : !t.panel && mr % 2 == 0 ? mr / 2 : 0;
    t.lines = t.panel ? w->out[1] : divide_up(c->pixels, mr);
    t.lines_min = t.panel && t.flat ? divide_up(mr, w->out[2]) : rows;
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
           c->taps * c->channels > 0 && c->pixels > 0;
}

static enum cx_status prepare(const struct cx_conv_call *c, uint32_t variant)
{
    struct tiling t;
    if (!tile(c, (int)variant % 16, (int)variant / 16, &t))
        return cx_prepare_fail(c->p, CX_INTERNAL, "no such tile");
    struct cx_launch_spec spec = {.file = "cpu/conv_blocked.cl", .kernel = "conv_blocked"};
    const struct cx_epilogue *e = c->epilogue;
    int64_t blocks = divide_up(c->groups * c->rows, t.block);
    cx_launch_option(&spec, "-DWIDTH=%d -DMR=%d -DROWS=%d -DMT=%d -DPANEL=%d -DIB=%d -DHALF=%d",
                     t.block, t.mr, t.rows, t.mt, t.panel, t.in_block, (int)(blocks % 2));
    if (e->act > CX_ACT_CLIP)
        cx_launch_option(&spec, "-DACT=%d", (int)e->act);
    int64_t pieces = divide_up(t.lines, t.lines_each);
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
    int64_t lines = t.lines_each < t.lines_min ? t.lines_min : t.lines_each;
    int64_t plane = t.panel ? panel_rows(c, lines) * panel_row_floats(c, &t) : 1;
    cx_launch_arg(&spec,
                  cx_arg_local((uint64_t)(t.panel ? plane * t.panel_blocks : 1) * sizeof(float)));
    cx_launch_arg(&spec, cx_arg_local((uint64_t)c->taps * sizeof(int32_t)));
    cx_window_args(&spec, &c->window, c->channels, c->groups, c->batch);
    const int64_t split[CX_RANK_MAX] = {pieces,       t.lines_each, t.lines_min,    t.tiles,
                                        t.tiles_each, t.flat,       t.panel_blocks, c->rows};
    cx_launch_arg(&spec, cx_arg_i32x8(split));
    cx_launch_arg(&spec, cx_arg_i64(t.tile_blocks * c->taps * t.in_block * 2 * t.block));
    cx_conv_arg_bounds(&spec, c);
    cx_launch_arg(&spec, cx_arg_f32(e->alpha));
    cx_launch_arg(&spec, cx_arg_f32(e->beta));
    spec.flops = cx_conv_flops(c);
    return cx_prepare_launch(c->p, &spec);
}

uint32_t cx_conv_offer_blocked(const struct cx_conv_call *c, struct cx_conv_offer *offers,
                               uint32_t room)
{
    if (c->y->layout == CX_LAYOUT_PLAIN || !cx_conv_blocked_fits(c))
        return 0;
    int most = tile_pixels(c->device);
    uint32_t n = 0;
    double best = INFINITY;
    struct tiling t;
    for (int rows = 1; rows <= 2; rows++)
        for (int mr = most / rows; mr > 0; mr--) {
            if (!tile(c, mr, rows, &t) || n == room)
                continue;
            /* A shape of its own is a program of its own, built in a second. */
            if (rows == 1 && mr != most)
                t.cost *= 1.03;
            offers[n++] = (struct cx_conv_offer){names[rows - 1][mr - 1], t.cost, prepare,
                                                 (uint32_t)(rows * 16 + mr)};
            best = t.cost < best ? t.cost : best;
        }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++)
        if (offers[i].cost < best * WORTH_TRYING)
            offers[kept++] = offers[i];
    return kept;
}
