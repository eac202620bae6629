#include "tune/table.h"

#include <stdlib.h>
#include <string.h>

#include "ops/op.h"

/* A choice that takes less than this share of a run isn't measured beyond its likely candidates. */
#define SHARE_MIN 0.005
#define LIKELY_MAX 3
/* A candidate must gain this much to replace another. */
#define GAIN_MIN 0.015

void cx_tune_table_finish(struct cx_tune_table *table)
{
    free(table->entries);
    memset(table, 0, sizeof *table);
}

static struct cx_tune_entry *find(const struct cx_tune_table *table, XXH128_hash_t key)
{
    for (uint32_t i = 0; i < table->n; i++)
        if (XXH128_isEqual(table->entries[i].key, key))
            return &table->entries[i];
    return NULL;
}

static bool add(struct cx_tune_table *table, const struct cx_choice_point *point,
                const struct cx_node *node)
{
    if (table->n == table->room) {
        uint32_t room = table->room == 0 ? 32 : table->room * 2;
        struct cx_tune_entry *grown = realloc(table->entries, room * sizeof *grown);
        if (grown == NULL)
            return false;
        table->entries = grown;
        table->room = room;
    }
    struct cx_tune_entry *entry = &table->entries[table->n++];
    memset(entry, 0, sizeof *entry);
    entry->key = point->key;
    strncpy(entry->node, node->name, sizeof entry->node - 1);
    entry->op = node->op->name;
    entry->candidate_n = point->candidate_n;
    entry->before = entry->pick = point->taken;
    for (uint32_t c = 0; c < point->candidate_n; c++) {
        memcpy(entry->candidates[c].name, point->names[c], CX_CANDIDATE_NAME_BYTES);
        entry->candidates[c].cost = point->costs[c];
        entry->candidates[c].alive = true;
    }
    return true;
}

bool cx_tune_table_see(struct cx_tune_table *table, const struct cx_plan *plan)
{
    uint32_t known = table->n;
    for (uint32_t i = 0; i < plan->point_n; i++) {
        const struct cx_choice_point *point = &plan->points[i];
        struct cx_tune_entry *entry = find(table, point->key);
        if (entry == NULL && !add(table, point, &plan->bound->nodes[point->node]))
            return false;
        entry = find(table, point->key);
        if (entry >= &table->entries[known])
            entry->node_n++;
    }
    return true;
}

void cx_tune_table_record(struct cx_tune_table *table, const struct cx_plan *plan,
                          const uint64_t *node_ns)
{
    for (uint32_t e = 0; e < table->n; e++) {
        struct cx_tune_entry *entry = &table->entries[e];
        uint32_t taken = CX_CANDIDATE_MAX;
        uint64_t ns = 0;
        for (uint32_t i = 0; i < plan->point_n; i++) {
            if (!XXH128_isEqual(plan->points[i].key, entry->key))
                continue;
            taken = plan->points[i].taken;
            ns += node_ns[plan->points[i].node];
        }
        if (taken == CX_CANDIDATE_MAX)
            continue;
        struct cx_tune_candidate *candidate = &entry->candidates[taken];
        /* A device whose clock is too coarse for it: not 0, which means unmeasured. */
        ns = ns == 0 ? 1 : ns;
        if (candidate->ns == 0 || ns < candidate->ns)
            candidate->ns = ns;
    }
}

static uint32_t alive_count(const struct cx_tune_entry *entry)
{
    uint32_t n = 0;
    for (uint32_t c = 0; c < entry->candidate_n; c++)
        n += entry->candidates[c].alive;
    return n;
}

uint32_t cx_tune_table_trials(const struct cx_tune_table *table)
{
    uint32_t most = 0;
    for (uint32_t e = 0; e < table->n; e++) {
        uint32_t n = alive_count(&table->entries[e]);
        most = n > most ? n : most;
    }
    return most;
}

/* How many of the candidates alive stand before C: those of lower cost, and of equal ones the
 * earlier. */
static uint32_t rank(const struct cx_tune_entry *entry, uint32_t c)
{
    uint32_t n = 0;
    double cost = entry->candidates[c].cost;
    for (uint32_t o = 0; o < entry->candidate_n; o++) {
        const struct cx_tune_candidate *other = &entry->candidates[o];
        if (other->alive && (other->cost < cost || (!(other->cost > cost) && o < c)))
            n++;
    }
    return n;
}

void cx_tune_table_pick(struct cx_tune_table *table, uint32_t i)
{
    for (uint32_t e = 0; e < table->n; e++) {
        struct cx_tune_entry *entry = &table->entries[e];
        uint32_t alive = alive_count(entry);
        entry->pick = entry->before;
        /* One that was refused since the round began leaves its turn unused, so that nobody's is
         * missed. */
        for (uint32_t c = 0; c < entry->candidate_n && alive > 0; c++)
            if (entry->candidates[c].alive && !entry->candidates[c].refused &&
                rank(entry, c) == i % alive)
                entry->pick = c;
    }
}

void cx_tune_table_pick_before(struct cx_tune_table *table)
{
    for (uint32_t e = 0; e < table->n; e++)
        table->entries[e].pick = table->entries[e].before;
}

/* The fastest that was measured and not refused; `before` when nothing was. */
static uint32_t fastest(const struct cx_tune_entry *entry)
{
    uint32_t best = entry->before;
    for (uint32_t c = 0; c < entry->candidate_n; c++) {
        const struct cx_tune_candidate *candidate = &entry->candidates[c];
        if (candidate->ns == 0 || candidate->refused)
            continue;
        if (entry->candidates[best].ns == 0 || candidate->ns < entry->candidates[best].ns)
            best = c;
    }
    return best;
}

static uint32_t best_of(const struct cx_tune_entry *entry)
{
    uint32_t best = fastest(entry);
    double before_ns = (double)entry->candidates[entry->before].ns;
    if (before_ns < 1.0 || (double)entry->candidates[best].ns > before_ns * (1.0 - GAIN_MIN))
        return entry->before;
    return best;
}

void cx_tune_table_pick_best(struct cx_tune_table *table)
{
    for (uint32_t e = 0; e < table->n; e++)
        table->entries[e].pick = best_of(&table->entries[e]);
}

bool cx_tune_entry_differs(const struct cx_tune_entry *entry)
{
    return entry->pick != entry->before;
}

uint32_t cx_tune_table_differing(const struct cx_tune_table *table)
{
    uint32_t n = 0;
    for (uint32_t e = 0; e < table->n; e++)
        n += cx_tune_entry_differs(&table->entries[e]);
    return n;
}

bool cx_tune_table_choices(const struct cx_tune_table *table, struct cx_choices *ret_choices)
{
    struct cx_choices choices = {NULL, 0, 0};
    for (uint32_t e = 0; e < table->n; e++) {
        const struct cx_tune_entry *entry = &table->entries[e];
        if (cx_tune_entry_differs(entry) &&
            !cx_choices_set(&choices, entry->key, entry->candidates[entry->pick].name)) {
            cx_choices_finish(&choices);
            return false;
        }
    }
    *ret_choices = choices;
    return true;
}

/* Leaves alive the fastest, of which there may be `most`, as long as they are near the first. */
static void keep_fastest(struct cx_tune_entry *entry, uint32_t most, double near)
{
    uint64_t first_ns = entry->candidates[fastest(entry)].ns;
    uint32_t kept = 0;
    bool keep[CX_CANDIDATE_MAX] = {false};
    while (kept < most) {
        uint32_t next = entry->candidate_n;
        for (uint32_t c = 0; c < entry->candidate_n; c++) {
            const struct cx_tune_candidate *candidate = &entry->candidates[c];
            if (!candidate->alive || candidate->refused || candidate->ns == 0 || keep[c] ||
                (double)candidate->ns > (double)first_ns * near)
                continue;
            if (next == entry->candidate_n || candidate->ns < entry->candidates[next].ns)
                next = c;
        }
        if (next == entry->candidate_n)
            break;
        keep[next] = true;
        kept++;
    }
    for (uint32_t c = 0; c < entry->candidate_n; c++)
        entry->candidates[c].alive = keep[c];
}

/* Before anything but what was taken before is measured: of choices that take next to no time, only
 * the likely candidates. */
static void keep_likely(struct cx_tune_entry *entry)
{
    for (uint32_t c = entry->candidate_n; c-- > 0;)
        if (c != entry->before && rank(entry, c) >= LIKELY_MAX)
            entry->candidates[c].alive = false;
}

void cx_tune_table_halve(struct cx_tune_table *table, uint32_t round)
{
    static const double nears[] = {1.3, 1.15, 1.06};
    size_t last = sizeof nears / sizeof nears[0] - 1;
    for (uint32_t e = 0; e < table->n; e++) {
        struct cx_tune_entry *entry = &table->entries[e];
        bool small =
            (double)entry->candidates[entry->before].ns < (double)table->before_ns * SHARE_MIN;
        if (round == 0 && small)
            keep_likely(entry);
        if (round > 0)
            keep_fastest(entry, small ? 1 : (alive_count(entry) + 1) / 2,
                         nears[round - 1 < last ? round - 1 : last]);
    }
}

uint64_t cx_tune_table_best_ns(const struct cx_tune_table *table)
{
    uint64_t ns = table->before_ns;
    for (uint32_t e = 0; e < table->n; e++) {
        const struct cx_tune_entry *entry = &table->entries[e];
        uint64_t before_ns = entry->candidates[entry->before].ns;
        uint64_t gain_ns = before_ns - entry->candidates[best_of(entry)].ns;
        ns = gain_ns < ns ? ns - gain_ns : 0;
    }
    return ns;
}

struct cx_tune_counts cx_tune_table_count(const struct cx_tune_table *table)
{
    struct cx_tune_counts counts = {0, 0, 0};
    for (uint32_t e = 0; e < table->n; e++) {
        const struct cx_tune_entry *entry = &table->entries[e];
        for (uint32_t c = 0; c < entry->candidate_n; c++) {
            const struct cx_tune_candidate *candidate = &entry->candidates[c];
            /* What isn't worth measuring isn't counted as left to do. */
            counts.candidates += candidate->alive || candidate->ns > 0 || candidate->refused;
            counts.measured += candidate->ns > 0 || candidate->refused;
            counts.refused += candidate->refused;
        }
    }
    return counts;
}
