// Agents' links: what comes in, as events for the core.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/io.h"

// ---- the loop's callbacks, on the owner's thread

static void on_open(void *user, struct net_link *link)
{
    struct agent_coordinator *c = user;
    if (c->deaf)
        net_link_free(link);
    else
        agent_io_link_opened(c, link);
}

static void on_batch(void *user, struct net_link *link, struct net_batch *batch)
{
    struct agent_coordinator *c = user;
    (void)link;
    if (!c->deaf)
        agent_io_frames(c, batch);
    net_batch_free(batch);
}

static void on_close(void *user, struct net_link *link, const struct net_error *reason)
{
    struct agent_coordinator *c = user;
    if (!c->deaf)
        agent_io_link_closed(c, net_link_id(link), reason->text);
}

bool agent_io_listen(struct agent_coordinator *c, struct agent_error *err)
{
    struct net_error net_err = {0};
    struct net_link_listener_options options = {
        .address = c->options.agents_address,
        .tls = c->options.tls,
        .loop = c->loop,
        .events = {.on_open = on_open, .on_batch = on_batch, .on_close = on_close, .user = c},
    };
    if (net_link_listener_create(&options, &c->listener, &net_err) == NET_OK)
        return true;
    agent_error_set(err, AGENT_ERR_NET, "agents' address %s: %s", c->options.agents_address,
                    net_err.text);
    return false;
}

// ---- links

void agent_io_link_touch(struct agent_coordinator *c, struct io_link *link)
{
    if (link->touched)
        return;
    if (c->n_touched == c->touched_room) {
        size_t room = c->touched_room == 0 ? 64 : c->touched_room * 2;
        uint64_t *grown = realloc(c->touched, room * sizeof *grown);
        if (grown == NULL) {
            agent_io_fail(c, "out of memory");
            return;
        }
        c->touched = grown;
        c->touched_room = room;
    }
    link->touched = true;
    c->touched[c->n_touched++] = link->id;
}

struct io_link *agent_io_link(struct agent_coordinator *c, uint64_t id)
{
    struct io_link *link = agent_idmap_get(&c->links, id);
    if (link != NULL)
        agent_io_link_touch(c, link);
    return link;
}

struct io_link *agent_io_link_of(struct agent_coordinator *c, const char *agent)
{
    struct agent_agent_view view;
    if (!agent_coord_agent(c->core, agent, &view) || !view.connected)
        return NULL;
    return agent_io_link(c, view.link);
}

void agent_io_link_opened(struct agent_coordinator *c, struct net_link *net)
{
    struct io_link *link = calloc(1, sizeof *link);
    if (link == NULL)
        goto fail;
    link->net = net;
    link->id = net_link_id(net);
    if (c->n_links == c->link_room) {
        size_t room = c->link_room == 0 ? 64 : c->link_room * 2;
        struct io_link **list = realloc(c->link_list, room * sizeof(struct io_link *));
        if (list == NULL)
            goto fail;
        c->link_list = list;
        c->link_room = room;
    }
    if (!agent_idmap_put(&c->links, link->id, link))
        goto fail;
    c->link_list[c->n_links++] = link;
    return;
fail:
    free(link);
    net_link_free(net);
}

static void link_free(struct agent_coordinator *c, struct io_link *link)
{
    agent_idmap_remove(&c->links, link->id);
    for (size_t i = 0; i < c->n_links; i++) {
        if (c->link_list[i] == link) {
            c->link_list[i] = c->link_list[--c->n_links];
            break;
        }
    }
    net_link_free(link->net);
    net_buf_free(&link->out);
    free(link->devices);
    agent_io_told_free(link);
    free(link);
}

void agent_io_links_free(struct agent_coordinator *c)
{
    while (c->n_links > 0)
        link_free(c, c->link_list[0]);
    free(c->link_list);
    free(c->touched);
    c->link_list = NULL;
    c->touched = NULL;
}

void agent_io_link_closed(struct agent_coordinator *c, uint64_t id, const char *why)
{
    struct io_link *link = agent_io_link(c, id);
    if (link == NULL)
        return;
    if (link->submitter) { // its jobs go on; nobody is told of them
        agent_io_step(c);  // which may still look at its tenant
        link_free(c, link);
        return;
    }
    struct agent_event *event = agent_io_event(c, AGENT_EVENT_LINK_LOST);
    event->link = link->id;
    event->reason = agent_io_scratch(c, why, strlen(why));
    if (event->reason[0] == '\0')
        event->reason = "the connection ended";
    agent_io_step(c); // so that nothing is sent to a link that is gone
    link_free(c, link);
}

void agent_io_link_close(struct agent_coordinator *c, struct io_link *link, const char *why)
{
    struct net_error reason = {.status = NET_ERR_CLOSED};
    snprintf(reason.text, sizeof reason.text, "%s", why);
    link->closing = true;
    if (link->out.len > 0)
        net_link_send(link->net, &link->out);
    net_link_close_flushed(link->net, &reason, 1000);
    (void)c;
}

// A peer that breaks the protocol is told why and loses its link.
static void protocol_error(struct agent_coordinator *c, struct io_link *link,
                           const struct net_error *err)
{
    agent_io_log(c, AGENT_WARNING, "%s %s at %s broke the protocol: %s",
                 link->submitter ? "submitter" : "agent", link->name[0] != '\0' ? link->name : "?",
                 net_link_peer(link->net), err->text);
    struct net_refuse refuse = {.code = NET_REFUSE_BAD_HELLO, .text = net_text_of(err->text)};
    net_refuse_encode(&link->out, &refuse, NULL);
    agent_io_link_close(c, link, err->text);
}

static enum net_status take_hello(struct agent_coordinator *c, struct io_link *link,
                                  const struct net_frame *frame, struct net_error *err)
{
    struct net_hello hello;
    enum net_status status = net_hello_decode(frame, &hello, err);
    if (status != NET_OK)
        return status;
    if (link->name[0] != '\0') {
        snprintf(err->text, sizeof err->text, "a second HELLO");
        return err->status = NET_ERR_PROTOCOL;
    }
    net_text_copy(hello.name, link->name, sizeof link->name);
    net_text_copy(hello.software, link->version, sizeof link->version);
    agent_io_told_capabilities(link, hello.capabilities.data, hello.capabilities.len);
    const cJSON *capabilities = agent_io_capabilities_of(link);
    if (link->told != NULL)
        link->told->devices = (uint32_t)cJSON_GetArraySize(
            cJSON_GetObjectItemCaseSensitive(capabilities, "devices"));
    struct agent_event *event = agent_io_event(c, AGENT_EVENT_HELLO);
    event->link = link->id;
    event->hello.name = agent_io_scratch(c, hello.name.data, hello.name.len);
    memcpy(event->hello.instance, hello.instance, sizeof event->hello.instance);
    event->hello.credit = agent_io_credit_of(capabilities);
    event->hello.n_devices = agent_io_devices_of(capabilities, &link->devices);
    event->hello.can_restart =
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(capabilities, "restart"));
    event->hello.can_load = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(capabilities, "load"));
    event->hello.can_prefetch =
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(capabilities, "prefetch"));
    event->hello.devices = link->devices;
    return NET_OK;
}

static enum net_status take_started(struct agent_coordinator *c, struct io_link *link,
                                    const struct net_frame *frame, struct net_error *err)
{
    struct net_started started;
    enum net_status status = net_started_decode(frame, &started, err);
    for (uint32_t i = 0; status == NET_OK && i < started.n_refs; i++) {
        struct agent_event *event = agent_io_event(c, AGENT_EVENT_STARTED);
        event->link = link->id;
        event->started.ref = (struct agent_job_ref){.job = started.refs[i].job,
                                                    .epoch = started.refs[i].epoch,
                                                    .attempt = started.refs[i].attempt};
    }
    return status;
}

// Keeps a result's body, which the core will ask for if it takes the result. Before its event:
// there are never more of them than events.
static void offer_output(struct agent_coordinator *c, const struct io_link *link,
                         const struct net_job_ref *ref, const struct net_frame *frame)
{
    if (ref->epoch != c->epoch)
        return; // of an earlier coordinator: it is not taken
    if (c->n_events == IO_EVENTS_MAX)
        agent_io_step(c);
    struct agent_blob *blob = agent_blob_new(frame->body, frame->len);
    if (blob == NULL) {
        agent_io_fail(c, "out of memory");
        return;
    }
    c->offers[c->n_offers++] = (struct io_offer){
        .job = ref->job, .link = link->id, .attempt = ref->attempt, .output = blob};
}

static enum net_status take_result(struct agent_coordinator *c, struct io_link *link,
                                   const struct net_frame *frame, struct net_error *err)
{
    static const enum agent_outcome outcomes[] = {
        [NET_OUTCOME_DONE] = AGENT_OUTCOME_DONE,
        [NET_OUTCOME_FAILED_PERMANENT] = AGENT_OUTCOME_FAILED_PERMANENT,
        [NET_OUTCOME_FAILED_RETRYABLE] = AGENT_OUTCOME_FAILED_RETRYABLE,
        [NET_OUTCOME_CANCELLED] = AGENT_OUTCOME_CANCELLED,
        [NET_OUTCOME_EXPIRED] = AGENT_OUTCOME_EXPIRED,
        [NET_OUTCOME_RETURNED] = AGENT_OUTCOME_RETURNED,
    };
    struct net_result result;
    enum net_status status = net_result_decode(frame, &result, err);
    if (status != NET_OK)
        return status;
    uint64_t bytes = 0;
    for (uint8_t i = 0; i < result.n_outputs; i++)
        bytes += result.outputs[i].data.len;
    if (result.outcome == NET_OUTCOME_DONE)
        offer_output(c, link, &result.ref, frame);
    if (result.outcome == NET_OUTCOME_FAILED_PERMANENT ||
        result.outcome == NET_OUTCOME_FAILED_RETRYABLE)
        agent_io_agent_failed(c, link->name, "job %" PRIu64 ": %.*s", result.ref.job,
                              (int)result.error_text.len, result.error_text.data);
    struct agent_event *event = agent_io_event(c, AGENT_EVENT_RESULT);
    event->link = link->id;
    event->result = (struct agent_result){
        .ref = {.job = result.ref.job, .epoch = result.ref.epoch, .attempt = result.ref.attempt},
        .outcome = outcomes[result.outcome],
        .device = result.device,
        .load_us = result.load_us,
        .compute_us = result.compute_us,
        .copy_us = result.copy_us,
        .batch = result.batch,
        .output_bytes = bytes,
        .error_code = net_job_error_name((enum net_job_error)result.error_code),
        .error_text = agent_io_scratch(c, result.error_text.data, result.error_text.len),
    };
    return NET_OK;
}

static enum net_status take_model_state(struct agent_coordinator *c, struct io_link *link,
                                        const struct net_frame *frame, struct net_error *err)
{
    static const enum agent_model_state states[] = {
        [NET_RESIDENCY_ABSENT] = AGENT_MODEL_ABSENT,
        [NET_RESIDENCY_LOADING] = AGENT_MODEL_LOADING,
        [NET_RESIDENCY_READY] = AGENT_MODEL_RESIDENT,
        [NET_RESIDENCY_FAILED] = AGENT_MODEL_FAILED,
    };
    struct net_model_state state;
    enum net_status status = net_model_state_decode(frame, &state, err);
    if (status != NET_OK)
        return status;
    struct agent_event *event = agent_io_event(c, AGENT_EVENT_MODEL_STATE);
    event->link = link->id;
    event->model.hash =
        (const uint8_t *)agent_io_scratch(c, (const char *)state.hash, sizeof state.hash);
    event->model.state = states[state.state];
    if (state.state == NET_RESIDENCY_FAILED)
        agent_io_agent_failed(c, link->name, "a model: %.*s", (int)state.text.len,
                              state.text.data);
    event->model.bytes = state.bytes;
    event->model.load_us = state.load_us;
    event->model.text = agent_io_scratch(c, state.text.data, state.text.len);
    return NET_OK;
}

static enum net_status take_tune_state(struct agent_coordinator *c, struct io_link *link,
                                       const struct net_frame *frame, struct net_error *err)
{
    static const enum agent_tuning states[] = {
        [NET_TUNING_WAITING] = AGENT_TUNING_WAITING,
        [NET_TUNING_MEASURING] = AGENT_TUNING_MEASURING,
        [NET_TUNING_LOADING] = AGENT_TUNING_LOADING,
        [NET_TUNING_DONE] = AGENT_TUNING_DONE,
        [NET_TUNING_CANCELLED] = AGENT_TUNING_CANCELLED,
        [NET_TUNING_FAILED] = AGENT_TUNING_FAILED,
    };
    struct net_tune_state state;
    enum net_status status = net_tune_state_decode(frame, &state, err);
    if (status != NET_OK)
        return status;
    struct agent_event *event = agent_io_event(c, AGENT_EVENT_TUNE_STATE);
    event->link = link->id;
    event->reason = agent_io_scratch(c, state.text.data, state.text.len);
    event->tune_state = (struct agent_tune_state){
        .operation = state.operation,
        .state = states[state.state],
        .figures = {.candidates = state.candidates,
                    .measured = state.measured,
                    .refused = state.refused,
                    .changed = state.changed,
                    .before_us = state.before_us,
                    .after_us = state.after_us,
                    .elapsed_ms = state.elapsed_ms,
                    .kept = state.kept != 0,
                    .complete = state.complete != 0},
    };
    return NET_OK;
}

static enum net_status take_rest(struct agent_coordinator *c, struct io_link *link,
                                 const struct net_frame *frame, struct net_error *err)
{
    enum net_status status = NET_OK;
    struct net_credit credit;
    struct net_drained drained;
    struct net_goodbye goodbye;
    struct net_heartbeat beat;
    struct net_heartbeat_ack ack;
    struct agent_event *event;
    switch (frame->type) {
    case NET_MSG_CREDIT:
        if ((status = net_credit_decode(frame, &credit, err)) == NET_OK) {
            event = agent_io_event(c, AGENT_EVENT_CREDIT);
            event->link = link->id;
            event->credit = credit.jobs;
            event->reason = agent_io_scratch(c, credit.text.data, credit.text.len);
        }
        break;
    case NET_MSG_DRAINED:
        if ((status = net_drained_decode(frame, &drained, err)) == NET_OK) {
            event = agent_io_event(c, AGENT_EVENT_DRAINED);
            event->link = link->id;
            event->id = drained.operation;
        }
        break;
    case NET_MSG_GOODBYE:
        if ((status = net_goodbye_decode(frame, &goodbye, err)) == NET_OK && !link->submitter) {
            event = agent_io_event(c, AGENT_EVENT_GOODBYE);
            event->link = link->id;
            event->reason = agent_io_scratch(c, goodbye.text.data, goodbye.text.len);
        }
        break;
    case NET_MSG_HEARTBEAT:
        if ((status = net_heartbeat_decode(frame, &beat, err)) == NET_OK) {
            ack = (struct net_heartbeat_ack){.seq = beat.seq, .sent_ms = beat.sent_ms};
            if (!link->submitter)
                agent_io_event(c, AGENT_EVENT_BEAT)->link = link->id;
            status = net_heartbeat_ack_encode(&link->out, &ack, err);
        }
        break;
    case NET_MSG_HEARTBEAT_ACK:
        if ((status = net_heartbeat_ack_decode(frame, &ack, err)) == NET_OK &&
            ack.seq == link->heartbeat_seq)
            link->rtt_us = (uint32_t)(agent_io_now_us(c) - link->heartbeat_us);
        break;
    default: // REFUSE: it closes by itself
        break;
    }
    return status;
}

static enum net_status take_frame(struct agent_coordinator *c, struct io_link *link,
                                  const struct net_frame *frame, struct net_error *err)
{
    switch (frame->type) {
    case NET_MSG_HELLO:
        return take_hello(c, link, frame, err);
    case NET_MSG_STARTED:
        return take_started(c, link, frame, err);
    case NET_MSG_RESULT:
        return take_result(c, link, frame, err);
    case NET_MSG_MODEL_STATE:
        return take_model_state(c, link, frame, err);
    case NET_MSG_TUNE_STATE:
        return take_tune_state(c, link, frame, err);
    case NET_MSG_TELEMETRY:
        return agent_io_telemetry(c, link, frame, err);
    case NET_MSG_MODEL_WANT:
        return agent_io_model_want(c, link, frame, err);
    case NET_MSG_MODEL_READ:
        return agent_io_model_read(c, link, frame, err);
    default:
        return take_rest(c, link, frame, err);
    }
}

// What only submitters send; net has seen to it that nobody else does.
static bool is_from_submitter(const struct io_link *link, const struct net_frame *frame)
{
    return frame->type == NET_MSG_SUBMIT_HELLO ||
           (link->submitter && frame->type == NET_MSG_SUBMIT);
}

void agent_io_frames(struct agent_coordinator *c, struct net_batch *batch)
{
    struct io_link *link = agent_io_link(c, net_link_id(batch->link));
    if (link == NULL || link->closing)
        return;
    struct net_error err = {0};
    for (size_t i = 0; i < batch->n_frames && !link->closing; i++) {
        const struct net_frame *frame = &batch->frames[i];
        enum net_status status = is_from_submitter(link, frame)
                                     ? agent_io_submit_frame(c, link, frame, &err)
                                     : take_frame(c, link, frame, &err);
        if (status != NET_OK)
            protocol_error(c, link, &err);
        else if (link->out.len > IO_LINK_OUT_MAX)
            agent_io_link_close(c, link, "it asks for more at once than it can be sent");
    }
    if (!link->submitter)
        agent_io_event(c, AGENT_EVENT_HEARD)->link = link->id;
}
