#include <inttypes.h>
#include <stdio.h>

#include "cli/job_verb.h"
#include "text/reply.h"

static void tell(int64_t id, const cJSON *job)
{
    printf("job %" PRId64 " is tried again as job %.0f\n", id, tui_reply_number(job, "id"));
}

static enum tui_exit run(struct tui_cli *cli)
{
    return tui_job_verb(cli, "retry", tell);
}

const struct tui_command tui_command_retry = {
    .options = tui_job_verb_options,
    .args_min = 1,
    .args_max = -1,
    .examples =
        "  stoker retry 88121\n"
        "  stoker jobs --state failed --output json |\n"
        "      jq '.jobs[] | select(.error.code == \"poisoned\") | .id' | xargs stoker retry\n",
    .run = run,
};
