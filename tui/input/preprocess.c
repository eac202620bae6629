#include "input/image.h"

#include <math.h>
#include <stdlib.h>

/* The weights with which source samples make one target sample. */
struct tap {
    uint32_t first, n;
    float *weights;
};

static void free_taps(struct tap *taps)
{
    if (taps != NULL)
        free(taps[0].weights);
    free(taps);
}

/* One tap a target sample; all weights in one block owned by the first. */
static struct tap *make_taps(uint32_t source, uint32_t target)
{
    double ratio = (double)source / target;
    double support = ratio > 1 ? ratio : 1;
    uint32_t n_max = (uint32_t)ceil(support) * 2 + 1;
    struct tap *taps = calloc(target, sizeof(*taps));
    float *weights = calloc((size_t)target * n_max, sizeof(*weights));

    if (taps == NULL || weights == NULL) {
        free(taps);
        free(weights);
        return NULL;
    }
    for (uint32_t t = 0; t < target; t++) {
        double centre = (t + 0.5) * ratio;
        double low = centre - support, high = centre + support;
        uint32_t first = low > 0 ? (uint32_t)(low + 0.5) : 0;
        uint32_t end = high + 0.5 < source ? (uint32_t)(high + 0.5) : source;
        double sum = 0;
        taps[t] = (struct tap){first, end - first, weights + (size_t)t * n_max};
        for (uint32_t i = 0; i < taps[t].n; i++) {
            double w = 1 - fabs((first + i + 0.5 - centre) / support);
            taps[t].weights[i] = w > 0 ? (float)w : 0;
            sum += taps[t].weights[i];
        }
        for (uint32_t i = 0; i < taps[t].n; i++)
            taps[t].weights[i] = (float)(taps[t].weights[i] / sum);
    }
    return taps;
}

/* (height, width, channels) bytes -> (height, target, channels) floats */
static void resize_rows(const struct tui_image *image, const struct tap *taps, uint32_t target,
                        float *out)
{
    uint32_t channels = image->channels;
    for (uint32_t y = 0; y < image->height; y++) {
        const uint8_t *row = image->pixels + (size_t)y * image->width * channels;
        for (uint32_t x = 0; x < target; x++)
            for (uint32_t c = 0; c < channels; c++) {
                float sum = 0;
                for (uint32_t i = 0; i < taps[x].n; i++)
                    sum += taps[x].weights[i] * row[(taps[x].first + i) * channels + c];
                *out++ = sum;
            }
    }
}

static float column_sample(const float *rows, size_t row_floats, const struct tap *tap, size_t at)
{
    float sum = 0;
    for (uint32_t i = 0; i < tap->n; i++)
        sum += tap->weights[i] * rows[(tap->first + i) * row_floats + at];
    return sum;
}

bool tui_image_to_tensor(const struct tui_image *image, const struct tui_preprocess *how,
                         float *out)
{
    size_t row_floats = (size_t)how->width * image->channels;
    struct tap *across = make_taps(image->width, how->width);
    struct tap *down = make_taps(image->height, how->height);
    float *rows = malloc(row_floats * image->height * sizeof(*rows));
    bool ok = across != NULL && down != NULL && rows != NULL;

    if (ok)
        resize_rows(image, across, how->width, rows);
    for (uint32_t y = 0; ok && y < how->height; y++)
        for (uint32_t x = 0; x < how->width; x++)
            for (uint32_t c = 0; c < how->channels; c++) {
                size_t pixel = (size_t)y * how->width + x;
                float value =
                    column_sample(rows, row_floats, &down[y], (size_t)x * image->channels + c);
                size_t at = how->nhwc ? pixel * how->channels + c
                                      : (size_t)c * how->width * how->height + pixel;
                out[at] = (value * how->scale - how->mean[c]) / how->std[c];
            }
    free_taps(across);
    free_taps(down);
    free(rows);
    return ok;
}
