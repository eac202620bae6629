// A submitter's link: the answers, and what is done with open jobs when it is lost.
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "submit.h"

#define SILENT_HEARTBEATS 4
#define SILENT_MS_MIN 1000

// ---- answers

// The slot of an answer, or NULL when none is open under this seq.
static struct net_slot *find(struct net_submitter *s, uint64_t seq, uint32_t *ret_index)
{
    uint32_t index = (uint32_t)seq;
    if (index >= s->options.window || s->slots[index].state != SENT ||
        s->slots[index].generation != (uint32_t)(seq >> 32))
        return NULL;
    *ret_index = index;
    return &s->slots[index];
}

static enum net_status take_submitted(struct net_submitter *s, const struct net_frame *frame,
                                      struct net_error *err)
{
    static const enum net_answer_kind kinds[] = {
        [NET_SUBMISSION_ACCEPTED] = NET_ANSWER_TAKEN,
        [NET_SUBMISSION_EXISTING] = NET_ANSWER_TAKEN,
        [NET_SUBMISSION_BUSY] = NET_ANSWER_BUSY,
        [NET_SUBMISSION_REFUSED] = NET_ANSWER_REFUSED,
    };
    struct net_submitted msg;
    uint32_t index;
    enum net_status status = net_submitted_decode(frame, &msg, err);
    if (status)
        return status;
    pthread_mutex_lock(&s->lock);
    struct net_slot *slot = find(s, msg.seq, &index);
    bool taken = kinds[msg.status] == NET_ANSWER_TAKEN;
    bool again = slot && taken && slot->acked; // after it was submitted twice
    struct net_answer answer = {.kind = kinds[msg.status],
                                .existing = msg.status == NET_SUBMISSION_EXISTING,
                                .job = msg.job,
                                .retry_after_ms = msg.retry_after_ms,
                                .code = msg.code,
                                .text = msg.text};
    if (slot) {
        answer.tag = slot->tag;
        answer.last = !taken || !(slot->want & NET_SUBMIT_RESULT);
        slot->job = msg.job;
        slot->acked = taken;
        if (answer.last)
            net_submitter_release(s, index);
    }
    pthread_mutex_unlock(&s->lock);
    if (slot && !again)
        s->options.on_answer(s->options.user, &answer);
    return NET_OK;
}

static enum net_status take_result(struct net_submitter *s, const struct net_frame *frame,
                                   struct net_error *err)
{
    struct net_job_result msg;
    uint32_t index;
    enum net_status status = net_job_result_decode(frame, &msg, err);
    if (status)
        return status;
    struct net_answer answer = {.kind = NET_ANSWER_ENDED,
                                .last = true,
                                .job = msg.job,
                                .code = msg.code,
                                .text = msg.text,
                                .result = &msg};
    pthread_mutex_lock(&s->lock);
    struct net_slot *slot = find(s, msg.seq, &index);
    if (slot) {
        answer.tag = slot->tag;
        net_submitter_release(s, index);
    }
    pthread_mutex_unlock(&s->lock);
    if (slot)
        s->options.on_answer(s->options.user, &answer);
    return NET_OK;
}

static enum net_status take_credit(struct net_submitter *s, const struct net_frame *frame,
                                   struct net_error *err)
{
    struct net_submit_credit msg;
    enum net_status status = net_submit_credit_decode(frame, &msg, err);
    if (status)
        return status;
    pthread_mutex_lock(&s->lock);
    s->credit = msg.credit;
    pthread_mutex_unlock(&s->lock);
    return NET_OK;
}

static enum net_status take_heartbeat(struct net_submitter *s, const struct net_frame *frame,
                                      struct net_error *err)
{
    struct net_heartbeat msg;
    enum net_status status = net_heartbeat_decode(frame, &msg, err);
    if (status)
        return status;
    struct net_heartbeat_ack ack = {.seq = msg.seq, .sent_ms = msg.sent_ms};
    pthread_mutex_lock(&s->lock);
    status = net_heartbeat_ack_encode(&s->out, &ack, err);
    pthread_mutex_unlock(&s->lock);
    return status;
}

static void heartbeat_at(struct net_submitter *s, uint32_t ms)
{
    net_timer_set(s->loop, &s->timer, net_clock_ms() + ms);
}

static enum net_status take_welcome(struct net_submitter *s, struct net_link *link,
                                    const struct net_frame *frame, struct net_error *err)
{
    struct net_submit_welcome msg;
    enum net_status status = net_submit_welcome_decode(frame, &msg, err);
    if (status)
        return status;
    pthread_mutex_lock(&s->lock);
    s->link = link;
    s->credit = msg.credit;
    s->heartbeat_ms = msg.heartbeat_ms;
    s->reason.status = NET_OK;
    if (!s->closing)
        heartbeat_at(s, s->heartbeat_ms);
    net_submitter_pump(s);
    net_submitter_unlock(s);
    if (s->options.on_connected)
        s->options.on_connected(s->options.user, msg.epoch);
    return NET_OK;
}

static enum net_status take_frame(struct net_submitter *s, struct net_link *link,
                                  const struct net_frame *frame, struct net_error *err)
{
    switch (frame->type) {
    case NET_MSG_SUBMIT_WELCOME:
        return take_welcome(s, link, frame, err);
    case NET_MSG_SUBMITTED:
        return take_submitted(s, frame, err);
    case NET_MSG_JOB_RESULT:
        return take_result(s, frame, err);
    case NET_MSG_SUBMIT_CREDIT:
        return take_credit(s, frame, err);
    case NET_MSG_HEARTBEAT:
        return take_heartbeat(s, frame, err);
    default: // HEARTBEAT_ACK and farewells: that they came is all they say
        return NET_OK;
    }
}

// ---- the link's callbacks

void net_submitter_on_open(void *user, struct net_link *link)
{
    struct net_submitter *s = user;
    struct net_buf buf = {NULL, 0, 0};
    struct net_submit_hello hello = {.version = NET_PROTOCOL_VERSION,
                                     .name = net_text_of(s->name),
                                     .tenant = net_text_of(s->tenant),
                                     .software = net_text_of(s->software)};
    struct net_error err;
    enum net_status status = net_submit_hello_encode(&buf, &hello, &err);
    if (status || net_link_send(link, &buf))
        net_link_close(link, status ? &err : NULL);
    net_buf_free(&buf);
}

void net_submitter_on_batch(void *user, struct net_link *link, struct net_batch *batch)
{
    struct net_submitter *s = user;
    struct net_error err;
    enum net_status status = NET_OK;
    pthread_mutex_lock(&s->lock);
    s->in_callback = true;
    s->callback_thread = pthread_self();
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < batch->n_frames && !status; i++)
        status = take_frame(s, link, &batch->frames[i], &err);
    pthread_mutex_lock(&s->lock);
    s->in_callback = false;
    net_submitter_pump(s);
    net_submitter_flush(s);
    net_submitter_unlock(s);
    net_batch_free(batch);
    if (status)
        net_link_close(link, &err);
}

// A sent job whose last answer can't come any more: it waits again, or `ret_answer` says what its
// submitter is told. False: there is none left.
static bool lose_one(struct net_submitter *s, uint32_t *at, struct net_answer *ret_answer)
{
    bool lost = false;
    pthread_mutex_lock(&s->lock);
    for (; *at < s->options.window && !lost; (*at)++) {
        struct net_slot *slot = &s->slots[*at];
        lost = slot->state != FREE && (s->closing || (slot->state == SENT && !slot->keyed));
        if (lost) {
            *ret_answer = (struct net_answer){
                .kind = slot->was_sent ? NET_ANSWER_UNKNOWN : NET_ANSWER_UNSENT,
                .tag = slot->tag,
                .last = true,
                .job = slot->job,
                .text = net_text_of("the connection to the coordinator ended before an answer")};
            net_submitter_release(s, *at);
        } else if (slot->state == SENT) {
            s->sent--;
            net_submitter_wait_push(s, *at);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return lost;
}

void net_submitter_lose(struct net_submitter *s)
{
    struct net_answer answer;
    uint32_t at = 0;
    while (lose_one(s, &at, &answer))
        s->options.on_answer(s->options.user, &answer);
    pthread_mutex_lock(&s->lock);
    net_submitter_unlock(s);
}

void net_submitter_on_close(void *user, struct net_link *link, const struct net_error *reason)
{
    struct net_submitter *s = user;
    pthread_mutex_lock(&s->lock);
    bool welcomed = s->link == link;
    if (welcomed)
        s->link = NULL;
    net_buf_reset(&s->out); // frames of the link that has ended
    s->reason = *reason;
    if (!s->reason.status)
        net_fail(&s->reason, NET_ERR_CLOSED, "closed");
    net_submitter_unlock(s);
    net_link_free(link);
    if (!welcomed)
        return;
    net_submitter_lose(s);
    if (s->options.on_disconnected)
        s->options.on_disconnected(s->options.user, reason);
}

// On the timers' thread: tells the coordinator that we live, and leaves one that does not.
void net_submitter_beat(void *arg)
{
    struct net_submitter *s = arg;
    pthread_mutex_lock(&s->lock);
    if (s->link && !s->closing) {
        uint64_t silent_max = (uint64_t)s->heartbeat_ms * SILENT_HEARTBEATS;
        struct net_heartbeat msg = {.seq = ++s->heartbeat_seq, .sent_ms = net_clock_ms()};
        struct net_error reason;
        if (silent_max < SILENT_MS_MIN)
            silent_max = SILENT_MS_MIN;
        if (net_link_idle_ms(s->link) > silent_max) {
            net_fail(&reason, NET_ERR_TIMEOUT, "the coordinator is silent");
            net_link_close(s->link, &reason);
        } else {
            net_heartbeat_encode(&s->out, &msg, NULL);
            net_submitter_flush(s);
            heartbeat_at(s, s->heartbeat_ms);
        }
    }
    pthread_mutex_unlock(&s->lock);
}
