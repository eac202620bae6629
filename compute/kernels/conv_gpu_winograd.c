/* Convolution on a GPU by Winograd's minimal filtering: see gpu/winograd.cl. */
#include <stdio.h>
#include <string.h>

#include "kernels/conv_gpu.h"
#include "ops/number.h"

#define GROUP 64
#define SIDE_MAX 6 /* of a patch: 4 outputs */
/* Transforms are shared by few products with fewer. */
#define CHANNELS_MIN 8

struct winograd {
    const struct cx_conv_gpu *c;
    int m, side; /* outputs and inputs a side of a tile */
    int64_t tile_rows, tile_columns, tiles;
};

static struct winograd describe(const struct cx_conv_gpu *c, int m)
{
    struct winograd w = {.c = c, .m = m, .side = m + 2};
    w.tile_rows = (c->window.out[1] + m - 1) / m;
    w.tile_columns = (c->window.out[2] + m - 1) / m;
    w.tiles = c->images * w.tile_rows * w.tile_columns;
    return w;
}

bool cx_conv_winograd_can(const struct cx_conv_gpu *c)
{
    const struct cx_window *w = &c->window;
    bool flat = w->in[0] == 1 && w->kernel[0] == 1 && w->out[0] == 1;
    return flat && w->kernel[1] == 3 && w->kernel[2] == 3 && w->stride[1] == 1 &&
           w->stride[2] == 1 && w->dilation[1] == 1 && w->dilation[2] == 1 && c->groups == 1 &&
           c->channels >= CHANNELS_MIN && c->columns > 0 && cx_prepare_input(c->p, 1)->data != NULL;
}

static struct cx_gpu_product products(const struct winograd *w)
{
    return (struct cx_gpu_product){.rows = w->c->rows,
                                   .columns = w->tiles,
                                   .inner = w->c->channels,
                                   .batch = (int64_t)w->side * w->side,
                                   .splits = 1};
}

double cx_conv_winograd_us(const struct cx_conv_gpu *c, int m)
{
    struct winograd w = describe(c, m);
    struct cx_gpu_product product = products(&w);
    /* Patches and products are written once and read once. */
    double places = (double)(w.tiles * w.side * w.side);
    double bytes = 8.0 * places * (double)(c->channels + c->rows);
    return cx_gpu_tile_us(cx_gpu_tile_best(&product, c->device), &product, c->device) +
           cx_gpu_move_us(bytes, c->device) + 2 * CX_GPU_LAUNCH_US;
}

/* ---- weights: [side*side][channel, padded to slices][row, padded to 4] ---- */

static const double transform2[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
static const double transform4[6][3] = {{1.0 / 4, 0, 0},
                                        {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                        {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                        {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                        {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                        {0, 0, 1}};

static int64_t round_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b * b;
}

static void transform(const double (*g)[3], int side, const double taps[9],
                      double ret_places[SIDE_MAX * SIDE_MAX])
{
    double half_done[SIDE_MAX][3];
    for (int i = 0; i < side; i++)
        for (int j = 0; j < 3; j++)
            half_done[i][j] = g[i][0] * taps[j] + g[i][1] * taps[3 + j] + g[i][2] * taps[6 + j];
    for (int i = 0; i < side; i++)
        for (int j = 0; j < side; j++)
            ret_places[i * side + j] =
                half_done[i][0] * g[j][0] + half_done[i][1] * g[j][1] + half_done[i][2] * g[j][2];
}

static void pack(const struct cx_value *value, void *data, const void *context)
{
    const struct winograd *w = context;
    int64_t channels = w->c->channels, rows = w->c->rows;
    size_t rows4 = (size_t)round_up(rows, 4);
    size_t step = (size_t)round_up(channels, CX_GPU_SLICE) * rows4;
    struct cx_tensor weights = {.dtype = value->dtype, .shape = value->shape};
    double taps[9], places[SIDE_MAX * SIDE_MAX];
    float *to = data;

    memcpy(&weights.data, &value->data, sizeof value->data);
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t channel = 0; channel < channels; channel++) {
            for (int k = 0; k < 9; k++)
                taps[k] = cx_get_f64(&weights, (row * channels + channel) * 9 + k);
            transform(w->m == 2 ? transform2 : transform4, w->side, taps, places);
            size_t at = (size_t)channel * rows4 + (size_t)row;
            for (size_t k = 0; k < (size_t)(w->side * w->side); k++)
                to[k * step + at] = (float)places[k];
        }
    }
}

/* ---- launches ---- */

static enum cx_status prepare_in(const struct winograd *w, struct cx_arg patches)
{
    const struct cx_conv_gpu *c = w->c;
    struct cx_launch_spec spec = {.file = "gpu/winograd.cl", .kernel = "winograd_in", .dim_n = 2};
    cx_launch_option_dtype(&spec, c->p, c->dtype);
    cx_launch_option(&spec, "-DOUT=%d", w->m);
    spec.global[0] = (size_t)w->tiles;
    spec.global[1] = (size_t)c->channels;
    spec.local[0] = GROUP;
    spec.local[1] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(c->p, 0));
    cx_launch_arg(&spec, patches);
    cx_launch_arg(&spec, cx_arg_i32(c->window.in[1]));
    cx_launch_arg(&spec, cx_arg_i32(c->window.in[2]));
    cx_launch_arg(&spec, cx_arg_i32(c->window.pad_begin[1]));
    cx_launch_arg(&spec, cx_arg_i32(c->window.pad_begin[2]));
    cx_launch_arg(&spec, cx_arg_i32(c->channels));
    cx_launch_arg(&spec, cx_arg_i32(w->tile_rows));
    cx_launch_arg(&spec, cx_arg_i32(w->tile_columns));
    cx_launch_arg(&spec, cx_arg_i32(w->tiles));
    return cx_prepare_launch(c->p, &spec);
}

/* One product a place in the patch: a 1x1 convolution of side*side groups over one image that is
 * `tiles` wide. */
static enum cx_status prepare_products(const struct winograd *w, struct cx_arg patches,
                                       struct cx_arg weights, struct cx_arg out)
{
    const struct cx_conv_gpu *c = w->c;
    struct cx_gpu_product product = products(w);
    const struct cx_gpu_tile *tile = cx_gpu_tile_best(&product, c->device);
    struct cx_launch_spec spec = {.file = "gpu/conv.cl", .kernel = "conv_tiles", .dim_n = 3};
    int64_t rows = cx_gpu_tile_rows(tile), columns = cx_gpu_tile_columns(tile);
    int64_t padded = round_up(c->channels, CX_GPU_SLICE);
    const int64_t in_out[CX_RANK_MAX] = {1, 1, w->tiles, 1, 1, w->tiles, c->channels, padded};
    const int64_t step[CX_RANK_MAX] = {1, 1, 1, 1, 1, 1, c->rows, w->tiles};
    const int64_t window[CX_RANK_MAX] = {1, 1, 1, 0, 0, 0, 1, CX_ACT_NONE};
    struct cx_arg none = cx_arg_value(CX_VALUE_NONE);
    cx_gpu_tile_options(&spec, c->p, tile, CX_DTYPE_FLOAT);
    spec.global[0] = (size_t)((c->rows + rows - 1) / rows) * spec.local[0];
    spec.global[1] = (size_t)((w->tiles + columns - 1) / columns);
    spec.global[2] = (size_t)(w->side * w->side);
    cx_launch_arg(&spec, patches);
    cx_launch_arg(&spec, weights);
    cx_launch_arg(&spec, none);
    cx_launch_arg(&spec, none);
    cx_launch_arg(&spec, out);
    cx_launch_arg(&spec, none);
    cx_launch_arg(&spec, none);
    cx_launch_arg(&spec, cx_arg_i32x8(in_out));
    cx_launch_arg(&spec, cx_arg_i32x8(step));
    cx_launch_arg(&spec, cx_arg_i32x8(window));
    cx_launch_arg(&spec, cx_arg_i32(padded / CX_GPU_SLICE));
    cx_launch_arg(&spec, cx_arg_f32(0.0f));
    cx_launch_arg(&spec, cx_arg_f32(0.0f));
    /* Those of the convolution as it is defined, so that rates compare with the other ways'. */
    spec.flops = cx_conv_gpu_flops(c);
    return cx_prepare_launch(c->p, &spec);
}

static enum cx_status prepare_out(const struct winograd *w, struct cx_arg out)
{
    const struct cx_conv_gpu *c = w->c;
    struct cx_launch_spec spec = {.file = "gpu/winograd.cl", .kernel = "winograd_out", .dim_n = 2};
    cx_launch_option_dtype(&spec, c->p, c->dtype);
    cx_launch_option(&spec, "-DOUT=%d", w->m);
    spec.global[0] = (size_t)w->tiles;
    spec.global[1] = (size_t)c->rows;
    spec.local[0] = GROUP;
    spec.local[1] = 1;
    cx_launch_arg(&spec, out);
    cx_launch_arg(&spec, cx_prepare_input_arg(c->p, 2));
    cx_launch_arg(&spec, cx_prepare_residual_arg(c->p));
    cx_launch_arg(&spec, cx_prepare_output_arg(c->p, 0));
    cx_launch_arg(&spec, cx_arg_i32(c->window.out[1]));
    cx_launch_arg(&spec, cx_arg_i32(c->window.out[2]));
    cx_launch_arg(&spec, cx_arg_i32(c->rows));
    cx_launch_arg(&spec, cx_arg_i32(w->tile_rows));
    cx_launch_arg(&spec, cx_arg_i32(w->tile_columns));
    cx_launch_arg(&spec, cx_arg_i32(w->tiles));
    cx_launch_arg(&spec, cx_arg_i32((int)cx_prepare_node(c->p)->epilogue.act));
    cx_conv_gpu_epilogue(&spec, c);
    return cx_prepare_launch(c->p, &spec);
}

enum cx_status cx_conv_winograd_prepare(const struct cx_conv_gpu *c, int m)
{
    struct winograd w = describe(c, m);
    uint64_t places = (uint64_t)(w.side * w.side);
    uint64_t weights_count =
        places * (uint64_t)round_up(c->channels, CX_GPU_SLICE) * (uint64_t)round_up(c->rows, 4);
    uint32_t patches = 0, out = 0, weights = 0;
    char kind[32];
    snprintf(kind, sizeof kind, "conv-gpu-winograd-f%d", m);
    enum cx_status status = cx_prepare_pack(c->p, cx_prepare_node(c->p)->inputs[1], kind,
                                            weights_count * sizeof(float), pack, &w, &weights);
    uint64_t plane_bytes = places * (uint64_t)w.tiles * sizeof(float);
    if (status == CX_OK)
        status = cx_prepare_scratch(c->p, plane_bytes * (uint64_t)c->channels, &patches);
    if (status == CX_OK)
        status = cx_prepare_scratch(c->p, plane_bytes * (uint64_t)c->rows, &out);
    if (status == CX_OK)
        status = prepare_in(&w, cx_arg_scratch(patches));
    if (status == CX_OK)
        status = prepare_products(&w, cx_arg_scratch(patches), cx_arg_packed(weights),
                                  cx_arg_scratch(out));
    return status == CX_OK ? prepare_out(&w, cx_arg_scratch(out)) : status;
}
