#include "batch_choice.h"

#include <stdlib.h>
#include <string.h>

/* What a look at the neighbours consists of. Two sizes up, because the gain of one step may be
 * below the margin where that of two is above it. */
enum step { STEP_UP, STEP_TWO_UP, STEP_DOWN, STEPS };

#define NONE UINT32_MAX /* no size */

static uint32_t size_at(uint32_t rows_max, uint32_t number)
{
    uint32_t size = (uint32_t)1 << number;
    return size < rows_max ? size : rows_max;
}

/* The number of the smallest size that holds so many rows, which are not over the limit. */
static uint32_t number_of(uint32_t rows_max, uint32_t rows)
{
    uint32_t number = 0;
    while (number + 1 < AGENT_BATCH_SIZES_MAX && size_at(rows_max, number) < rows)
        number++;
    return number;
}

uint32_t agent_batch_size_of(uint32_t rows_max, uint32_t rows)
{
    return rows == 0 || rows > rows_max ? 0 : size_at(rows_max, number_of(rows_max, rows));
}

uint32_t agent_batch_size_below(uint32_t rows_max, uint32_t size)
{
    uint32_t number = number_of(rows_max, size);
    return number > 0 ? size_at(rows_max, number - 1) : 0;
}

/* The limit may have become lower since the choice was made. */
static uint32_t chosen_of(const struct batch_choice *choice, const struct batch_bounds *bounds)
{
    uint32_t last = number_of(bounds->rows_max, bounds->rows_max);
    return choice->chosen < last ? choice->chosen : last;
}

static int compare_us(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The second fastest of the last five: what else the machine does only ever makes a run longer, and
 * the minimum of all time would never notice that the device has become slower. */
static uint64_t typical_us(const struct batch_times *times)
{
    uint32_t us[AGENT_BATCH_RUNS];
    memcpy(us, times->us, sizeof(us));
    qsort(us, times->count, sizeof(*us), compare_us);
    return us[times->count / 4];
}

static void times_add(struct batch_times *times, uint64_t run_us)
{
    times->us[times->at] = run_us == 0 ? 1 : run_us < UINT32_MAX ? (uint32_t)run_us : UINT32_MAX;
    times->at = (uint8_t)((times->at + 1) % AGENT_BATCH_RUNS);
    if (times->count < AGENT_BATCH_RUNS)
        times->count++;
}

/* The largest size below a number that was measured. */
static uint32_t measured_below(const struct batch_choice *choice, uint32_t number)
{
    while (number > 0)
        if (choice->times[--number].count > 0)
            return number;
    return NONE;
}

/* What a size takes, or would take if it went on as below it. Where one size is all there is to go
 * by, nothing speaks against the next. */
static uint64_t predict_us(const struct batch_choice *choice, uint32_t rows_max, uint32_t number)
{
    if (choice->times[number].count > 0)
        return typical_us(&choice->times[number]);
    uint32_t near = measured_below(choice, number);
    if (near == NONE)
        return UINT64_MAX;
    uint64_t near_us = typical_us(&choice->times[near]);
    uint64_t rows = size_at(rows_max, number), near_rows = size_at(rows_max, near);
    uint32_t far = measured_below(choice, near);
    if (far == NONE)
        return near_us;
    uint64_t far_us = typical_us(&choice->times[far]);
    uint64_t more_us = near_us > far_us ? near_us - far_us : 0;
    return near_us + more_us * (rows - near_rows) / (near_rows - size_at(rows_max, far));
}

static bool is_allowed(const struct batch_choice *choice, const struct batch_bounds *bounds,
                       uint32_t number, uint64_t now_us)
{
    if (choice->refused != 0 && number >= choice->refused && now_us < choice->refused_until_us)
        return false;
    bool is_planned = (choice->planned >> number & 1) != 0;
    if (!is_planned && choice->plan_rows > 0 &&
        choice->plan_bytes / choice->plan_rows * size_at(bounds->rows_max, number) >
            bounds->bytes_free)
        return false;
    return predict_us(choice, bounds->rows_max, number) <= bounds->run_us_max;
}

static uint32_t neighbour(uint32_t chosen, uint32_t last, uint32_t step)
{
    if (step == STEP_DOWN)
        return chosen > 0 ? chosen - 1 : NONE;
    uint32_t up = chosen + (step == STEP_TWO_UP ? 2 : 1);
    return up <= last ? up : NONE;
}

/* The size on trial; NONE: there is nothing to try now. */
static uint32_t trial_of(const struct batch_choice *choice, const struct batch_bounds *bounds,
                         uint64_t now_us, uint32_t *ret_step)
{
    uint32_t chosen = chosen_of(choice, bounds);
    uint32_t last = number_of(bounds->rows_max, bounds->rows_max);
    if (now_us < choice->due_us || choice->times[chosen].count < AGENT_BATCH_RUNS)
        return NONE;
    for (uint32_t step = choice->step; step < STEPS; step++) {
        uint32_t number = neighbour(chosen, last, step);
        if (number == NONE || !is_allowed(choice, bounds, number, now_us))
            continue;
        *ret_step = step;
        return number;
    }
    return NONE;
}

/* Fewer rows than the chosen size holds: all at once in a size that is too large, or as many as
 * fill a smaller one and the rest behind them; what takes the device less time. */
static uint32_t fill(const struct batch_choice *choice, uint32_t rows_max, uint32_t rows)
{
    uint32_t first = NONE;
    uint64_t spent_us = 0, best_us = UINT64_MAX;
    uint32_t best = 0;
    while (rows > 0) {
        uint32_t over = number_of(rows_max, rows);
        const struct batch_times *times = &choice->times[over];
        if (times->count > 0 && spent_us + typical_us(times) < best_us) {
            best_us = spent_us + typical_us(times);
            best = first != NONE ? first : over;
        }
        uint32_t under = over;
        if (size_at(rows_max, over) != rows || times->count == 0)
            under = measured_below(choice, over);
        if (under == NONE || under == over)
            break;
        uint32_t size = size_at(rows_max, under);
        first = first != NONE ? first : under;
        spent_us += typical_us(&choice->times[under]) * (rows / size);
        rows %= size;
        if (rows == 0 && spent_us < best_us)
            best = first;
    }
    return size_at(rows_max, best);
}

uint32_t agent_batch_pick(const struct batch_choice *choice, const struct batch_bounds *bounds,
                          uint32_t rows, uint64_t now_us)
{
    uint32_t step, chosen = chosen_of(choice, bounds);
    uint32_t trial = trial_of(choice, bounds, now_us, &step);
    bool is_turn = trial != choice->trial || choice->trial_runs == choice->chosen_runs;
    if (trial != NONE && is_turn && rows >= size_at(bounds->rows_max, trial))
        return size_at(bounds->rows_max, trial);
    if (rows >= size_at(bounds->rows_max, chosen))
        return size_at(bounds->rows_max, chosen);
    return fill(choice, bounds->rows_max, rows);
}

uint64_t agent_batch_time_us(const struct batch_choice *choice, const struct batch_bounds *bounds,
                             uint32_t size)
{
    const struct batch_times *times = &choice->times[number_of(bounds->rows_max, size)];
    if (size == 0 || size > bounds->rows_max)
        return UINT64_MAX;
    return times->count > 0 ? typical_us(times) : UINT64_MAX;
}

static void rest(struct batch_choice *choice, uint64_t now_us)
{
    choice->step = STEP_UP;
    choice->due_us = now_us + AGENT_BATCH_CHECK_US;
}

static void refuse(struct batch_choice *choice, uint32_t number, uint64_t now_us)
{
    choice->refused = (uint8_t)number;
    choice->refused_until_us = now_us + AGENT_BATCH_REFUSED_US;
    for (uint32_t i = number; i < AGENT_BATCH_SIZES_MAX; i++) {
        memset(&choice->times[i], 0, sizeof(choice->times[i]));
        choice->planned &= (uint16_t) ~(1u << i);
    }
    if (choice->chosen < number)
        return;
    choice->chosen = (uint8_t)(number - 1);
    rest(choice, now_us);
}

/* Both have run by turns. What is larger makes each of its jobs wait longer, so it has to be worth
 * it; to go back it must have become worse than the smaller one, or the choice would swing. */
static void judge(struct batch_choice *choice, uint32_t trial, uint32_t step, uint64_t now_us)
{
    uint32_t chosen = choice->chosen;
    uint64_t trial_value = typical_us(&choice->times[chosen]) * size_at(choice->rows_max, trial);
    uint64_t chosen_value = typical_us(&choice->times[trial]) * size_at(choice->rows_max, chosen);
    uint32_t margin = trial > chosen ? 100 + AGENT_BATCH_GAIN_PERCENT : 100;
    bool is_better = trial_value * 100 >= chosen_value * margin;
    choice->trial_runs = choice->chosen_runs = 0;
    choice->step = (uint8_t)(step + 1);
    if (is_better) {
        choice->chosen = (uint8_t)trial;
        choice->step = STEP_UP;
    }
    if (choice->step == STEPS || (is_better && trial < chosen))
        rest(choice, now_us);
}

static void trial_count(struct batch_choice *choice, const struct batch_bounds *bounds,
                        uint32_t number, uint64_t now_us)
{
    uint32_t step, trial = trial_of(choice, bounds, now_us, &step);
    if (trial == NONE) {
        if (now_us >= choice->due_us && choice->times[choice->chosen].count == AGENT_BATCH_RUNS)
            rest(choice, now_us);
        return;
    }
    if (trial != choice->trial) {
        choice->trial = (uint8_t)trial;
        choice->trial_runs = choice->chosen_runs = 0;
    }
    if (number == trial && choice->trial_runs == choice->chosen_runs)
        choice->trial_runs++;
    else if (number == choice->chosen && choice->chosen_runs < choice->trial_runs)
        choice->chosen_runs++;
    if (choice->chosen_runs == AGENT_BATCH_RUNS)
        judge(choice, trial, step, now_us);
}

/* Another limit has other sizes: what is known is of no use. */
static void limit_set(struct batch_choice *choice, const struct batch_bounds *bounds)
{
    if (choice->rows_max == bounds->rows_max)
        return;
    memset(choice, 0, sizeof(*choice));
    choice->rows_max = bounds->rows_max;
}

void agent_batch_ran(struct batch_choice *choice, const struct batch_bounds *bounds, uint32_t size,
                     uint64_t run_us, uint64_t now_us)
{
    if (size == 0 || size > bounds->rows_max)
        return;
    limit_set(choice, bounds);
    uint32_t number = number_of(bounds->rows_max, size);
    struct batch_times *times = &choice->times[number];
    times_add(times, run_us);
    /* Once is enough for a size that is only tried; one in use may have a bad run. */
    bool is_full = times->count == AGENT_BATCH_RUNS;
    bool is_slow = number > choice->chosen ? run_us > bounds->run_us_max
                                           : is_full && typical_us(times) > bounds->run_us_max;
    if (number > 0 && is_slow) {
        refuse(choice, number, now_us);
        return;
    }
    trial_count(choice, bounds, number, now_us);
}

void agent_batch_planned(struct batch_choice *choice, const struct batch_bounds *bounds,
                         uint32_t size, uint64_t bytes)
{
    if (size == 0 || size > bounds->rows_max)
        return;
    limit_set(choice, bounds);
    choice->planned |= (uint16_t)(1u << number_of(bounds->rows_max, size));
    choice->plan_rows = size;
    choice->plan_bytes = bytes;
}

void agent_batch_failed(struct batch_choice *choice, const struct batch_bounds *bounds,
                        uint32_t size, uint64_t now_us)
{
    if (size > 1 && size <= bounds->rows_max && choice->rows_max == bounds->rows_max)
        refuse(choice, number_of(bounds->rows_max, size), now_us);
}

bool agent_batch_chosen(const struct batch_choice *choice, uint32_t *ret_size,
                        double *ret_rows_per_s)
{
    const struct batch_times *times = &choice->times[choice->chosen];
    if (times->count == 0)
        return false;
    *ret_size = size_at(choice->rows_max, choice->chosen);
    *ret_rows_per_s = *ret_size * 1e6 / (double)typical_us(times);
    return true;
}
