// Agent links between a listener and a dialer of one process.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "net_link.h"
#include "tests/net/support.h"

struct pair {
    struct record agent, coordinator;
    struct net_link_listener *listener;
    struct net_link_dialer *dialer;
};

static void pair_listen(struct pair *pair, const char *address, struct net_link_limits limits)
{
    struct net_link_listener_options options = {
        .address = address, .limits = limits, .events = record_events(&pair->coordinator)};
    struct net_error err;
    cr_assert_eq(net_link_listener_create(&options, &pair->listener, &err), NET_OK, "%s", err.text);
}

static void pair_dial(struct pair *pair, const char *address)
{
    struct net_link_dialer_options options = {.address = address,
                                              .backoff_ms_min = 10,
                                              .backoff_ms_max = 50,
                                              .on_retry = record_on_retry,
                                              .events = record_events(&pair->agent)};
    struct net_error err;
    cr_assert_eq(net_link_dialer_create(&options, &pair->dialer, &err), NET_OK, "%s", err.text);
}

static void pair_init(struct pair *pair)
{
    memset(pair, 0, sizeof(*pair));
    record_init(&pair->agent);
    record_init(&pair->coordinator);
    pair->agent.greet = true;
    pair->coordinator.welcome = true;
}

static void pair_open(struct pair *pair, struct net_link_limits limits)
{
    pair_listen(pair, "tcp://127.0.0.1:0", limits);
    pair_dial(pair, net_link_listener_address(pair->listener));
    cr_assert(WAIT_FOR(&pair->agent, pair->agent.by_type[NET_MSG_WELCOME] == 1));
}

static void pair_finish(struct pair *pair)
{
    net_link_dialer_free(pair->dialer);
    net_link_listener_free(pair->listener);
    cr_expect_eq(pair->agent.opened, pair->agent.closed);
    cr_expect_eq(pair->coordinator.opened, pair->coordinator.closed);
    cr_expect_eq(pair->agent.out_of_order + pair->coordinator.out_of_order, 0);
    record_finish(&pair->agent);
    record_finish(&pair->coordinator);
}

static const struct net_link_limits defaults;

Test(link, hello_and_welcome)
{
    struct pair pair;
    pair_init(&pair);
    pair_open(&pair, defaults);
    cr_assert_eq(strncmp(net_link_listener_address(pair.listener), "tcp://127.0.0.1:", 16), 0);
    cr_assert_neq(strtol(net_link_listener_address(pair.listener) + 16, NULL, 10), 0);
    cr_assert_eq(pair.coordinator.by_type[NET_MSG_HELLO], 1);
    cr_assert_eq(strncmp(net_link_peer(pair.coordinator.link), "tcp://127.0.0.1:", 16), 0);
    cr_assert_str_eq(net_link_peer(pair.agent.link), net_link_listener_address(pair.listener));
    cr_assert_neq(net_link_id(pair.agent.link), net_link_id(pair.coordinator.link));
    cr_assert_leq(net_link_idle_ms(pair.agent.link), WAIT_MS);
    pair_finish(&pair);
}

// Many threads' worth of small frames arrive whole, in order and batched, in both directions.
Test(link, frames_keep_their_order)
{
    enum { COUNT = 20000 };
    struct pair pair;
    pair_init(&pair);
    pair_open(&pair, defaults);
    pair.coordinator.keep = true;
    for (uint64_t i = 0; i < COUNT; i++)
        cr_assert_eq(send_heartbeat(pair.agent.link, i), NET_OK);
    cr_assert(WAIT_FOR(&pair.coordinator, pair.coordinator.by_type[NET_MSG_HEARTBEAT] == COUNT));
    uint64_t expected = 0;
    struct net_batch *batch;
    while ((batch = record_take(&pair.coordinator))) {
        for (size_t i = 0; i < batch->n_frames; i++) {
            struct net_heartbeat beat;
            cr_assert_eq(net_heartbeat_decode(&batch->frames[i], &beat, NULL), NET_OK);
            cr_assert_eq(beat.seq, expected++);
        }
        net_batch_free(batch);
    }
    cr_assert_eq(expected, COUNT);
    struct net_link_stats sent, got;
    net_link_stats(pair.agent.link, &sent);
    net_link_stats(pair.coordinator.link, &got);
    cr_assert_eq(sent.frames_out, COUNT + 1);
    cr_assert_eq(got.frames_in, COUNT + 1);
    cr_assert_eq(sent.bytes_out, got.bytes_in);
    cr_assert_leq(sent.writes, sent.frames_out, "a full socket's frames go out together");
    pair_finish(&pair);
}

static enum net_status send_job(struct net_link *link, size_t bytes)
{
    struct net_buf buf = {NULL, 0, 0};
    uint8_t *data = malloc(bytes);
    memset(data, 0x5A, bytes);
    struct net_dispatch job = {.model = net_text_of("digits"), .n_inputs = 1};
    job.inputs[0] =
        (struct net_tensor){.dtype = 2, .rank = 1, .dims = {(int64_t)bytes}, .data = {data, bytes}};
    enum net_status status = net_dispatch_encode(&buf, &job, NULL);
    if (!status)
        status = net_link_send(link, &buf);
    net_buf_free(&buf);
    free(data);
    return status;
}

Test(link, a_job_of_60_mb_arrives_whole)
{
    size_t bytes = (size_t)60 << 20;
    struct pair pair;
    pair_init(&pair);
    pair_open(&pair, defaults);
    pair.agent.keep = true;
    cr_assert_eq(send_job(pair.coordinator.link, bytes), NET_OK);
    cr_assert(WAIT_FOR(&pair.agent, pair.agent.by_type[NET_MSG_DISPATCH] == 1));
    struct net_batch *batch = record_take(&pair.agent);
    struct net_dispatch job;
    cr_assert_eq(net_dispatch_decode(&batch->frames[0], &job, NULL), NET_OK);
    cr_assert_eq(job.inputs[0].data.len, bytes);
    for (size_t i = 0; i < bytes; i += 4099)
        cr_assert_eq(job.inputs[0].data.data[i], 0x5A);
    net_batch_free(batch);
    pair_finish(&pair);
}

// What a busy moment piles up in one send may be more than the limit: it must not wait for ever.
Test(link, a_send_over_the_limit_goes_when_nothing_waits)
{
    struct pair pair;
    pair_init(&pair);
    pair_open(&pair, (struct net_link_limits){.send_bytes_max = 1 << 20});
    cr_assert_eq(send_job(pair.coordinator.link, 3 << 20), NET_OK);
    cr_assert(WAIT_FOR(&pair.agent, pair.agent.by_type[NET_MSG_DISPATCH] == 1));
    pair_finish(&pair);
}

// An owner that frees nothing stops the reading, the peer's buffer fills, its sends turn busy;
// freeing lets everything through.
Test(link, back_pressure_reaches_the_sender)
{
    struct pair pair;
    pair_init(&pair);
    struct net_link_limits limits = {.send_bytes_max = 4 << 20, .recv_bytes_max = 1 << 20};
    pair_open(&pair, limits);
    pair.coordinator.keep = true;
    struct net_link *link = pair.agent.link;
    struct net_buf buf = {NULL, 0, 0};
    char *json = calloc(1, 200001);
    memset(json, ' ', 200000);
    struct net_telemetry telemetry = {.json = {json, 200000}};
    struct net_telemetry small = {.json = {json, 2}};
    unsigned sent = 0;
    // The dialer has the default limit, 160 MiB; 900 x 200 KB is over it by what sockets hold.
    enum net_status status = NET_OK;
    while (status == NET_OK && sent < 2000) {
        cr_assert_eq(net_telemetry_encode(&buf, &telemetry, NULL), NET_OK);
        status = net_link_send(link, &buf);
        sent += status == NET_OK;
    }
    cr_assert_eq(status, NET_ERR_BUSY);
    cr_assert_gt(buf.len, 0, "a frame that was not taken stays with its owner");
    cr_assert_gt(net_link_send_waiting(link), (size_t)100 << 20);
    net_buf_free(&buf);
    unsigned got = 0;
    while (got < sent) {
        cr_assert(WAIT_FOR(&pair.coordinator, pair.coordinator.first != NULL));
        struct net_batch *batch = record_take(&pair.coordinator);
        for (size_t i = 0; i < batch->n_frames; i++)
            got += batch->frames[i].type == NET_MSG_TELEMETRY;
        net_batch_free(batch);
    }
    cr_assert_eq(net_telemetry_encode(&buf, &small, NULL), NET_OK);
    cr_assert_eq(net_link_send(link, &buf), NET_OK);
    cr_assert(WAIT_FOR(&pair.coordinator, pair.coordinator.by_type[NET_MSG_TELEMETRY] == sent + 1));
    net_buf_free(&buf);
    free(json);
    pair_finish(&pair);
}

Test(link, half_a_frame_is_refused_by_send)
{
    struct pair pair;
    pair_init(&pair);
    pair_open(&pair, defaults);
    uint8_t bytes[] = {16, 0, 0, 0, 4, 0, 0, 0, 1, 2, 3};
    struct net_buf buf = {malloc(sizeof(bytes)), sizeof(bytes), sizeof(bytes)};
    memcpy(buf.data, bytes, sizeof(bytes));
    cr_assert_eq(net_link_send(pair.agent.link, &buf), NET_ERR_INVAL);
    net_buf_free(&buf);
    pair_finish(&pair);
}

// A frame bigger than its type's limit, or of the other side's type, ends that link only.
Test(link, a_broken_frame_ends_its_link_with_a_reason)
{
    static const struct {
        uint8_t header[8];
        enum net_status status;
        const char *text;
    } cases[] = {
        {{17, 0, 0, 0, 4, 0, 0, 0},
         NET_ERR_TOO_BIG,
         "HEARTBEAT: 17 bytes are over its limit of 16"},
        {{1, 0, 0, 0, 3, 1, 0, 0}, NET_ERR_PROTOCOL, "message type 259 is not known"},
        {{1, 0, 0, 0, 4, 0, 1, 0}, NET_ERR_PROTOCOL, "HEARTBEAT: flags 0x1 are not defined"},
        {{0, 0, 0, 0, 16, 0, 0, 0}, NET_ERR_PROTOCOL, "DISPATCH is not for this side to receive"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pair pair;
        pair_init(&pair);
        pair_open(&pair, defaults);
        // A body makes the frame whole for the sender.
        struct net_buf buf = {calloc(1, 64), 8 + (size_t)cases[i].header[0], 64};
        memcpy(buf.data, cases[i].header, 8);
        cr_assert_eq(net_link_send(pair.agent.link, &buf), NET_OK);
        cr_assert(WAIT_FOR(&pair.coordinator, pair.coordinator.closed == 1));
        cr_expect_eq(pair.coordinator.reason.status, cases[i].status);
        cr_expect(strstr(pair.coordinator.reason.text, cases[i].text), "%s",
                  pair.coordinator.reason.text);
        cr_assert(WAIT_FOR(&pair.agent, pair.agent.opened == 2), "the dialer comes back");
        net_buf_free(&buf);
        pair_finish(&pair);
    }
}

Test(link, silence_before_hello_is_closed)
{
    struct pair pair;
    pair_init(&pair);
    pair.agent.greet = false;
    pair_listen(&pair, "tcp://127.0.0.1:0", (struct net_link_limits){.first_frame_ms = 50});
    pair_dial(&pair, net_link_listener_address(pair.listener));
    cr_assert(WAIT_FOR(&pair.coordinator, pair.coordinator.closed >= 1));
    cr_assert_eq(pair.coordinator.reason.status, NET_ERR_TIMEOUT);
    cr_assert(strstr(pair.coordinator.reason.text, "no first message within 50 ms"));
    pair_finish(&pair);
}

Test(link, another_version_is_refused_by_name)
{
    struct pair pair;
    pair_init(&pair);
    pair.agent.greet = false;
    pair_listen(&pair, "tcp://127.0.0.1:0", defaults);
    pair_dial(&pair, net_link_listener_address(pair.listener));
    cr_assert(WAIT_FOR(&pair.agent, pair.agent.opened == 1));
    struct net_buf buf = {NULL, 0, 0};
    struct net_hello hello = {.version = 99, .name = net_text_of("old")};
    cr_assert_eq(net_hello_encode(&buf, &hello, NULL), NET_OK);
    cr_assert_eq(net_link_send(pair.agent.link, &buf), NET_OK);
    cr_assert(WAIT_FOR(&pair.agent, pair.agent.by_type[NET_MSG_REFUSE] == 1));
    cr_assert(WAIT_FOR(&pair.agent, pair.agent.closed == 1 && pair.agent.retries == 1));
    cr_assert_eq(pair.agent.reason.status, NET_ERR_REFUSED);
    cr_assert(strstr(pair.agent.reason.text, "version is not spoken here"));
    cr_assert(WAIT_FOR(&pair.coordinator, pair.coordinator.closed == 1));
    cr_assert_eq(pair.coordinator.reason.status, NET_ERR_VERSION);
    cr_assert_eq(pair.coordinator.frames, 0, "a HELLO that is not understood is not delivered");
    net_buf_free(&buf);
    pair_finish(&pair);
}

Test(link, goodbye_reaches_the_peer_before_the_close)
{
    struct pair pair;
    pair_init(&pair);
    pair_open(&pair, defaults);
    struct net_buf buf = {NULL, 0, 0};
    struct net_goodbye bye = {.text = net_text_of("stopping for maintenance")};
    struct net_link *link = pair.coordinator.link;
    cr_assert_eq(net_goodbye_encode(&buf, &bye, NULL), NET_OK);
    cr_assert_eq(net_link_send(link, &buf), NET_OK);
    net_link_close_flushed(link, NULL, 5000);
    cr_assert(WAIT_FOR(&pair.agent, pair.agent.closed == 1));
    cr_assert_eq(pair.agent.by_type[NET_MSG_GOODBYE], 1);
    cr_assert(WAIT_FOR(&pair.coordinator, pair.coordinator.closed == 1));
    net_buf_free(&buf);
    pair_finish(&pair);
}

Test(link, owner_may_free_its_link_at_any_time)
{
    struct pair pair;
    pair_init(&pair);
    pair_open(&pair, defaults);
    struct net_error why = {NET_ERR_TIMEOUT, "silent"};
    pair.agent.keep = true;
    cr_assert_eq(send_job(pair.coordinator.link, 100000), NET_OK);
    cr_assert(WAIT_FOR(&pair.agent, pair.agent.first != NULL));
    net_link_close(pair.agent.link, &why);
    cr_assert(WAIT_FOR(&pair.agent, pair.agent.closed == 1));
    struct net_batch *batch = record_take(&pair.agent);
    struct net_dispatch job;
    cr_assert_eq(net_dispatch_decode(&batch->frames[0], &job, NULL), NET_OK);
    cr_assert_eq(net_link_send(batch->link, &(struct net_buf){NULL, 0, 0}), NET_ERR_CLOSED,
                 "a batch keeps its link usable");
    net_batch_free(batch);
    pair_finish(&pair);
}

Test(link, too_many_links_are_turned_away)
{
    struct pair pair;
    pair_init(&pair);
    struct net_link_listener_options options = {
        .address = "tcp://127.0.0.1:0", .links_max = 1, .events = record_events(&pair.coordinator)};
    cr_assert_eq(net_link_listener_create(&options, &pair.listener, NULL), NET_OK);
    pair_dial(&pair, net_link_listener_address(pair.listener));
    cr_assert(WAIT_FOR(&pair.agent, pair.agent.by_type[NET_MSG_WELCOME] == 1));
    struct record second;
    record_init(&second);
    struct net_link_dialer *dialer;
    struct net_link_dialer_options more = {.address = net_link_listener_address(pair.listener),
                                           .on_retry = record_on_retry,
                                           .events = record_events(&second)};
    cr_assert_eq(net_link_dialer_create(&more, &dialer, NULL), NET_OK);
    cr_assert(WAIT_FOR(&second, second.retries >= 1));
    cr_assert_eq(pair.coordinator.opened, 1);
    cr_assert_eq(pair.agent.closed, 0);
    net_link_dialer_free(dialer);
    record_finish(&second);
    pair_finish(&pair);
}

// NNG's own ipc dialers may stick for good after a restart of the listener.
static void restarts(const char *address)
{
    struct pair pair;
    pair_init(&pair);
    pair_listen(&pair, address, defaults);
    char bound[128];
    snprintf(bound, sizeof bound, "%s", net_link_listener_address(pair.listener));
    pair_dial(&pair, bound);
    for (unsigned i = 1; i <= 20; i++) {
        cr_assert(WAIT_FOR(&pair.agent, pair.agent.by_type[NET_MSG_WELCOME] == i), "restart %u", i);
        net_link_listener_free(pair.listener);
        cr_assert(WAIT_FOR(&pair.agent, pair.agent.closed == i));
        pair_listen(&pair, bound, defaults);
    }
    cr_assert(WAIT_FOR(&pair.agent, pair.agent.by_type[NET_MSG_WELCOME] == 21));
    pair_finish(&pair);
}

Test(link, survives_20_restarts_of_a_tcp_listener)
{
    restarts("tcp://127.0.0.1:0");
}

Test(link, survives_20_restarts_of_an_ipc_listener)
{
    restarts(temp_ipc_address());
}

static uint32_t greatest(void *user)
{
    (void)user;
    return UINT32_MAX;
}

struct delays {
    struct record record;
    uint32_t ms[6];
    unsigned count;
};

static void note_delay(void *user, const struct net_error *reason, uint32_t retry_ms)
{
    struct delays *delays = user;
    pthread_mutex_lock(&delays->record.lock);
    if (delays->count < 6)
        delays->ms[delays->count++] = retry_ms;
    delays->record.reason = *reason;
    pthread_cond_broadcast(&delays->record.changed);
    pthread_mutex_unlock(&delays->record.lock);
}

Test(link, an_unreachable_peer_is_tried_with_growing_delays)
{
    struct delays delays = {.count = 0};
    record_init(&delays.record);
    struct net_link_dialer *dialer;
    struct net_link_dialer_options options = {.address = "tcp://127.0.0.1:1",
                                              .backoff_ms_min = 4,
                                              .backoff_ms_max = 40,
                                              .random = greatest,
                                              .on_retry = note_delay,
                                              .events = record_events(&delays.record)};
    cr_assert_eq(net_link_dialer_create(&options, &dialer, NULL), NET_OK);
    cr_assert(WAIT_FOR(&delays.record, delays.count == 6));
    net_link_dialer_free(dialer);
    cr_assert_eq(delays.record.reason.status, NET_ERR_UNREACHABLE);
    cr_assert(strstr(delays.record.reason.text, "tcp://127.0.0.1:1"));
    for (unsigned i = 0; i < 6; i++) {
        uint32_t full = 4u << i < 40 ? 4u << i : 40;
        cr_assert(delays.ms[i] >= full / 2 && delays.ms[i] <= full, "delay %u is %u", i,
                  delays.ms[i]);
    }
    cr_assert_gt(delays.ms[5], delays.ms[0]);
    record_finish(&delays.record);
}

// Nobody accepts: the kernel completes the connection, but no WELCOME comes.
Test(link, a_peer_that_never_answers_is_given_up)
{
    struct pair pair;
    pair_init(&pair);
    pair.coordinator.welcome = false;
    pair_listen(&pair, "tcp://127.0.0.1:0", defaults);
    struct net_link_dialer_options options = {.address = net_link_listener_address(pair.listener),
                                              .on_retry = record_on_retry,
                                              .limits = {.first_frame_ms = 50},
                                              .events = record_events(&pair.agent)};
    cr_assert_eq(net_link_dialer_create(&options, &pair.dialer, NULL), NET_OK);
    cr_assert(WAIT_FOR(&pair.agent, pair.agent.retries >= 1));
    cr_assert_eq(pair.agent.reason.status, NET_ERR_TIMEOUT);
    pair_finish(&pair);
}

Test(link, addresses_are_checked)
{
    static const struct {
        const char *address;
        enum net_status status;
    } cases[] = {
        {"tls+tcp://127.0.0.1:0", NET_ERR_NEEDS_TLS},
        {"tcp://127.0.0.1", NET_ERR_ADDRESS},
        {"tcp://127.0.0.1:65536", NET_ERR_ADDRESS},
        {"tcp://127.0.0.1:7x", NET_ERR_ADDRESS},
        {"127.0.0.1:7001", NET_ERR_ADDRESS},
        {"ws://127.0.0.1:1", NET_ERR_ADDRESS},
        {"tcp://a:1/path", NET_ERR_ADDRESS},
        {"ipc://relative", NET_ERR_ADDRESS},
        {"ipc:///nonexistent/dir/s", NET_ERR_UNREACHABLE},
        {"", NET_ERR_ADDRESS},
        {NULL, NET_ERR_ADDRESS},
    };
    struct record record;
    record_init(&record);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct net_link_listener_options options = {.address = cases[i].address,
                                                    .events = record_events(&record)};
        struct net_link_listener *listener = NULL;
        struct net_error err = {NET_OK, ""};
        cr_expect_eq(net_link_listener_create(&options, &listener, &err), cases[i].status, "%s: %s",
                     cases[i].address, err.text);
        cr_expect(strlen(err.text) > 0 && listener == NULL);
    }
    record_finish(&record);
}

Test(link, an_address_is_bound_once)
{
    struct pair pair;
    pair_init(&pair);
    pair_listen(&pair, "tcp://127.0.0.1:0", defaults);
    struct net_link_listener_options options = {.address = net_link_listener_address(pair.listener),
                                                .events = record_events(&pair.coordinator)};
    struct net_link_listener *second = NULL;
    cr_assert_eq(net_link_listener_create(&options, &second, NULL), NET_ERR_ADDRESS_IN_USE);
    pair_finish(&pair);
}
