// The tables behind messages.def and status.def.
#include <string.h>

#include "net_msg.h"
#include "net_server.h"
#include "net_status.h"

static const char *const status_names[] = {
#define NET_STATUS(name, text) "NET_" #name,
#include "../status.def"
#undef NET_STATUS
};

static const char *const status_texts[] = {
#define NET_STATUS(name, text) text,
#include "../status.def"
#undef NET_STATUS
};

static const uint16_t types[] = {
#define NET_MESSAGE(number, upper, lower, sender, limit, help) (number),
#include "../messages.def"
};

static const char *const outcomes[] = {
#define NET_OUTCOME(number, name, text, help) [number] = (text),
#include "../messages.def"
};

static const char *const job_errors[] = {
#define NET_JOB_ERROR(number, name, text, help) [number] = (text),
#include "../messages.def"
};

static const char *const residencies[] = {
#define NET_RESIDENCY(number, name, text, help) [number] = (text),
#include "../messages.def"
};

static const char *const tunings[] = {
#define NET_TUNING(number, name, text, help) [number] = (text),
#include "../messages.def"
};

static const char *const submissions[] = {
#define NET_SUBMISSION(number, name, text, help) [number] = (text),
#include "../messages.def"
};

static const char *const job_ends[] = {
#define NET_JOB_END(number, name, text, help) [number] = (text),
#include "../messages.def"
};

static const char *const refusals[] = {
#define NET_REFUSAL(number, name, help) [number] = (help),
#include "../messages.def"
};

static const struct {
    const char *name;
    const char *help;
} controls[] = {
#define NET_CONTROL(name, text, help) {(text), (help)},
#include "../messages.def"
};

static const char *const topics[] = {
    [NET_TOPIC_EVENT] = "event",
    [NET_TOPIC_SNAPSHOT] = "snapshot",
    [NET_TOPIC_DELTA] = "delta",
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *pick(const char *const *table, size_t count, unsigned index)
{
    return index < count && table[index] ? table[index] : "unknown";
}

const char *net_status_name(enum net_status status)
{
    return pick(status_names, COUNT(status_names), status);
}

const char *net_status_text(enum net_status status)
{
    return pick(status_texts, COUNT(status_texts), status);
}

static const struct net_message_info infos[] = {
#define NET_MESSAGE(number, upper, lower, sender, limit, help) \
    [number] = {(number), #upper, NET_SENDER_##sender, (limit), (help)},
#include "../messages.def"
};

const struct net_message_info *net_message_info(uint16_t type)
{
    return type < COUNT(infos) && infos[type].name ? &infos[type] : NULL;
}

const struct net_message_info *net_message_at(size_t index)
{
    return index < COUNT(types) ? net_message_info(types[index]) : NULL;
}

const char *net_outcome_name(enum net_outcome outcome)
{
    return pick(outcomes, COUNT(outcomes), outcome);
}

const char *net_job_error_name(enum net_job_error code)
{
    return pick(job_errors, COUNT(job_errors), code);
}

const char *net_residency_name(enum net_residency state)
{
    return pick(residencies, COUNT(residencies), state);
}

const char *net_tuning_name(enum net_tuning state)
{
    return pick(tunings, COUNT(tunings), state);
}

const char *net_submission_name(enum net_submission submission)
{
    return pick(submissions, COUNT(submissions), submission);
}

const char *net_job_end_name(enum net_job_end end)
{
    return pick(job_ends, COUNT(job_ends), end);
}

const char *net_refusal_text(enum net_refusal code)
{
    return pick(refusals, COUNT(refusals), code);
}

const char *net_control_name(enum net_control control)
{
    return (unsigned)control < COUNT(controls) ? controls[control].name : NULL;
}

const char *net_control_help(enum net_control control)
{
    return (unsigned)control < COUNT(controls) ? controls[control].help : NULL;
}

bool net_control_find(const char *name, enum net_control *ret_control)
{
    for (size_t i = 0; i < COUNT(controls); i++) {
        if (strcmp(controls[i].name, name) == 0) {
            *ret_control = (enum net_control)i;
            return true;
        }
    }
    return false;
}

const char *net_topic_name(enum net_topic topic)
{
    return pick(topics, COUNT(topics), topic);
}
