#include "kernels/split.h"

#define ITEMS_PER_UNIT 4

int cx_split_width(const struct cx_device_info *device)
{
    return device->float_width >= 16 ? 16 : device->float_width >= 8 ? 8 : 4;
}

int cx_split_tile_rows(const struct cx_device_info *device)
{
    /* 16 registers hold 6 rows of two vectors, one of B and one of A; AVX-512 has 32, but 8 rows
     * already hide the FMA's latency and divide usual channel counts. */
    return cx_split_width(device) == 16 ? 8 : 6;
}

int64_t cx_split_each(int64_t units, int64_t times, const struct cx_device_info *device,
                      int64_t least)
{
    int64_t wanted = (int64_t)device->compute_units * ITEMS_PER_UNIT;
    int64_t items = times >= wanted ? 1 : (wanted + times - 1) / (times > 0 ? times : 1);
    int64_t each = (units + items - 1) / (items > 0 ? items : 1);
    each = each < least ? least : each;
    each = each > units ? units : each;
    return each < 1 ? 1 : each;
}
