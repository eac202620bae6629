#include "agent_log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-journal.h>

enum {
    LINE_MAX_BYTES = 4096,
    VALUE_MAX = 1024,
    FIELDS_MAX = 32,
    REPEAT_SLOTS = 128,
    REPEAT_BURST = 10,
    REPEAT_WINDOW_MS = 5000,
};

struct repeat {
    uint64_t hash;
    int64_t window_start_ms;
    uint32_t written;
    uint32_t held_back;
};

static struct {
    pthread_mutex_t lock;
    enum agent_log_target target;
    enum agent_log_level level;
    const char *component;
    struct repeat repeats[REPEAT_SLOTS];
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = AGENT_LOG_INFO, .component = "stokerd"};

static const char *const level_names[] = {"debug", "info", "warning", "error"};
static const int level_priorities[] = {7, 6, 4, 3}; /* syslog's numbers */

struct line {
    char text[LINE_MAX_BYTES];
    size_t length;
};

static void line_append(struct line *line, const char *text, size_t length)
{
    size_t room = sizeof(line->text) - 2 - line->length;
    if (length > room)
        length = room;
    memcpy(line->text + line->length, text, length);
    line->length += length;
}

static void line_append_text(struct line *line, const char *text)
{
    line_append(line, text, strlen(text));
}

static bool needs_quotes(const char *text)
{
    if (*text == '\0')
        return true;
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f)
            return true;
    }
    return false;
}

/* Control characters are written as escapes: a peer's text must not reach a terminal raw. */
static void line_append_value(struct line *line, const char *text)
{
    if (!needs_quotes(text)) {
        line_append(line, text, strnlen(text, VALUE_MAX));
        return;
    }
    line_append_text(line, "\"");
    for (size_t i = 0; text[i] != '\0' && i < VALUE_MAX; i++) {
        unsigned char c = (unsigned char)text[i];
        char escaped[8];
        if (c == '"' || c == '\\')
            snprintf(escaped, sizeof(escaped), "\\%c", c);
        else if (c == '\n')
            snprintf(escaped, sizeof(escaped), "\\n");
        else if (c < ' ' || c == 0x7f)
            snprintf(escaped, sizeof(escaped), "\\x%02x", c);
        else
            snprintf(escaped, sizeof(escaped), "%c", c);
        line_append_text(line, escaped);
    }
    line_append_text(line, "\"");
}

static const char *pair_value(const struct agent_log_pair *pair, char scratch[64])
{
    if (pair->type == AGENT_LOG_TEXT)
        return pair->text != NULL ? pair->text : "";
    if (pair->type == AGENT_LOG_REAL)
        snprintf(scratch, 64, "%.6g", pair->real);
    else
        snprintf(scratch, 64, "%" PRId64, pair->number);
    return scratch;
}

static void line_append_pairs(struct line *line, const struct agent_log_pair *pairs)
{
    for (; pairs->type != AGENT_LOG_END; pairs++) {
        char scratch[64];
        line_append_text(line, " ");
        line_append_text(line, pairs->key);
        line_append_text(line, "=");
        line_append_value(line, pair_value(pairs, scratch));
    }
}

static void write_stderr(enum agent_log_level level, const char *event,
                         const struct agent_log_pair *pairs, uint32_t held_back, bool with_time)
{
    struct line line = {.length = 0};
    char start[96];
    if (with_time) {
        struct timespec now;
        struct tm utc;
        clock_gettime(CLOCK_REALTIME, &now);
        gmtime_r(&now.tv_sec, &utc);
        size_t used = strftime(start, sizeof(start), "time=%Y-%m-%dT%H:%M:%S", &utc);
        snprintf(start + used, sizeof(start) - used, ".%03ldZ ", now.tv_nsec / 1000000);
    } else {
        snprintf(start, sizeof(start), "<%d>", level_priorities[level]);
    }
    line_append_text(&line, start);
    snprintf(start, sizeof(start), "level=%s part=%s event=", level_names[level], state.component);
    line_append_text(&line, start);
    line_append_value(&line, event);
    line_append_pairs(&line, pairs);
    if (held_back > 0) {
        snprintf(start, sizeof(start), " held_back=%" PRIu32, held_back);
        line_append_text(&line, start);
    }
    line.text[line.length++] = '\n';
    /* One write a line, so that lines of several processes don't mix. */
    ssize_t ignored = write(STDERR_FILENO, line.text, line.length);
    (void)ignored;
}

struct fields {
    struct iovec list[FIELDS_MAX];
    int count;
};

__attribute__((format(printf, 2, 3))) static void field_add(struct fields *fields,
                                                            const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0)
        return;
    if (fields->count == FIELDS_MAX) {
        free(text);
        return;
    }
    fields->list[fields->count++] = (struct iovec){.iov_base = text, .iov_len = (size_t)length};
}

static bool write_journal(enum agent_log_level level, const char *event,
                          const struct agent_log_pair *pairs, uint32_t held_back)
{
    struct fields fields = {.count = 0};
    struct line message = {.length = 0};
    line_append_text(&message, event);
    line_append_pairs(&message, pairs);
    field_add(&fields, "MESSAGE=%.*s", (int)message.length, message.text);
    field_add(&fields, "PRIORITY=%d", level_priorities[level]);
    field_add(&fields, "SYSLOG_IDENTIFIER=stokerd");
    field_add(&fields, "STOKER_PART=%s", state.component);
    field_add(&fields, "STOKER_EVENT=%s", event);
    if (held_back > 0)
        field_add(&fields, "STOKER_HELD_BACK=%" PRIu32, held_back);
    for (; pairs->type != AGENT_LOG_END; pairs++) {
        char key[48], scratch[64];
        snprintf(key, sizeof(key), "%s", pairs->key);
        for (char *p = key; *p != '\0'; p++)
            if (*p >= 'a' && *p <= 'z')
                *p = (char)(*p - 'a' + 'A');
        field_add(&fields, "STOKER_%s=%s", key, pair_value(pairs, scratch));
    }
    int status = sd_journal_sendv(fields.list, fields.count);
    for (int i = 0; i < fields.count; i++)
        free(fields.list[i].iov_base);
    return status == 0;
}

static uint64_t text_hash(const char *text)
{
    uint64_t hash = 1469598103934665603u; /* FNV-1a */
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    return hash;
}

/* Whether the event may be written now; how many of it were held back since the last one. */
static bool repeat_admit(const char *event, uint32_t *ret_held_back)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    uint64_t hash = text_hash(event);
    struct repeat *repeat = &state.repeats[hash % REPEAT_SLOTS];
    if (repeat->hash != hash)
        *repeat = (struct repeat){.hash = hash, .window_start_ms = now_ms};
    if (now_ms - repeat->window_start_ms >= REPEAT_WINDOW_MS) {
        repeat->window_start_ms = now_ms;
        repeat->written = 0;
    }
    if (repeat->written >= REPEAT_BURST) {
        repeat->held_back++;
        return false;
    }
    repeat->written++;
    *ret_held_back = repeat->held_back;
    repeat->held_back = 0;
    return true;
}

void agent_log_open(enum agent_log_target target, enum agent_log_level level, const char *component)
{
    pthread_mutex_lock(&state.lock);
    state.target = target;
    state.level = level;
    state.component = component;
    pthread_mutex_unlock(&state.lock);
}

void agent_log_set_level(enum agent_log_level level)
{
    pthread_mutex_lock(&state.lock);
    state.level = level;
    pthread_mutex_unlock(&state.lock);
}

enum agent_log_target agent_log_target_detect(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat info;
    uintmax_t device, inode;
    if (stream == NULL || sscanf(stream, "%ju:%ju", &device, &inode) != 2 ||
        fstat(STDERR_FILENO, &info) != 0)
        return AGENT_LOG_STDERR;
    /* A program whose stderr was redirected elsewhere inherits the variable all the same. */
    bool is_journal = (uintmax_t)info.st_dev == device && (uintmax_t)info.st_ino == inode;
    return is_journal ? AGENT_LOG_STDERR_LEVEL : AGENT_LOG_STDERR;
}

void agent_log_write(enum agent_log_level level, const char *event,
                     const struct agent_log_pair *pairs)
{
    uint32_t held_back = 0;
    pthread_mutex_lock(&state.lock);
    if (level >= state.level && repeat_admit(event, &held_back)) {
        if (state.target != AGENT_LOG_JOURNAL || !write_journal(level, event, pairs, held_back))
            write_stderr(level, event, pairs, held_back, state.target == AGENT_LOG_STDERR);
    }
    pthread_mutex_unlock(&state.lock);
}
