#include "tests/bench/launch_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const char *kernel;
    uint32_t launches;
    double us, flops;
};

static int longer(const void *a, const void *b)
{
    double x = ((const struct row *)a)->us, y = ((const struct row *)b)->us;
    return x > y ? -1 : x < y;
}

/* Returns how many kernels there are. */
static size_t add_up(const struct cx_launch_time *times, size_t n, struct row *rows,
                     double *ret_total_us)
{
    size_t row_n = 0;
    double total_us = 0;
    for (size_t i = 0; i < n; i++) {
        size_t r = 0;
        while (r < row_n && strcmp(rows[r].kernel, times[i].kernel) != 0)
            r++;
        row_n += r == row_n;
        rows[r].kernel = times[i].kernel;
        rows[r].launches++;
        rows[r].us += (double)times[i].duration_ns * 1e-3;
        rows[r].flops += times[i].flops;
        total_us += (double)times[i].duration_ns * 1e-3;
    }
    *ret_total_us = total_us;
    return row_n;
}

enum cx_status launch_table_print(struct cx_plan *plan, struct cx_error *err)
{
    const struct cx_launch_time *times;
    size_t n = cx_plan_launch_count(plan);
    enum cx_status status = cx_plan_profile(plan, &times, err);
    if (status != CX_OK)
        return status;
    for (size_t i = 0; i < n; i++)
        printf("# %-32.32s %-14s %-16s %9.1f us %7.1f GFLOP/s\n", times[i].node, times[i].kernel,
               times[i].candidate != NULL ? times[i].candidate : "-",
               (double)times[i].duration_ns * 1e-3,
               times[i].flops / (double)(times[i].duration_ns + 1));
    struct row *rows = calloc(n + 1, sizeof *rows);
    if (rows == NULL)
        return CX_MEMORY;
    double total_us;
    size_t row_n = add_up(times, n, rows, &total_us);
    qsort(rows, row_n, sizeof *rows, longer);
    for (size_t r = 0; r < row_n; r++)
        printf("# kernel %-23.23s %4u launches %9.1f us %5.1f%% %7.1f GFLOP/s\n", rows[r].kernel,
               rows[r].launches, rows[r].us, 100.0 * rows[r].us / total_us,
               rows[r].flops / (rows[r].us * 1e3 + 1));
    free(rows);
    return CX_OK;
}
