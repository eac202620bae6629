#include "ledger.h"

#include "agent/ledger/ledger_internal.h"

enum agent_status agent_ledger_open(const struct agent_ledger_options *options,
                                    struct agent_ledger **ret_ledger, struct agent_error *err)
{
    if (options->durability == AGENT_DURABILITY_NONE)
        return agent_ledger_null_open(options, ret_ledger, err);
    return agent_ledger_sqlite_open(options, ret_ledger, err);
}

uint64_t agent_ledger_epoch(const struct agent_ledger *ledger)
{
    return ledger->epoch;
}

enum agent_durability agent_ledger_durability(const struct agent_ledger *ledger)
{
    return ledger->ops->durability;
}

enum agent_status agent_ledger_recover(struct agent_ledger *ledger,
                                       const struct agent_ledger_reader *reader,
                                       uint64_t *ret_next_job, struct agent_error *err)
{
    return ledger->ops->recover(ledger, reader, ret_next_job, err);
}

enum agent_status agent_ledger_append(struct agent_ledger *ledger, uint64_t seq,
                                      const struct agent_record *record, struct agent_blob *blob)
{
    return ledger->ops->append(ledger, seq, record, blob);
}

void agent_ledger_flush(struct agent_ledger *ledger)
{
    ledger->ops->flush(ledger);
}

enum agent_status agent_ledger_ask(struct agent_ledger *ledger, struct agent_query *query)
{
    return ledger->ops->ask(ledger, query);
}

void agent_ledger_stats(struct agent_ledger *ledger, struct agent_ledger_stats *ret_stats)
{
    ledger->ops->stats(ledger, ret_stats);
}

enum agent_status agent_ledger_close(struct agent_ledger *ledger)
{
    return ledger != NULL ? ledger->ops->close(ledger) : AGENT_OK;
}
