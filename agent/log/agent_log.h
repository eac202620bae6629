/* Structured messages of the programs: an event's name and key=value pairs, to stderr as logfmt or
 * to the journal. Libraries return errors instead; only stokerd logs. Any thread. */
#ifndef AGENT_LOG_H
#define AGENT_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* Numbered as the choices of the setting log.level. */
enum agent_log_level {
    AGENT_LOG_DEBUG,
    AGENT_LOG_INFO,
    AGENT_LOG_WARNING,
    AGENT_LOG_ERROR,
};

enum agent_log_type { AGENT_LOG_END, AGENT_LOG_TEXT, AGENT_LOG_SIGNED, AGENT_LOG_REAL };

struct agent_log_pair {
    enum agent_log_type type;
    const char *key; /* small letters, digits and '_' */
    const char *text;
    int64_t number;
    double real;
};

#define LOG_STR(key_, value_)                                   \
    {                                                           \
        .type = AGENT_LOG_TEXT, .key = (key_), .text = (value_) \
    }
#define LOG_INT(key_, value_)                                                \
    {                                                                        \
        .type = AGENT_LOG_SIGNED, .key = (key_), .number = (int64_t)(value_) \
    }
#define LOG_REAL(key_, value_)                                  \
    {                                                           \
        .type = AGENT_LOG_REAL, .key = (key_), .real = (value_) \
    }

enum agent_log_target {
    AGENT_LOG_STDERR,       /* logfmt with a time stamp */
    AGENT_LOG_STDERR_LEVEL, /* "<6>" and logfmt without one: somebody else adds the time */
    AGENT_LOG_JOURNAL,      /* the journal's own socket, each pair a field */
};

/* `component` goes into every message ("agent", "coordinator", "executor"); borrowed for good.
 * Messages before the first call go to stderr from info up. */
void agent_log_open(enum agent_log_target target, enum agent_log_level level,
                    const char *component);
void agent_log_set_level(enum agent_log_level level);

/* The target for a process whose stderr may be the journal's ($JOURNAL_STREAM names it). */
enum agent_log_target agent_log_target_detect(void);

/* Writes one message: agent_log(AGENT_LOG_INFO, "model loaded", LOG_STR("model", name)). An event
 * that repeats more than 10 times in 5 seconds is held back; how many were is said with the next
 * one that is written. Never fails; blocks as long as stderr does. */
#define agent_log(level, event, ...)  \
    agent_log_write((level), (event), \
                    (const struct agent_log_pair[]){__VA_ARGS__, {.type = AGENT_LOG_END}})
#define agent_log_event(level, event) \
    agent_log_write((level), (event), (const struct agent_log_pair[]){{.type = AGENT_LOG_END}})

/* `event` identifies the message for the rate limit by its text. `pairs` ends with AGENT_LOG_END.
 */
void agent_log_write(enum agent_log_level level, const char *event,
                     const struct agent_log_pair *pairs);

#endif
