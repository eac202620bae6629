#include <inttypes.h>
#include <stdio.h>

#include "cli/job_verb.h"

static void tell(int64_t id, const cJSON *job)
{
    (void)job;
    printf("cancelled job %" PRId64 "\n", id);
}

static enum tui_exit run(struct tui_cli *cli)
{
    return tui_job_verb(cli, "cancel", tell);
}

const struct tui_command tui_command_cancel = {
    .options = tui_job_verb_options,
    .args_min = 1,
    .args_max = -1,
    .examples =
        "  stoker cancel 88121\n"
        "  stoker jobs --state queued --output json | jq '.jobs[].id' | xargs stoker cancel\n",
    .run = run,
};
