#include "record.h"

size_t agent_record_texts(struct agent_record *record,
                          const char **ret_texts[AGENT_RECORD_TEXTS_MAX])
{
    size_t n = 0;
    switch (record->kind) {
    case AGENT_RECORD_JOB:
    case AGENT_RECORD_END:
        ret_texts[n++] = &record->job.model;
        ret_texts[n++] = &record->job.key;
        ret_texts[n++] = &record->job.tenant;
        ret_texts[n++] = &record->job.agent;
        ret_texts[n++] = &record->job.error_code;
        ret_texts[n++] = &record->job.error_text;
        break;
    case AGENT_RECORD_OPERATION:
        ret_texts[n++] = &record->operation.kind;
        ret_texts[n++] = &record->operation.target;
        ret_texts[n++] = &record->operation.by;
        ret_texts[n++] = &record->operation.reason;
        ret_texts[n++] = &record->operation.text;
        ret_texts[n++] = &record->operation.detail;
        break;
    case AGENT_RECORD_AGENT:
        ret_texts[n++] = &record->agent.name;
        ret_texts[n++] = &record->agent.reason;
        ret_texts[n++] = &record->agent.by;
        break;
    case AGENT_RECORD_AUDIT:
        ret_texts[n++] = &record->audit.who;
        ret_texts[n++] = &record->audit.what;
        ret_texts[n++] = &record->audit.target;
        ret_texts[n++] = &record->audit.why;
        break;
    case AGENT_RECORD_META:
        ret_texts[n++] = &record->meta.key;
        ret_texts[n++] = &record->meta.value;
        break;
    case AGENT_RECORD_EVENT:
        ret_texts[n++] = &record->event.json;
        break;
    case AGENT_RECORD_ATTEMPT:
        ret_texts[n++] = &record->attempt.agent;
        ret_texts[n++] = &record->attempt.text;
        break;
    case AGENT_RECORD_FORGET:
        break;
    }
    return n;
}
