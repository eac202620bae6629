// Agents' links: what goes out.
#include <string.h>

#include "agent/coordinator/io.h"

static struct net_job_ref ref_of(const struct agent_coordinator *c,
                                 const struct agent_action *action)
{
    return (struct net_job_ref){.job = action->id, .epoch = c->epoch, .attempt = action->attempt};
}

static uint32_t ms_left(int64_t left_us)
{
    int64_t ms = (left_us + 999) / 1000;
    return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

static void send_damaged(struct agent_coordinator *c, uint64_t id, const char *why)
{
    agent_io_log(c, AGENT_ERROR, "the inputs of job %llu can't be read: %s", (unsigned long long)id,
                 why);
    agent_io_note(c, &(struct io_after){.kind = IO_AFTER_DAMAGED, .id = id}, NULL);
}

bool agent_io_input_sound(const struct agent_blob *input, struct net_error *err)
{
    struct net_dispatch dispatch;
    struct net_frame frame = {
        .type = NET_MSG_DISPATCH, .len = (uint32_t)input->size, .body = input->bytes};
    return net_dispatch_decode(&frame, &dispatch, err) == NET_OK;
}

static bool is_sound(struct io_job *job, struct net_error *err)
{
    if (job->foreign && !agent_io_input_sound(job->input, err))
        return false;
    job->foreign = false;
    return true;
}

void agent_io_send_dispatch(struct agent_coordinator *c, const struct agent_action *action)
{
    struct io_link *link = agent_io_link(c, action->link);
    struct io_job *job = agent_io_job(c, action->id);
    struct net_error err = {0};
    if (link == NULL)
        return; // its LINK_LOST is on the way
    if (job == NULL || job->input == NULL || !is_sound(job, &err)) {
        send_damaged(c, action->id, err.text);
        return;
    }
    struct net_job_ref ref = ref_of(c, action);
    struct net_bytes body = {.data = job->input->bytes, .len = job->input->size};
    uint32_t left = action->deadline_us > 0 ? ms_left(action->deadline_us) : 0;
    if (net_dispatch_forward(&link->out, body, &ref, left, &err) != NET_OK)
        agent_io_fail(c, err.text);
}

static void send_welcome(struct agent_coordinator *c, struct io_link *link,
                         const struct agent_action *action)
{
    struct net_welcome welcome = {
        .version = NET_PROTOCOL_VERSION,
        .epoch = c->epoch,
        .agent_id = action->agent_id,
        .heartbeat_ms = c->options.heartbeat_ms,
        .cluster = net_text_of(c->options.cluster),
    };
    link->welcomed = true;
    net_welcome_encode(&link->out, &welcome, NULL);
}

static void send_refuse(struct agent_coordinator *c, struct io_link *link,
                        const struct agent_action *action)
{
    static const uint16_t codes[] = {
        [AGENT_REFUSAL_NAME_TAKEN] = NET_REFUSE_NAME_TAKEN,
        [AGENT_REFUSAL_FULL] = NET_REFUSE_FULL,
        [AGENT_REFUSAL_STOPPING] = NET_REFUSE_STOPPING,
    };
    struct net_refuse refuse = {.code = codes[action->refusal], .text = net_text_of(action->text)};
    net_refuse_encode(&link->out, &refuse, NULL);
    agent_io_log(c, AGENT_WARNING, "agent %s at %s is refused: %s", link->name,
                 net_link_peer(link->net), action->text);
    agent_io_link_close(c, link, action->text);
}

static enum net_status send_tune(struct io_link *link, const struct agent_action *action)
{
    const struct agent_tune *what = action->tune;
    struct net_tune tune = {.operation = action->id,
                            .device = what->device,
                            .rows = what->rows,
                            .budget_ms = what->budget_ms};
    memcpy(tune.hash, what->hash, sizeof tune.hash);
    return net_tune_encode(&link->out, &tune, NULL);
}

static enum net_status send_unload(struct io_link *link, const struct agent_action *action)
{
    struct net_model_unload unload;
    memcpy(unload.hash, action->hash, sizeof unload.hash);
    return net_model_unload_encode(&link->out, &unload, NULL);
}

static enum net_status send_load(struct io_link *link, const struct agent_action *action)
{
    struct net_model_load load = {.flags = (uint8_t)((action->pinned ? NET_LOAD_PINNED : 0) |
                                                     (action->spare ? NET_LOAD_SPARE : 0) |
                                                     (action->pin_only ? NET_LOAD_PIN_ONLY : 0))};
    memcpy(load.hash, action->hash, sizeof load.hash);
    return net_model_load_encode(&link->out, &load, NULL);
}

void agent_io_send_simple(struct agent_coordinator *c, const struct agent_action *action)
{
    struct io_link *link = agent_io_link(c, action->link);
    if (link == NULL)
        return;
    struct net_cancel cancel = {.ref = ref_of(c, action)};
    struct net_drain drain = {.operation = action->id, .deadline_ms = ms_left(action->deadline_us)};
    struct net_resume resume = {.operation = action->id};
    struct net_restart restart = {.operation = action->id};
    struct net_tune_stop stop = {.operation = action->id};
    enum net_status status = NET_OK;
    switch (action->kind) {
    case AGENT_ACTION_WELCOME:
        send_welcome(c, link, action);
        break;
    case AGENT_ACTION_REFUSE:
        send_refuse(c, link, action);
        break;
    case AGENT_ACTION_REVOKE:
        status = net_cancel_encode(&link->out, &cancel, NULL);
        break;
    case AGENT_ACTION_DRAIN:
        status = net_drain_encode(&link->out, &drain, NULL);
        break;
    case AGENT_ACTION_RESTART:
        status = net_restart_encode(&link->out, &restart, NULL);
        break;
    case AGENT_ACTION_UNLOAD:
        status = send_unload(link, action);
        break;
    case AGENT_ACTION_LOAD:
        status = send_load(link, action);
        break;
    case AGENT_ACTION_TUNE:
        status = send_tune(link, action);
        break;
    case AGENT_ACTION_TUNE_STOP:
        status = net_tune_stop_encode(&link->out, &stop, NULL);
        break;
    default:
        status = net_resume_encode(&link->out, &resume, NULL);
    }
    if (status != NET_OK)
        agent_io_fail(c, net_status_text(status));
}

void agent_io_links_beat(struct agent_coordinator *c, int64_t now_us)
{
    for (size_t i = 0; i < c->n_links; i++) {
        struct io_link *link = c->link_list[i];
        if (!link->welcomed || link->closing)
            continue;
        uint64_t idle_ms = net_link_idle_ms(link->net);
        if (link->submitter && idle_ms > IO_SUBMITTER_SILENT_MS) {
            agent_io_link_close(c, link, "it is silent");
            continue;
        }
        // A big result on a slow line is a sign of life long before it has come whole.
        if (!link->submitter && idle_ms < c->options.heartbeat_ms)
            agent_io_event(c, AGENT_EVENT_HEARD)->link = link->id;
        if (now_us - link->heartbeat_us < (int64_t)c->options.heartbeat_ms * 1000)
            continue;
        link->heartbeat_us = now_us;
        struct net_heartbeat beat = {.seq = ++link->heartbeat_seq,
                                     .sent_ms = (uint64_t)now_us / 1000};
        net_heartbeat_encode(&link->out, &beat, NULL);
        agent_io_link_touch(c, link);
    }
}

static void flush(struct agent_coordinator *c, struct io_link *link)
{
    size_t len = link->out.len;
    if (len == 0 || link->closing)
        return;
    // BUSY keeps the frames for the next time.
    bool busy = net_link_send(link->net, &link->out) == NET_ERR_BUSY;
    if (busy && link->out.len > IO_LINK_OUT_MAX)
        agent_io_link_close(c, link, "it does not read what it is sent");
    else if (busy)
        agent_io_link_touch(c, link);
    else if (link->out.len == 0 && len <= IO_IDLE_BYTES)
        net_buf_free(&link->out); // nothing but heartbeats: a thousand such links keep no buffers
}

void agent_io_links_flush(struct agent_coordinator *c)
{
    size_t count = c->n_touched;
    for (size_t i = 0; i < count; i++) {
        struct io_link *link = agent_idmap_get(&c->links, c->touched[i]);
        if (link == NULL)
            continue;
        link->touched = false;
        flush(c, link);
    }
    // Those that are busy have put themselves behind.
    c->n_touched -= count;
    if (c->n_touched > 0)
        memmove(c->touched, c->touched + count, c->n_touched * sizeof *c->touched);
}
