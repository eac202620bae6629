// The control socket and its client.
#include <arpa/inet.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "net_client.h"
#include "net_server.h"
#include "tests/net/child.h"
#include "tests/net/support.h"

#define HELD_MAX 64

// A server that answers with the request in brackets, or keeps what contains "hold".
struct fixture {
    struct record record; // for its lock and condition
    struct net_server *server;
    struct net_client *client;
    struct net_request *held[HELD_MAX];
    unsigned n_held;
    unsigned requests;
    unsigned unterminated;
};

static void answer(struct net_request *request, const char *text, size_t len)
{
    char *reply = malloc(len + 2);
    reply[0] = '[';
    memcpy(reply + 1, text, len);
    reply[len + 1] = ']';
    net_server_reply(request, reply, len + 2);
    free(reply);
}

static void on_request(void *user, struct net_request *request, const char *text, size_t len)
{
    struct fixture *f = user;
    bool hold = strstr(text, "hold");
    pthread_mutex_lock(&f->record.lock);
    f->requests++;
    f->unterminated += strlen(text) != len;
    if (hold)
        f->held[f->n_held++] = request;
    pthread_cond_broadcast(&f->record.changed);
    pthread_mutex_unlock(&f->record.lock);
    if (!hold)
        answer(request, text, len);
}

static void start(struct fixture *f, struct net_server_options options)
{
    memset(f, 0, sizeof(*f));
    record_init(&f->record);
    if (!options.address)
        options.address = "tcp://127.0.0.1:0";
    options.on_request = on_request;
    options.user = f;
    struct net_error err;
    cr_assert_eq(net_server_create(&options, &f->server, &err), NET_OK, "%s", err.text);
    cr_assert_eq(net_client_open(net_server_address(f->server), NULL, &f->client, &err), NET_OK);
}

static void finish(struct fixture *f)
{
    net_client_close(f->client);
    net_server_free(f->server);
    cr_expect_eq(f->unterminated, 0);
    record_finish(&f->record);
}

static enum net_status ask(struct net_client *client, const char *text, uint32_t timeout_ms,
                           char *reply, size_t size, struct net_error *err)
{
    char *got;
    size_t len;
    enum net_status status =
        net_client_request(client, text, strlen(text), timeout_ms, &got, &len, err);
    if (!status) {
        cr_assert_eq(strlen(got), len);
        snprintf(reply, size, "%s", got);
        free(got);
    }
    return status;
}

static const struct net_server_options defaults;

static void round_trips(const char *address)
{
    struct fixture f;
    char reply[64];
    start(&f, (struct net_server_options){.address = address});
    for (int i = 0; i < 100; i++) {
        char text[32], expected[40];
        snprintf(text, sizeof(text), "{\"op\":%d}", i);
        snprintf(expected, sizeof(expected), "[%s]", text);
        cr_assert_eq(ask(f.client, text, WAIT_MS, reply, sizeof(reply), NULL), NET_OK);
        cr_assert_str_eq(reply, expected);
    }
    cr_assert_eq(f.requests, 100);
    finish(&f);
}

Test(control, round_trips_over_tcp)
{
    round_trips("tcp://127.0.0.1:0");
}

Test(control, round_trips_over_ipc)
{
    round_trips(temp_ipc_address());
}

Test(control, nngcat_drives_it)
{
    struct fixture f;
    char address[64];
    start(&f, defaults);
    snprintf(address, sizeof(address), "%s", net_server_address(f.server));
    struct child cat;
    child_start(&cat, (const char *[]){"nngcat", "--req", "--dial", address, "--data",
                                       "{\"op\":\"status\"}", "--raw", NULL});
    cr_assert_str_eq(cat.line, "[{\"op\":\"status\"}]");
    child_stop(&cat);
    finish(&f);
}

Test(control, nobody_there_is_told_at_once)
{
    static const char *const addresses[] = {"tcp://127.0.0.1:1",
                                            "ipc:///tmp/stoker-no-such-socket"};
    for (int i = 0; i < 2; i++) {
        struct net_client *client;
        struct net_error err;
        char reply[8];
        uint64_t before = net_clock_ms();
        cr_assert_eq(net_client_open(addresses[i], NULL, &client, NULL), NET_OK);
        cr_assert_eq(ask(client, "{}", 30000, reply, 8, &err), NET_ERR_UNREACHABLE);
        cr_assert(strstr(err.text, addresses[i]), "%s", err.text);
        cr_assert_lt(net_clock_ms() - before, 2000);
        net_client_close(client);
    }
}

Test(control, a_late_reply_does_not_meet_the_next_request)
{
    struct fixture f;
    struct net_error err;
    char reply[64];
    start(&f, defaults);
    cr_assert_eq(ask(f.client, "first", WAIT_MS, reply, 64, &err), NET_OK);
    cr_assert_eq(ask(f.client, "hold", 500, reply, 64, &err), NET_ERR_TIMEOUT);
    cr_assert(strstr(err.text, net_server_address(f.server)));
    cr_assert(strstr(err.text, "500 ms"));
    cr_assert_eq(f.n_held, 1);
    answer(f.held[0], "late", 4);
    cr_assert_eq(ask(f.client, "next", WAIT_MS, reply, 64, &err), NET_OK);
    cr_assert_str_eq(reply, "[next]");
    finish(&f);
}

Test(control, a_stopped_coordinator_costs_the_timeout_only)
{
    struct child child;
    struct net_client *client, *fresh;
    struct net_error err;
    char reply[64];
    child_start(&child, (const char *[]){NET_PEER, "server", NULL});
    cr_assert_eq(net_client_open(child.line, NULL, &client, NULL), NET_OK);
    cr_assert_eq(net_client_open(child.line, NULL, &fresh, NULL), NET_OK);
    cr_assert_eq(ask(client, "{}", WAIT_MS, reply, 64, NULL), NET_OK);
    child_pause(&child);
    uint64_t before = net_clock_ms();
    cr_assert_eq(ask(client, "{}", 200, reply, 64, &err), NET_ERR_TIMEOUT);
    cr_assert_eq(ask(fresh, "{}", 200, reply, 64, &err), NET_ERR_TIMEOUT);
    cr_assert_lt(net_clock_ms() - before, 3000);
    kill(child.pid, SIGCONT);
    cr_assert_eq(ask(client, "{}", WAIT_MS, reply, 64, NULL), NET_OK);
    cr_assert_eq(ask(fresh, "{}", WAIT_MS, reply, 64, NULL), NET_OK);
    net_client_close(client);
    net_client_close(fresh);
    child_stop(&child);
}

static void *kill_soon(void *arg)
{
    struct child *child = arg;
    kill(child->pid, SIGKILL);
    return NULL;
}

Test(control, a_killed_coordinator_ends_the_wait)
{
    struct child child;
    struct net_client *client;
    struct net_error err;
    char reply[64];
    child_start(&child, (const char *[]){NET_PEER, "server", NULL});
    cr_assert_eq(net_client_open(child.line, NULL, &client, NULL), NET_OK);
    cr_assert_eq(ask(client, "{}", WAIT_MS, reply, 64, NULL), NET_OK);
    pthread_t thread;
    uint64_t before = net_clock_ms();
    cr_assert_eq(pthread_create(&thread, NULL, kill_soon, &child), 0);
    enum net_status status = ask(client, "hold", 60000, reply, 64, &err);
    cr_assert(status == NET_ERR_CLOSED || status == NET_ERR_UNREACHABLE, "%s", err.text);
    cr_assert_lt(net_clock_ms() - before, 5000);
    pthread_join(thread, NULL);
    /* Its listener is closed for sure only when the process is gone. */
    siginfo_t gone;
    cr_assert_eq(waitid(P_PID, (id_t)child.pid, &gone, WEXITED | WNOWAIT), 0);
    cr_assert_eq(ask(client, "{}", 5000, reply, 64, &err), NET_ERR_UNREACHABLE);
    net_client_close(client);
    child_stop(&child);
}

struct asker {
    const char *address;
    const char *text;
    uint32_t timeout_ms;
    enum net_status status;
    char reply[64];
};

static void *ask_thread(void *arg)
{
    struct asker *asker = arg;
    struct net_client *client;
    if (net_client_open(asker->address, NULL, &client, NULL))
        return NULL;
    asker->status = ask(client, asker->text, asker->timeout_ms, asker->reply, 64, NULL);
    net_client_close(client);
    return NULL;
}

// More parked requests than contexts: the rest wait their turn, none is lost.
Test(control, parked_requests_are_answered_from_another_thread)
{
    enum { CONTEXTS = 4, ASKERS = 10 };
    struct fixture f;
    struct asker askers[ASKERS];
    pthread_t threads[ASKERS];
    start(&f, (struct net_server_options){.contexts = CONTEXTS});
    for (int i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){net_server_address(f.server), "hold", WAIT_MS, NET_ERR_IO, ""};
        pthread_create(&threads[i], NULL, ask_thread, &askers[i]);
    }
    cr_assert(WAIT_FOR(&f.record, f.n_held == CONTEXTS));
    for (unsigned done = 0; done < ASKERS; done++) {
        cr_assert(WAIT_FOR(&f.record, f.n_held > done));
        cr_assert_leq(f.n_held - done, CONTEXTS);
        answer(f.held[done], "done", 4);
    }
    for (int i = 0; i < ASKERS; i++) {
        pthread_join(threads[i], NULL);
        cr_assert_eq(askers[i].status, NET_OK);
        cr_assert_str_eq(askers[i].reply, "[done]");
    }
    finish(&f);
}

// The trap: a reply, or an aio, that outlives the context it belongs to.
Test(control, a_request_may_be_answered_after_its_server_is_gone)
{
    struct fixture f;
    char reply[64];
    start(&f, defaults);
    cr_assert_eq(ask(f.client, "hold 1", 500, reply, 64, NULL), NET_ERR_TIMEOUT);
    cr_assert_eq(ask(f.client, "hold 2", 500, reply, 64, NULL), NET_ERR_TIMEOUT);
    net_server_free(f.server);
    f.server = NULL;
    cr_assert_eq(f.n_held, 2);
    cr_assert_eq(net_server_reply(f.held[0], "x", 1), NET_ERR_CLOSED);
    cr_assert_eq(net_server_reply(f.held[1], "x", 1), NET_ERR_CLOSED);
    finish(&f);
}

Test(control, a_reply_to_a_peer_that_left_fails_cleanly)
{
    struct fixture f;
    char reply[64];
    start(&f, (struct net_server_options){.contexts = 1});
    cr_assert_eq(ask(f.client, "hold", 500, reply, 64, NULL), NET_ERR_TIMEOUT);
    uint64_t until = net_clock_ms() + WAIT_MS;
    while (f.n_held && !net_request_gone(f.held[0]) && net_clock_ms() < until) {
    }
    cr_assert(f.n_held == 1 && net_request_gone(f.held[0]));
    cr_assert_eq(net_server_reply(f.held[0], "x", 1), NET_ERR_CLOSED);
    cr_assert_eq(ask(f.client, "again", WAIT_MS, reply, 64, NULL), NET_OK, "its context is free");
    finish(&f);
}

// Servers with requests and replies in flight are torn down over and over.
Test(control, teardown_under_load)
{
    for (int round = 0; round < 20; round++) {
        struct fixture f;
        struct asker askers[4];
        pthread_t threads[4];
        start(&f, (struct net_server_options){.contexts = 2});
        for (int i = 0; i < 4; i++) {
            askers[i] =
                (struct asker){net_server_address(f.server), i ? "x" : "hold", 200, NET_OK, ""};
            pthread_create(&threads[i], NULL, ask_thread, &askers[i]);
        }
        cr_assert(WAIT_FOR(&f.record, f.requests > 0));
        net_server_stop(f.server);
        for (unsigned i = 0; i < f.n_held; i++)
            net_server_reply(f.held[i], "x", 1);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
        finish(&f);
    }
}

Test(control, an_oversized_request_is_refused)
{
    struct fixture f;
    struct net_error err;
    char reply[64];
    start(&f, (struct net_server_options){.recv_bytes_max = 1000});
    char big[1200];
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    cr_assert_eq(ask(f.client, big, WAIT_MS, reply, 64, &err), NET_ERR_CLOSED, "%s", err.text);
    cr_assert_eq(f.requests, 0);
    cr_assert_eq(ask(f.client, "small", WAIT_MS, reply, 64, &err), NET_OK);
    finish(&f);
}

// REQ would send a request again on its own when the connection comes back.
Test(control, a_request_is_not_sent_again_to_a_restarted_server)
{
    struct fixture first, second;
    start(&first, defaults);
    char address[64];
    snprintf(address, sizeof(address), "%s", net_server_address(first.server));
    struct asker asker = {address, "hold", WAIT_MS, NET_OK, ""};
    pthread_t thread;
    pthread_create(&thread, NULL, ask_thread, &asker);
    cr_assert(WAIT_FOR(&first.record, first.n_held == 1));
    net_server_stop(first.server);
    start(&second, (struct net_server_options){.address = address});
    pthread_join(thread, NULL);
    cr_assert_eq(asker.status, NET_ERR_CLOSED);
    char reply[64];
    cr_assert_eq(ask(second.client, "x", WAIT_MS, reply, 64, NULL), NET_OK);
    cr_assert_eq(second.requests, 1);
    net_server_reply(first.held[0], "x", 1);
    finish(&first);
    finish(&second);
}

Test(control, too_many_clients_are_turned_away)
{
    struct fixture f;
    struct net_client *second;
    char reply[64];
    start(&f, (struct net_server_options){.clients_max = 1});
    cr_assert_eq(ask(f.client, "1", WAIT_MS, reply, 64, NULL), NET_OK);
    cr_assert_eq(net_client_open(net_server_address(f.server), NULL, &second, NULL), NET_OK);
    cr_assert_neq(ask(second, "2", 300, reply, 64, NULL), NET_OK);
    cr_assert_eq(ask(f.client, "3", WAIT_MS, reply, 64, NULL), NET_OK);
    net_client_close(second);
    finish(&f);
}

// 200 connections that say `len` bytes and then close, or reset.
static void hang_up(const struct fixture *f, const void *bytes, size_t len)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const char *port = strrchr(net_server_address(f->server), ':') + 1;
    to.sin_port = htons((uint16_t)strtol(port, NULL, 10));
    for (int i = 0; i < 200; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct linger reset = {i % 2, 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
        cr_assert_eq(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
        close(fd);
    }
}

// A port scan, a health check: connections that close, or reset, without a word.
Test(control, silent_connections_do_no_harm)
{
    struct fixture f;
    char reply[64];
    start(&f, defaults);
    hang_up(&f, "", 0);
    cr_assert_eq(ask(f.client, "x", WAIT_MS, reply, 64, NULL), NET_OK);
    finish(&f);
}

// A client that dies between the length of its request and the request: in NNG's own sockets this
// blocks the thread that frees connections.
Test(control, a_request_cut_off_after_its_length_does_no_harm)
{
    static const uint8_t start_of_request[] = {0, 'S', 'P', 0, 0, 0x30, 0, 0, // greeting of REQ
                                               0, 0,   0,   0, 0, 0,    0, 100};
    struct fixture f;
    char reply[64];
    start(&f, defaults);
    hang_up(&f, start_of_request, sizeof(start_of_request));
    cr_assert_eq(ask(f.client, "x", WAIT_MS, reply, 64, NULL), NET_OK);
    finish(&f);
}

Test(control, an_event_socket_is_no_control_socket)
{
    struct net_pub *pub;
    struct net_client *client;
    struct net_error err;
    char reply[64];
    struct net_pub_options options = {.address = "tcp://127.0.0.1:0"};
    cr_assert_eq(net_pub_create(&options, &pub, NULL), NET_OK);
    cr_assert_eq(net_client_open(net_pub_address(pub), NULL, &client, NULL), NET_OK);
    cr_assert_eq(ask(client, "x", WAIT_MS, reply, 64, &err), NET_ERR_PROTOCOL);
    cr_assert(strstr(err.text, "no control socket"));
    net_client_close(client);
    net_pub_free(pub);
}

Test(control, bad_settings_are_refused)
{
    struct net_client *client = NULL;
    struct net_server *server = NULL;
    struct net_error err;
    cr_assert_eq(net_client_open("tls+tcp://host:1", NULL, &client, &err), NET_ERR_NEEDS_TLS);
    cr_assert(strstr(err.text, "certificate"));
    cr_assert_eq(net_client_open("tcp://127.0.0.1:0", NULL, &client, &err), NET_ERR_ADDRESS);
    cr_assert_eq(net_address_check("ipc:///run/stoker/control", &err), NET_OK);
    struct net_server_options options = {.address = "tcp://127.0.0.1:0", .contexts = 5000};
    cr_assert_eq(net_server_create(&options, &server, &err), NET_ERR_INVAL);
    options = (struct net_server_options){.address = "tcp://203.0.113.7:5"};
    cr_assert_neq(net_server_create(&options, &server, &err), NET_OK);
    cr_assert_null(server);
    cr_assert_null(client);
}
