/* Convolutions of 3x3 and stride 1 on a CPU by minimal filtering, with values in a blocked layout:
 * A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2015. F(m x m, 3 x 3)
 * makes m x m outputs of (m + 2)^2 products where the direct way takes 9 m^2.
 *
 * The points of F(4x4) are 0, infinity, +-2/3 and +-3/2. They were chosen by measuring as
 * B. Barabasz et al., "Error Analysis and Improving the Accuracy of Winograd Convolution for Deep
 * Neural Networks", 2018, suggest: with 512 channels of random numbers the largest error is 3e-6 of
 * the largest output; with the usual +-1 and +-2 it is 1.6e-5. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/conv_cpu.h"
#include "kernels/split.h"

#define SPAN_MAX 6           /* inputs of a tile along an axis */
#define BLOCK_MAX 16         /* channels of a block */
#define STRIP_MAX 64         /* tiles of a strip: longer ones gain nothing */
#define OWN_BYTES_MAX 655360 /* of a strip, so that it stays in a core's own cache */

/* How one node is done. */
struct form {
    int tile;            /* outputs of a tile along an axis: 2 or 4 */
    bool own;            /* work-items transform their input themselves */
    int block, rows_max; /* channels of a block; tiles of the largest register tile */
    int64_t positions;   /* products of a tile and a pair of channels */
    int64_t in_blocks, out_blocks, pairs; /* of a group */
    int64_t tiles_x, tiles_y, tiles;
    int64_t strip, strips; /* tiles of a strip, even */
    double cost;           /* see struct cx_conv_offer */
};

static bool fits(const struct cx_conv_call *c)
{
    const struct cx_window *w = &c->window;
    int64_t block = cx_layout_block(c->x->layout);
    if (block == 1 || c->y->layout != c->x->layout || !cx_conv_blocked_fits(c))
        return false;
    for (int i = 0; i < CX_SPATIAL_MAX; i++)
        if (w->kernel[i] != (i == 0 ? 1 : 3) || w->stride[i] != 1 || w->dilation[i] != 1)
            return false;
    if (c->groups > 1 && (c->channels % block != 0 || c->rows % block != 0))
        return false;
    /* Below a block most of the work is for padding. */
    return c->channels >= block;
}

/* ---- estimates ---- */

/* Cycles of a core that does a fused multiply-add of a vector a cycle, as offers count; measured on
 * Zen 4 with blocks of 16. */
struct costs {
    double in, out; /* a tile of one block */
};
static const struct costs costs_of[] = {{110, 105}, {450, 340}}; /* F(2x2), F(4x4) */

#define LAUNCH_CYCLES 60000 /* with the wait for its last work-item */
#define CORE_CACHE_BYTES 524288.0
/* What memory is worth: for less than a tenth of the time a form doesn't take twice of it. */
#define KEPT_CYCLES_PER_BYTE 0.06
#define UNHIDDEN 0.35              /* of the shorter one of work and waiting for memory */
#define FAR_BYTES_PER_CYCLE 12.0   /* to a core from the cache that cores share */
#define MEMORY_BYTES_PER_CYCLE 4.0 /* to a core from memory … */
#define MEMORY_BYTES_MAX 16.0      /* … and to all together */

/* Cycles of one step of k for the tiles of a strip and a pair of output blocks. */
static double step_cycles(const struct form *f, double weights_bytes)
{
    double parts = (double)((f->strip + f->rows_max - 1) / f->rows_max);
    double cycles = 2 * (double)f->strip + parts;
    double load = 2.0 * f->block * sizeof(float) / FAR_BYTES_PER_CYCLE;
    return weights_bytes > CORE_CACHE_BYTES && load > cycles ? load : cycles;
}

static double estimate(const struct cx_conv_call *c, const struct form *f)
{
    const struct cx_device_info *device = c->device;
    const struct costs *costs = &costs_of[f->tile == 4];
    double cores = device->compute_units > 0 ? device->compute_units : 1;
    double vector = f->block * sizeof(float), positions = (double)f->positions;
    double weights = positions * (double)(f->pairs * f->in_blocks * f->block) * 2 * vector;
    double multiply = positions * (double)(f->in_blocks * f->block) * step_cycles(f, weights);
    double out = (double)f->strip * 2 * costs->out;
    double items = (double)(f->strips * c->groups), item, before = 0;
    if (f->own) {
        item = (double)(f->strip * f->in_blocks) * costs->in + (double)f->pairs * (multiply + out);
    } else {
        double v = positions * (double)(f->tiles * f->in_blocks * c->groups) * vector;
        double speed = 32; /* bytes a cycle, there and back */
        if (v > cores * CORE_CACHE_BYTES)
            speed =
                v < (double)device->cache_bytes / 4 ? FAR_BYTES_PER_CYCLE : MEMORY_BYTES_PER_CYCLE;
        before =
            ((double)(f->tiles * f->in_blocks * c->groups) * costs->in + 2 * v / speed) / cores;
        before += LAUNCH_CYCLES;
        items *= (double)f->pairs;
        item = multiply + out;
    }
    double rounds = ceil(items / cores), cycles = before + rounds * item;
    double memory = cores * MEMORY_BYTES_PER_CYCLE;
    memory = weights * (double)c->groups / (memory < MEMORY_BYTES_MAX ? memory : MEMORY_BYTES_MAX);
    /* Strips come back to weights that the cache has lost. */
    if (f->own && weights > (double)device->cache_bytes / 2)
        memory *= rounds;
    double kept = weights * (double)c->groups *
                  (1 - 9 / positions); /* beyond what the filters themselves would take */
    return (cycles > memory ? cycles + UNHIDDEN * memory : memory + UNHIDDEN * cycles) +
           KEPT_CYCLES_PER_BYTE * kept;
}

/* Floats from one position of V to the next: a little more than there are, for powers of two would
 * all fall on the same lines of a cache. */
static int64_t v_step(const struct form *f)
{
    return (f->in_blocks * f->strip + 1) * f->block;
}

static uint64_t v_bytes(const struct form *f)
{
    return (uint64_t)(f->positions * v_step(f)) * sizeof(float);
}

static uint64_t m_bytes(const struct form *f)
{
    return (uint64_t)(f->strip * (f->positions * 2 + 1) * f->block) * sizeof(float);
}

/* Chooses the strips of a form. False when it can't be done on the device. */
static bool form_init(struct form *f, const struct cx_conv_call *c, int tile, bool own)
{
    const struct cx_device_info *device = c->device;
    int block = (int)cx_layout_block(c->x->layout), width = cx_split_width(device);
    struct form form = {.tile = tile, .own = own, .block = block};
    /* 32 registers hold 14 rows of two vectors, one of weights and one more; 16 hold 6, or 2 where
     * a block takes two of them. */
    form.rows_max = block > width ? 2 : block == 16 ? 14 : 6;
    form.positions = (int64_t)(tile + 2) * (tile + 2);
    form.in_blocks = (c->channels + block - 1) / block;
    form.out_blocks = (c->rows + block - 1) / block;
    form.pairs = (form.out_blocks + 1) / 2;
    form.tiles_x = (c->window.out[2] + tile - 1) / tile;
    form.tiles_y = (c->window.out[1] + tile - 1) / tile;
    form.tiles = form.tiles_x * form.tiles_y * c->batch;
    uint64_t limit = device->local_bytes;
    if (own && limit > OWN_BYTES_MAX)
        limit = OWN_BYTES_MAX;
    bool found = false;
    for (form.strip = 2; form.strip <= STRIP_MAX && form.strip < form.tiles + 2; form.strip += 2) {
        form.strips = (form.tiles + form.strip - 1) / form.strip;
        uint64_t local = m_bytes(&form) + (own ? v_bytes(&form) : 0) + 2 * device->base_align_bytes;
        if (local > limit || (uint64_t)form.positions * v_step(&form) > INT32_MAX ||
            form.tiles > INT32_MAX - STRIP_MAX)
            break;
        form.cost = estimate(c, &form);
        if (!found || form.cost < f->cost)
            *f = form;
        found = true;
    }
    return found;
}

/* ---- weights ---- */

struct weights_form {
    int64_t groups, rows, channels;
    struct form form;
};

/* G of an axis: (tile + 2, 3). */
static void weights_matrix(int tile, double g[SPAN_MAX][3])
{
    double points[] = {2.0 / 3.0, -2.0 / 3.0, 1.5, -1.5};
    int n = tile == 4 ? 4 : 2;
    if (tile == 2) {
        points[0] = 1;
        points[1] = -1;
    }
    for (int i = 0; i < n; i++) {
        double x = points[i], scale = 1 / (2 * x * x);
        if (tile == 4)
            scale /= x * x - 1 / (x * x); /* the other pair of points is 1 / x */
        g[i + 1][0] = scale;
        g[i + 1][1] = scale * x;
        g[i + 1][2] = scale * x * x;
    }
    g[0][0] = g[n + 1][2] = 1;
    g[0][1] = g[0][2] = g[n + 1][0] = g[n + 1][1] = 0;
}

/* The filters of one input channel and one pair of blocks: to[position * step + row]. */
static void transform_filters(const float *from, int64_t row_step, int64_t rows, int span,
                              double g[SPAN_MAX][3], float *to, int64_t step)
{
    double taps[9][2 * BLOCK_MAX], columns[SPAN_MAX][3][2 * BLOCK_MAX];
    for (int64_t row = 0; row < rows; row++)
        for (int tap = 0; tap < 9; tap++)
            taps[tap][row] = (double)from[row * row_step + tap];
    for (int i = 0; i < span; i++)
        for (int x = 0; x < 3; x++)
            for (int64_t row = 0; row < rows; row++)
                columns[i][x][row] = g[i][0] * taps[x][row] + g[i][1] * taps[3 + x][row] +
                                     g[i][2] * taps[6 + x][row];
    for (int i = 0; i < span; i++)
        for (int j = 0; j < span; j++, to += step)
            for (int64_t row = 0; row < rows; row++)
                to[row] = (float)(g[j][0] * columns[i][0][row] + g[j][1] * columns[i][1][row] +
                                  g[j][2] * columns[i][2][row]);
}

/* [group][pair of blocks][position][k][row of the pair]. */
static void pack_weights(const struct cx_value *value, void *data, const void *context)
{
    const struct weights_form *w = context;
    const struct form *f = &w->form;
    const float *from = value->data;
    float *to = data;
    double g[SPAN_MAX][3];
    weights_matrix(f->tile, g);
    int64_t width = 2 * f->block, step = f->in_blocks * f->block * width;
    for (int64_t group = 0; group < w->groups; group++) {
        for (int64_t pair = 0; pair < f->pairs; pair++, to += f->positions * step) {
            int64_t row = pair * width, rows = w->rows - row < width ? w->rows - row : width;
            const float *filters = from + (group * w->rows + row) * w->channels * 9;
            for (int64_t k = 0; k < w->channels; k++)
                transform_filters(filters + k * 9, w->channels * 9, rows, f->tile + 2, g,
                                  to + k * width, step);
        }
    }
}

static enum cx_status weights_arg(const struct cx_conv_call *c, const struct form *f,
                                  struct cx_launch_spec *spec)
{
    struct weights_form form = {c->groups, c->rows, c->channels, *f};
    char kind[64];
    snprintf(kind, sizeof kind, "winograd-f%d-b%d-g%d", f->tile, f->block, (int)c->groups);
    uint64_t bytes = (uint64_t)(c->groups * f->pairs * f->positions * f->in_blocks) *
                     (uint64_t)(f->block * 2 * f->block) * sizeof(float);
    uint32_t handle;
    enum cx_status status =
        cx_prepare_pack(c->p, c->node->inputs[1], kind, bytes, pack_weights, &form, &handle);
    if (status == CX_OK)
        cx_launch_arg(spec, cx_arg_packed(handle));
    return status;
}

/* ---- launches ---- */

static void spec_init(struct cx_launch_spec *spec, const char *kernel, const struct cx_conv_call *c,
                      const struct form *f)
{
    *spec = (struct cx_launch_spec){.file = "cpu/winograd.cl", .kernel = kernel};
    cx_launch_option(spec, "-DWIDTH=%d -DTILE=%d -DTILES_MAX=%d", f->block, f->tile, f->rows_max);
    if (c->epilogue->act > CX_ACT_CLIP)
        cx_launch_option(spec, "-DACT=%d", (int)c->epilogue->act);
    spec->dim_n = 3;
    spec->local[0] = spec->local[1] = spec->local[2] = 1;
    spec->global[2] = (size_t)c->groups;
}

static void arg_shape(struct cx_launch_spec *spec, const struct cx_conv_call *c,
                      const struct form *f)
{
    const struct cx_window *w = &c->window;
    const int64_t shape0[CX_RANK_MAX] = {w->in[1],     w->in[2],      w->out[1], w->out[2],
                                         f->in_blocks, f->out_blocks, c->groups, f->tiles_x};
    const int64_t shape1[CX_RANK_MAX] = {f->tiles_y, f->tiles,        f->strip,
                                         v_step(f),  w->pad_begin[1], w->pad_begin[2]};
    cx_launch_arg(spec, cx_arg_i32x8(shape0));
    cx_launch_arg(spec, cx_arg_i32x8(shape1));
}

/* V of all strips, by a launch of its own. */
static enum cx_status launch_in(const struct cx_conv_call *c, const struct form *f,
                                struct cx_arg *ret_v)
{
    uint32_t handle;
    enum cx_status status =
        cx_prepare_scratch(c->p, (uint64_t)(c->groups * f->strips) * v_bytes(f), &handle);
    if (status != CX_OK)
        return status;
    struct cx_launch_spec spec;
    spec_init(&spec, "winograd_in", c, f);
    int64_t each = cx_split_each(f->in_blocks, c->groups * f->strips, c->device, 1);
    spec.global[0] = (size_t)f->strips;
    spec.global[1] = (size_t)((f->in_blocks + each - 1) / each);
    *ret_v = cx_arg_scratch(handle);
    cx_launch_arg(&spec, cx_prepare_input_arg(c->p, 0));
    cx_launch_arg(&spec, *ret_v);
    arg_shape(&spec, c, f);
    cx_launch_arg(&spec, cx_arg_i32(each));
    return cx_prepare_launch(c->p, &spec);
}

static enum cx_status launch(const struct cx_conv_call *c, const struct form *f)
{
    struct cx_arg v = cx_arg_value(CX_VALUE_NONE);
    enum cx_status status = f->own ? CX_OK : launch_in(c, f, &v);
    if (status != CX_OK)
        return status;
    struct cx_launch_spec spec;
    spec_init(&spec, "winograd", c, f);
    spec.global[0] = (size_t)f->strips;
    spec.global[1] = (size_t)(f->own ? 1 : f->pairs);
    cx_launch_arg(&spec, cx_prepare_input_arg(c->p, 0));
    status = weights_arg(c, f, &spec);
    if (status == CX_OK)
        status = cx_conv_arg_bias_blocks(&spec, c, f->block);
    if (status != CX_OK)
        return status;
    cx_launch_arg(&spec, cx_prepare_residual_arg(c->p));
    cx_launch_arg(&spec, cx_prepare_output_arg(c->p, 0));
    cx_launch_arg(&spec, v);
    cx_launch_arg(&spec, cx_arg_local(f->own ? v_bytes(f) : sizeof(float)));
    cx_launch_arg(&spec, cx_arg_local(m_bytes(f)));
    arg_shape(&spec, c, f);
    cx_launch_arg(&spec, cx_arg_i32(f->own ? f->pairs : 1));
    cx_conv_arg_bounds(&spec, c);
    cx_launch_arg(&spec, cx_arg_f32(c->epilogue->alpha));
    cx_launch_arg(&spec, cx_arg_f32(c->epilogue->beta));
    spec.flops = cx_conv_flops(c);
    return cx_prepare_launch(c->p, &spec);
}

/* ---- the offers ---- */

static const struct {
    const char *name;
    int tile;
    bool own;
} variants[] = {
    {"winograd-f4-strips", 4, true},
    {"winograd-f4-whole", 4, false},
    {"winograd-f2-strips", 2, true},
    {"winograd-f2-whole", 2, false},
};

static enum cx_status prepare(const struct cx_conv_call *c, uint32_t variant)
{
    struct form form;
    if (!form_init(&form, c, variants[variant].tile, variants[variant].own))
        return cx_prepare_fail(c->p, CX_INTERNAL, "its strips don't fit the device");
    return launch(c, &form);
}

uint32_t cx_conv_offer_winograd(const struct cx_conv_call *c, struct cx_conv_offer *offers,
                                uint32_t room)
{
    uint32_t n = 0;
    if (!fits(c))
        return 0;
    for (uint32_t i = 0; i < sizeof variants / sizeof variants[0] && n < room; i++) {
        struct form form;
        if (form_init(&form, c, variants[i].tile, variants[i].own))
            offers[n++] = (struct cx_conv_offer){variants[i].name, form.cost, prepare, i};
    }
    return n;
}
