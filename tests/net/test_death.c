// Peers that die or stop, in a process of their own.
#include <signal.h>
#include <stdio.h>

#include <criterion/criterion.h>

#include "tests/net/child.h"
#include "tests/net/support.h"

struct fixture {
    struct record record;
    struct net_link_listener *listener;
    struct child agent;
};

static void start(struct fixture *fixture, const char *address)
{
    record_init(&fixture->record);
    fixture->record.welcome = true;
    struct net_link_listener_options options = {.address = address,
                                                .events = record_events(&fixture->record)};
    cr_assert_eq(net_link_listener_create(&options, &fixture->listener, NULL), NET_OK);
    char bound[160];
    snprintf(bound, sizeof(bound), "%s", net_link_listener_address(fixture->listener));
    child_start(&fixture->agent, (const char *[]){NET_PEER, "agent", bound, NULL});
    cr_assert(WAIT_FOR(&fixture->record, fixture->record.by_type[NET_MSG_HEARTBEAT] > 2));
}

static void finish(struct fixture *fixture)
{
    child_stop(&fixture->agent);
    net_link_listener_free(fixture->listener);
    record_finish(&fixture->record);
}

static void killed(const char *address)
{
    struct fixture f;
    start(&f, address);
    uint64_t before = net_clock_ms();
    kill(f.agent.pid, SIGKILL);
    cr_assert(WAIT_FOR(&f.record, f.record.closed == 1));
    cr_assert_lt(net_clock_ms() - before, 1000);
    cr_assert_eq(f.record.reason.status, NET_ERR_CLOSED, "%s", f.record.reason.text);
    finish(&f);
}

Test(death, a_killed_tcp_peer_is_noticed_within_a_second)
{
    killed("tcp://127.0.0.1:0");
}

Test(death, a_killed_ipc_peer_is_noticed_within_a_second)
{
    killed(temp_ipc_address());
}

// NNG goes on to send happily: only the silence tells.
Test(death, a_stopped_peer_shows_as_silence)
{
    struct fixture f;
    start(&f, "tcp://127.0.0.1:0");
    child_pause(&f.agent);
    struct net_link *link = f.record.link;
    while (net_link_idle_ms(link) < 300) // an owner's heartbeat policy, 20 ms beats
        cr_assert_eq(send_heartbeat(link, 0), NET_OK);
    struct net_error reason = {NET_ERR_TIMEOUT, "silent for 300 ms"};
    cr_assert_eq(f.record.closed, 0);
    net_link_close(link, &reason);
    cr_assert(WAIT_FOR(&f.record, f.record.closed == 1));
    cr_assert_str_eq(f.record.reason.text, "silent for 300 ms");
    // Once it runs again it finds out and dials again.
    kill(f.agent.pid, SIGCONT);
    cr_assert(WAIT_FOR(&f.record, f.record.by_type[NET_MSG_HELLO] == 2));
    finish(&f);
}
