// Events and snapshots, on their way to the event socket, the ledger and the log.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/control.h"
#include "agent/coordinator/io.h"

// Appends `text` as the inside of a JSON string. The result is cut where `size` ends.
static void escape(char *to, size_t size, const char *text)
{
    size_t used = strlen(to);
    for (; *text != '\0' && used + 8 < size; text++) {
        unsigned char ch = (unsigned char)*text;
        if (ch == '"' || ch == '\\')
            used += (size_t)snprintf(to + used, size - used, "\\%c", ch);
        else if (ch < 0x20)
            used += (size_t)snprintf(to + used, size - used, "\\u%04x", ch);
        else
            to[used++] = (char)ch;
    }
    // Not in the middle of a UTF-8 character.
    if (*text != '\0') {
        while (used > 0 && ((unsigned char)to[used - 1] & 0xc0) == 0x80)
            used--;
        if (used > 0 && (unsigned char)to[used - 1] >= 0xc0)
            used--;
    }
    to[used] = '\0';
}

static const char *const severities[] = {"info", "warning", "error"};

static void log_notice(const struct agent_coordinator *c, const struct agent_action *action)
{
    static const enum agent_severity levels[] = {AGENT_INFO, AGENT_WARNING, AGENT_ERROR};
    char job[32] = "";
    if (action->id != 0)
        snprintf(job, sizeof job, " job %" PRIu64, action->id);
    agent_io_log(c, levels[action->severity], "%s%s%s%s: %s", agent_notice_name(action->notice),
                 action->agent[0] != '\0' ? " " : "", action->agent, job, action->text);
}

void agent_io_kept(struct agent_coordinator *c, uint64_t cursor, int64_t time_us, const char *json,
                   bool record)
{
    char *copy = strdup(json);
    if (copy == NULL)
        return;
    if (c->kept_count == IO_EVENTS_KEPT) {
        free(c->kept[c->kept_first].json);
        c->kept_first = (c->kept_first + 1) % IO_EVENTS_KEPT;
        c->kept_count--;
    }
    c->kept[(c->kept_first + c->kept_count++) % IO_EVENTS_KEPT] =
        (struct io_kept_event){.cursor = cursor, .json = copy};
    c->next_cursor = cursor + 1;
    if (!record)
        return;
    struct agent_record event = {.kind = AGENT_RECORD_EVENT,
                                 .event = {.seq = cursor, .time_us = time_us, .json = json}};
    if (agent_ledger_append(c->ledger, 0, &event, NULL) != AGENT_OK)
        agent_io_fail(c, "out of memory");
}

void agent_io_notice(struct agent_coordinator *c, const struct agent_action *action)
{
    bool kept = agent_notice_kept(action->notice);
    if (c->pub == NULL)
        return; // still recovering
    // Thousands of jobs a second would drown the events that matter in every subscriber's queue.
    if (!kept) {
        c->quiet_notices++;
        c->sink.job_notices = c->quiet_notices < IO_NOTICES_PER_SNAPSHOT;
    }
    int64_t now = agent_io_now_us(c);
    char body[2 * AGENT_TEXT_MAX + 512], json[sizeof body + 64];
    snprintf(body, sizeof body,
             "\"time_ms\":%" PRId64 ",\"kind\":\"%s\",\"severity\":\"%s\",\"agent\":\"%s\","
             "\"job\":%" PRIu64 ",\"text\":\"",
             now / 1000, agent_notice_name(action->notice), severities[action->severity],
             action->agent, action->id);
    escape(body, sizeof body - 2, action->text);
    size_t used = strlen(body);
    snprintf(body + used, sizeof body - used, "\"");
    uint64_t seq = c->event_seq;
    int len = snprintf(json, sizeof json, "{%s}", body);
    net_pub_send(c->pub, NET_TOPIC_EVENT, json, (size_t)len, &seq);
    c->event_seq = seq;
    if (!kept)
        return;
    snprintf(json, sizeof json, "{\"seq\":%" PRIu64 ",%s}", seq, body);
    agent_io_kept(c, seq, now, json, true);
    log_notice(c, action);
    agent_io_calls_event(c);
}

// Takes over the object.
static void publish(struct agent_coordinator *c, enum net_topic topic, cJSON *json,
                    uint64_t *ret_seq)
{
    char *text = json != NULL ? cJSON_PrintUnformatted(json) : NULL;
    if (text != NULL)
        net_pub_send(c->pub, topic, text, strlen(text), ret_seq);
    cJSON_free(text);
    cJSON_Delete(json);
}

void agent_io_snapshot(struct agent_coordinator *c)
{
    // Nobody would hear of single jobs, or of 1,000 agents four times a second.
    // Nobody would hear of single jobs, or of 1,000 agents four times a second.
    bool heard = net_pub_heard(c->pub, NET_TOPIC_SNAPSHOT);
    c->quiet_notices = 0;
    c->sink.job_notices = net_pub_heard(c->pub, NET_TOPIC_EVENT);
    if (heard)
        publish(c, NET_TOPIC_SNAPSHOT, agent_io_json_snapshot(c, true), &c->snapshot_seq);
    if (net_pub_heard(c->pub, NET_TOPIC_DELTA))
        publish(c, NET_TOPIC_DELTA, agent_io_json_delta(c), NULL);
}
