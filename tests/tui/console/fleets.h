/* Made-up clusters for the console's tests: with everything there is, with nothing, and hostile. */
#ifndef TESTS_TUI_CONSOLE_FLEETS_H
#define TESTS_TUI_CONSOLE_FLEETS_H

#include "model/update.h"

struct fleet_recipe {
    size_t agents, models;
    bool hostile; /* names and numbers as a broken or bad coordinator would send them */
};

/* The snapshot of the `seq`-th quarter of a second, one that arrived at `at_ms`. Load and latency
 * swing over minutes; every 10 minutes something goes wrong for one. */
struct tui_update *fleet_update(const struct fleet_recipe *recipe, uint64_t seq, int64_t at_ms);

/* A page of `count` events that ended at `time_ms`. */
struct tui_update *fleet_events(size_t count, uint64_t time_ms, bool hostile);

#endif
