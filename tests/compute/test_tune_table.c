/* What tuning makes of times: whose turn it is, who is dropped, who is best. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tune/table.h"

/* One choice of N candidates of costs 0, 1, 2, …, the first taken before. */
static struct cx_tune_entry *add(struct cx_tune_table *table, uint32_t n)
{
    struct cx_tune_entry *grown = realloc(table->entries, (table->n + 1) * sizeof *table->entries);
    cr_assert_not_null(grown);
    table->entries = grown;
    struct cx_tune_entry *entry = &table->entries[table->n];
    memset(entry, 0, sizeof *entry);
    entry->key = (XXH128_hash_t){++table->n, 0};
    entry->candidate_n = n;
    for (uint32_t c = 0; c < n; c++) {
        entry->candidates[c].name[0] = (char)('a' + c);
        entry->candidates[c].cost = c;
        entry->candidates[c].alive = true;
    }
    return entry;
}

static void set_times(struct cx_tune_entry *entry, const uint64_t *times_ns)
{
    for (uint32_t c = 0; c < entry->candidate_n; c++)
        entry->candidates[c].ns = times_ns[c];
}

Test(tune_table, each_candidate_has_its_turn_the_cheapest_first)
{
    struct cx_tune_table table = {NULL, 0, 0, 0};
    add(&table, 5);
    add(&table, 2);
    table.entries[0].candidates[3].cost = -1.0;
    cr_assert_eq(cx_tune_table_trials(&table), 5);
    static const uint32_t firsts[] = {3, 0, 1, 2, 4}, seconds[] = {0, 1, 0, 1, 0};
    for (uint32_t i = 0; i < 5; i++) {
        cx_tune_table_pick(&table, i);
        cr_assert_eq(table.entries[0].pick, firsts[i]);
        cr_assert_eq(table.entries[1].pick, seconds[i]);
    }
    table.entries[0].candidates[3].refused = true;
    cr_assert_eq(cx_tune_table_trials(&table), 5);
    static const uint32_t without[] = {0, 0, 1, 2, 4};
    for (uint32_t i = 0; i < 5; i++) {
        cx_tune_table_pick(&table, i);
        cr_assert_eq(table.entries[0].pick, without[i], "nobody's turn is missed");
    }
    cx_tune_table_finish(&table);
}

Test(tune_table, half_go_each_round_and_those_far_behind)
{
    struct cx_tune_table table = {NULL, 0, 0, 1000};
    struct cx_tune_entry *entry = add(&table, 6);
    set_times(entry, (const uint64_t[]){500, 400, 410, 420, 430, 440});
    cx_tune_table_halve(&table, 1);
    for (uint32_t c = 0; c < 6; c++)
        cr_assert_eq(entry->candidates[c].alive, c >= 1 && c <= 3, "%u", c);
    entry->candidates[2].ns = 300;
    cx_tune_table_halve(&table, 2);
    for (uint32_t c = 0; c < 6; c++)
        cr_assert_eq(entry->candidates[c].alive, c == 2, "%u", c);
    cx_tune_table_finish(&table);
}

Test(tune_table, choices_that_take_no_time_are_soon_done)
{
    struct cx_tune_table table = {NULL, 0, 0, 1000000};
    struct cx_tune_entry *entry = add(&table, 8);
    entry->before = 7;
    entry->candidates[7].ns = 1000;
    cx_tune_table_halve(&table, 0);
    for (uint32_t c = 0; c < 8; c++)
        cr_assert_eq(entry->candidates[c].alive, c < 3 || c == 7, "%u", c);
    cx_tune_table_finish(&table);
}

Test(tune_table, only_a_gain_beyond_noise_changes_a_choice)
{
    struct cx_tune_table table = {NULL, 0, 0, 10000};
    set_times(add(&table, 3), (const uint64_t[]){1000, 990, 0});
    set_times(add(&table, 3), (const uint64_t[]){1000, 900, 800});
    table.entries[1].candidates[2].refused = true;
    set_times(add(&table, 2), (const uint64_t[]){0, 5});
    cx_tune_table_pick_best(&table);
    cr_assert_eq(table.entries[0].pick, 0);
    cr_assert_eq(table.entries[1].pick, 1);
    cr_assert_eq(table.entries[2].pick, 0, "what was not compared is not chosen");
    cr_assert_eq(cx_tune_table_differing(&table), 1);
    cr_assert_eq(cx_tune_table_best_ns(&table), 9900);
    struct cx_choices choices = {NULL, 0, 0};
    cr_assert(cx_tune_table_choices(&table, &choices));
    cr_assert_eq(choices.n, 1);
    cr_assert_str_eq(cx_choices_find(&choices, table.entries[1].key), "b");
    cx_choices_finish(&choices);
    struct cx_tune_counts counts = cx_tune_table_count(&table);
    cr_assert_eq(counts.refused, 1);
    cr_assert_eq(counts.candidates, 8);
    cr_assert_eq(counts.measured, 6);
    cx_tune_table_finish(&table);
}
