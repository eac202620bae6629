#include "views/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/figure.h"

double tui_progress_share(const struct tui_operation *operation)
{
    uint64_t done = operation->parts_done;

    if (strcmp(operation->state, "done") == 0)
        return 1;
    if (operation->parts == 0)
        return NAN;
    return done >= operation->parts ? 1 : (double)done / (double)operation->parts;
}

/* What the parts of an operation are called. */
static const char *part_word(const struct tui_operation *operation)
{
    if (strcmp(operation->kind, "rebalance") == 0)
        return "moves";
    return strcmp(operation->kind, "tune") == 0 ? "candidates" : "agents";
}

void tui_progress_parts(char *ret_text, size_t size, const struct tui_operation *operation)
{
    ret_text[0] = 0;
    if (operation->parts > 0) {
        int used =
            snprintf(ret_text, size, "%llu of %llu %s", (unsigned long long)operation->parts_done,
                     (unsigned long long)operation->parts, part_word(operation));
        if (operation->stayed > 0 && used > 0 && (size_t)used < size)
            snprintf(ret_text + used, size - (size_t)used, ", %llu stayed",
                     (unsigned long long)operation->stayed);
    } else if (strcmp(operation->kind, "drain") == 0) {
        snprintf(
            ret_text, size, "%llu %s left, %llu requeued", (unsigned long long)operation->remaining,
            operation->remaining == 1 ? "job" : "jobs", (unsigned long long)operation->requeued);
    }
}

void tui_progress_eta(const struct tui_app *app, char *ret_text, size_t size,
                      const struct tui_operation *operation)
{
    uint64_t now = tui_model_clock_ms(app->model, app->now_ms);
    char clock[TUI_FIGURE_SIZE];
    char left[TUI_FIGURE_SIZE];

    ret_text[0] = 0;
    if (operation->expected_end_ms == 0 || operation->finished_ms != 0 || now == 0)
        return;
    if (operation->expected_end_ms <= now) {
        snprintf(ret_text, size, "overdue");
        return;
    }
    tui_figure_age(left, sizeof(left), operation->expected_end_ms - now);
    tui_figure_clock(clock, sizeof(clock), operation->expected_end_ms);
    snprintf(ret_text, size, "in about %s (%s)", left, clock);
}

struct group {
    const char *model;
    size_t jobs;
    uint64_t last; /* of them */
    uint64_t left_ms;
    bool known;
};

static int compare_groups(const void *a, const void *b)
{
    const struct group *x = a;
    const struct group *y = b;

    return (x->jobs < y->jobs) - (x->jobs > y->jobs);
}

static size_t group(const struct tui_operation *operation, struct group groups[TUI_BLOCKERS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < operation->blocker_count; i++) {
        const struct tui_blocker *blocker = &operation->blockers[i];
        size_t at = 0;
        while (at < count && strcmp(groups[at].model, blocker->model) != 0)
            at++;
        if (at == count)
            groups[count++] = (struct group){.model = blocker->model};
        groups[at].jobs++;
        groups[at].last = blocker->job;
        groups[at].known = groups[at].known || blocker->has_left;
        if (blocker->has_left && blocker->left_ms > groups[at].left_ms)
            groups[at].left_ms = blocker->left_ms;
    }
    qsort(groups, count, sizeof(groups[0]), compare_groups);
    return count;
}

void tui_progress_blockers(char *ret_text, size_t size, const struct tui_operation *operation)
{
    struct group groups[TUI_BLOCKERS_MAX];
    size_t count = group(operation, groups);
    char left[TUI_FIGURE_SIZE];
    size_t used = 0;

    ret_text[0] = 0;
    for (size_t i = 0; i < count && used < size; i++) {
        const struct group *g = &groups[i];
        char jobs[TUI_FIGURE_SIZE];
        tui_figure_age(left, sizeof(left), g->left_ms);
        if (g->jobs == 1)
            snprintf(jobs, sizeof(jobs), "job %llu", (unsigned long long)g->last);
        else
            snprintf(jobs, sizeof(jobs), "%zu jobs", g->jobs);
        used += (size_t)snprintf(ret_text + used, size - used, "%s%s: %s%s%s", i > 0 ? "; " : "",
                                 g->model, jobs,
                                 !g->known         ? ", never measured"
                                 : g->left_ms == 0 ? ", over its time"
                                 : g->jobs == 1    ? ", ends in about "
                                                   : ", the last ends in about ",
                                 g->known && g->left_ms > 0 ? left : "");
    }
}
