#include "agent_double.h"

#include <stdlib.h>
#include <string.h>

#include "net_msg.h"

static void must(enum net_status status)
{
    if (status != NET_OK)
        abort();
}

static void on_open(void *user, struct net_link *link)
{
    struct net_buf out = {0};
    struct net_hello hello = {
        .version = NET_PROTOCOL_VERSION,
        .name = net_text_of(user),
        .instance = {1},
        .software = net_text_of("double"),
        .capabilities = net_text_of("{\"credit\":8,\"devices\":[{\"index\":0,\"name\":\"none\"}]}"),
    };
    must(net_hello_encode(&out, &hello, NULL));
    net_link_send(link, &out);
    net_buf_free(&out);
}

static void answer(struct net_buf *out, const struct net_frame *frame)
{
    struct net_dispatch *dispatch = calloc(1, sizeof *dispatch);
    struct net_result *result = calloc(1, sizeof *result);
    if (dispatch == NULL || result == NULL)
        abort();
    must(net_dispatch_decode(frame, dispatch, NULL));
    result->ref = dispatch->ref;
    result->outcome = NET_OUTCOME_DONE;
    result->compute_us = 100;
    result->batch = 1;
    result->n_outputs = dispatch->n_inputs;
    memcpy(result->outputs, dispatch->inputs, sizeof result->outputs);
    must(net_result_encode(out, result, NULL));
    free(dispatch);
    free(result);
}

static void on_batch(void *user, struct net_link *link, struct net_batch *batch)
{
    struct net_buf out = {0};
    struct net_drain drain;
    (void)user;
    for (size_t i = 0; i < batch->n_frames; i++) {
        const struct net_frame *frame = &batch->frames[i];
        if (frame->type == NET_MSG_DISPATCH)
            answer(&out, frame);
        if (frame->type == NET_MSG_DRAIN && net_drain_decode(frame, &drain, NULL) == NET_OK) {
            struct net_drained drained = {.operation = drain.operation};
            must(net_drained_encode(&out, &drained, NULL));
        }
    }
    if (out.len > 0)
        net_link_send(link, &out);
    net_buf_free(&out);
    net_batch_free(batch);
}

// The outputs of a job that an earlier coordinator gave it, in the same attempt: all wrong.
static void answer_stale(struct net_buf *out, const struct net_frame *frame)
{
    static const int32_t wrong = -1;
    struct net_dispatch *dispatch = calloc(1, sizeof *dispatch);
    struct net_result *result = calloc(1, sizeof *result);
    if (dispatch == NULL || result == NULL)
        abort();
    must(net_dispatch_decode(frame, dispatch, NULL));
    result->ref = dispatch->ref;
    result->ref.epoch--;
    result->outcome = NET_OUTCOME_DONE;
    result->batch = 1;
    result->n_outputs = 1;
    result->outputs[0] = (struct net_tensor){
        .dtype = 6, .rank = 1, .dims = {1}, .data = {.data = (const uint8_t *)&wrong, .len = 4}};
    must(net_result_encode(out, result, NULL));
    free(dispatch);
    free(result);
}

static void on_stale_batch(void *user, struct net_link *link, struct net_batch *batch)
{
    struct net_buf out = {0};
    (void)user;
    for (size_t i = 0; i < batch->n_frames; i++) {
        if (batch->frames[i].type != NET_MSG_DISPATCH)
            continue;
        answer_stale(&out, &batch->frames[i]);
        answer(&out, &batch->frames[i]);
    }
    if (out.len > 0)
        net_link_send(link, &out);
    net_buf_free(&out);
    net_batch_free(batch);
}

static void on_close(void *user, struct net_link *link, const struct net_error *reason)
{
    (void)user;
    (void)reason;
    net_link_free(link);
}

struct net_link_events agent_double_events(char *name)
{
    return (struct net_link_events){
        .on_open = on_open, .on_batch = on_batch, .on_close = on_close, .user = name};
}

struct net_link_events agent_double_stale_events(char *name)
{
    return (struct net_link_events){
        .on_open = on_open, .on_batch = on_stale_batch, .on_close = on_close, .user = name};
}
