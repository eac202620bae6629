/* How many rows the batches of one model have on one device, chosen by what its runs took. Pure: no
 * clock, no memory of its own; the same calls give the same answers. Not for several threads.
 *
 * Only a few sizes are used: the powers of two below `rows_max`, and `rows_max`. A run of fewer
 * rows is padded to its size, so that its time is the size's and the device needs one plan for
 * each. The choice begins at 1 and goes up while a larger size, run by turns with the chosen one,
 * has at least AGENT_BATCH_GAIN_PERCENT more rows a second. When nothing near is better it rests,
 * and looks at its neighbours again every AGENT_BATCH_CHECK_US. */
#ifndef BATCH_CHOICE_H
#define BATCH_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    AGENT_BATCH_SIZES_MAX = 14, /* 1 to 4096, and a limit between two of them */
    AGENT_BATCH_RUNS = 5,       /* of a size are kept; the second fastest is its time */
    AGENT_BATCH_GAIN_PERCENT = 5,
    AGENT_BATCH_CHECK_US = 60000000,
    AGENT_BATCH_REFUSED_US = 300000000, /* for which a size that took too much is left alone */
};

struct batch_times {
    uint32_t us[AGENT_BATCH_RUNS]; /* a ring */
    uint8_t count, at;
};

/* Begins as zeros. The numbers of sizes are 0 for 1 row, 1 for 2, and so on. */
struct batch_choice {
    uint32_t rows_max; /* that the numbers of sizes are of; 0: nothing ran yet */
    uint8_t chosen;
    uint8_t step;                    /* of the present look at the neighbours */
    uint8_t trial;                   /* the size that these two count for */
    uint8_t trial_runs, chosen_runs; /* by turns, the trial first */
    uint8_t refused;                 /* no trial of it or a larger one before refused_until_us; 0 */
    uint64_t refused_until_us;
    uint64_t due_us; /* no trial before */
    uint16_t
        planned; /* a bit a size: a plan was made, so that a trial of it takes no more memory */
    uint32_t plan_rows;
    uint64_t plan_bytes; /* device memory that the last plan, of so many rows, took */
    struct batch_times times[AGENT_BATCH_SIZES_MAX];
};

struct batch_bounds {
    uint32_t rows_max;   /* 1 to 4096 */
    uint64_t run_us_max; /* a size that takes longer is not used where a smaller one will do */
    uint64_t bytes_free; /* of the device's memory, for the plans of new sizes */
};

/* The smallest size that holds so many rows; 0 where none does. */
uint32_t agent_batch_size_of(uint32_t rows_max, uint32_t rows);

/* The next smaller size; 0 below 1. */
uint32_t agent_batch_size_below(uint32_t rows_max, uint32_t size);

/* The size of the next run when so many rows (at least 1) wait. Never more rows than wait but for
 * padding, and a size that was not measured yet only where its rows are there. */
uint32_t agent_batch_pick(const struct batch_choice *choice, const struct batch_bounds *bounds,
                          uint32_t rows, uint64_t now_us);

/* What a run of that size takes; UINT64_MAX where none was measured. */
uint64_t agent_batch_time_us(const struct batch_choice *choice, const struct batch_bounds *bounds,
                             uint32_t size);

/* A run of that size has taken so long. Runs that made their plan first are not for here. */
void agent_batch_ran(struct batch_choice *choice, const struct batch_bounds *bounds, uint32_t size,
                     uint64_t run_us, uint64_t now_us);

/* The plan of that size was made and took so much memory. */
void agent_batch_planned(struct batch_choice *choice, const struct batch_bounds *bounds,
                         uint32_t size, uint64_t bytes);

/* A run of that size came to nothing, because of its size as far as one can tell. */
void agent_batch_failed(struct batch_choice *choice, const struct batch_bounds *bounds,
                        uint32_t size, uint64_t now_us);

/* False while nothing was measured. Else the chosen size, and the rows a second that runs of it
 * have when they are full. */
bool agent_batch_chosen(const struct batch_choice *choice, uint32_t *ret_size,
                        double *ret_rows_per_s);

#endif
