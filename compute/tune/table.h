/* What tuning knows: the choices of a network, their candidates, and how long each took. Numbers
 * only; nothing here runs anything. */
#ifndef CX_TUNE_TABLE_H
#define CX_TUNE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include <xxhash.h>

#include "device/choices.h"
#include "graph/session.h"

struct cx_tune_candidate {
    char name[CX_CANDIDATE_NAME_BYTES];
    double cost;
    uint64_t ns;  /* of all nodes of the choice: the smallest sum measured; 0: not measured */
    bool refused; /* it failed, or gave other results */
    bool alive;   /* still worth measuring */
};

/* One choice: all nodes whose keys are equal. */
struct cx_tune_entry {
    XXH128_hash_t key;
    char node[CX_TUNE_NODE_BYTES]; /* the first of them */
    const char *op;
    uint32_t node_n;
    uint32_t candidate_n;
    uint32_t before; /* the candidate that is taken without tuning */
    uint32_t pick;   /* the one that the next trial takes */
    struct cx_tune_candidate candidates[CX_CANDIDATE_MAX];
};

/* Zeroed: empty. */
struct cx_tune_table {
    struct cx_tune_entry *entries;
    uint32_t n, room;
    uint64_t before_ns; /* all launches of a run as it was: the smallest of each node */
};

void cx_tune_table_finish(struct cx_tune_table *table);

/* Adds the choices of a plan that aren't there yet; what the plan takes is what is taken before.
 * False on no memory. */
bool cx_tune_table_see(struct cx_tune_table *table, const struct cx_plan *plan);

/* Records what each node of a plan took, node_ns[i] for node i of its bound graph. */
void cx_tune_table_record(struct cx_tune_table *table, const struct cx_plan *plan,
                          const uint64_t *node_ns);

/* How many trials it takes to measure every candidate alive once. */
uint32_t cx_tune_table_trials(const struct cx_tune_table *table);
/* Picks trial number I of these: in each choice another candidate, the cheapest by estimate first.
 */
void cx_tune_table_pick(struct cx_tune_table *table, uint32_t i);
void cx_tune_table_pick_before(struct cx_tune_table *table);
/* The fastest known. Only where it is faster by more than the clock's noise does it differ from
 * what was taken before. */
void cx_tune_table_pick_best(struct cx_tune_table *table);
/* Whether an entry's pick is another than before. */
bool cx_tune_entry_differs(const struct cx_tune_entry *entry);
uint32_t cx_tune_table_differing(const struct cx_tune_table *table);
/* The picks that differ as choices for a session's trial. RET_CHOICES must be empty; false on no
 * memory. */
bool cx_tune_table_choices(const struct cx_tune_table *table, struct cx_choices *ret_choices);

/* In round 0, when only the network as it was is measured: drops unlikely candidates of choices
 * that take next to no time. After that, when all alive were measured ROUND times: drops at least
 * half of each choice's, and those far behind the fastest. */
void cx_tune_table_halve(struct cx_tune_table *table, uint32_t round);

/* A run's launches with the fastest candidates known, by the sums measured. */
uint64_t cx_tune_table_best_ns(const struct cx_tune_table *table);

struct cx_tune_counts {
    uint32_t candidates, measured, refused;
};
struct cx_tune_counts cx_tune_table_count(const struct cx_tune_table *table);

#endif
