// Many threads on links and servers that come and go: a plain program, so that it runs under
// ThreadSanitizer. Exits 0 when every count is right.
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "net_client.h"
#include "net_server.h"
#include "tests/net/support.h"

#define SENDERS 3
#define FRAMES 3000u
#define ROUNDS 10

static struct record agent, coordinator;

static void *send_frames(void *arg)
{
    struct net_link *link = arg;
    for (unsigned i = 0; i < FRAMES; i++)
        if (send_heartbeat(link, i))
            return link;
    return NULL;
}

static void *poke(void *arg)
{
    struct net_link *link = arg;
    struct net_link_stats stats;
    for (int i = 0; i < 1000; i++) {
        net_link_stats(link, &stats);
        net_link_send_waiting(link);
        net_link_idle_ms(link);
    }
    return NULL;
}

static bool race_link(struct net_link_listener *listener)
{
    struct net_link_dialer *dialer;
    struct net_link_dialer_options dial = {.address = net_link_listener_address(listener),
                                           .events = record_events(&agent)};
    pthread_t threads[SENDERS + 1];
    unsigned welcomed = agent.by_type[NET_MSG_WELCOME];
    unsigned before = coordinator.by_type[NET_MSG_HEARTBEAT];
    if (net_link_dialer_create(&dial, &dialer, NULL) ||
        !WAIT_FOR(&agent, agent.by_type[NET_MSG_WELCOME] > welcomed))
        return false;
    pthread_mutex_lock(&agent.lock);
    struct net_link *link = agent.link;
    pthread_mutex_unlock(&agent.lock);
    bool good = true;
    for (int i = 0; i < SENDERS; i++)
        pthread_create(&threads[i], NULL, send_frames, link);
    pthread_create(&threads[SENDERS], NULL, poke, link);
    for (int i = 0; i <= SENDERS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        good = good && !failed;
    }
    good = good && WAIT_FOR(&coordinator,
                            coordinator.by_type[NET_MSG_HEARTBEAT] == before + SENDERS * FRAMES);
    net_link_dialer_free(dialer);
    return good;
}

static void on_request(void *user, struct net_request *request, const char *text, size_t len)
{
    atomic_fetch_add((atomic_uint *)user, 1);
    net_server_reply(request, text, len);
}

static void *ask(void *arg)
{
    struct net_client *client;
    if (net_client_open(arg, NULL, &client, NULL))
        return arg;
    for (int i = 0; i < 50; i++) {
        char *text;
        size_t len;
        // The server may go away at any time: every outcome is fine but a hang.
        if (net_client_request(client, "{}", 2, 500, &text, &len, NULL) == NET_OK)
            free(text);
    }
    net_client_close(client);
    return NULL;
}

static bool race_server(void)
{
    atomic_uint requests = 0;
    struct net_server *server;
    struct net_server_options options = {
        .address = "tcp://127.0.0.1:0", .contexts = 2, .on_request = on_request, .user = &requests};
    if (net_server_create(&options, &server, NULL))
        return false;
    char address[64];
    snprintf(address, sizeof(address), "%s", net_server_address(server));
    pthread_t threads[SENDERS];
    for (int i = 0; i < SENDERS; i++)
        pthread_create(&threads[i], NULL, ask, address);
    while (atomic_load(&requests) < 20) {
    }
    net_server_free(server);
    bool good = true;
    for (int i = 0; i < SENDERS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        good = good && !failed;
    }
    return good;
}

int main(void)
{
    record_init(&agent);
    record_init(&coordinator);
    agent.greet = true;
    coordinator.welcome = true;
    struct net_link_listener *listener;
    struct net_link_listener_options listen = {.address = "tcp://127.0.0.1:0",
                                               .events = record_events(&coordinator)};
    bool good = net_link_listener_create(&listen, &listener, NULL) == NET_OK;
    for (int i = 0; i < ROUNDS && good; i++)
        good = race_link(listener) && race_server();
    net_link_listener_free(listener);
    good = good && agent.opened == agent.closed && coordinator.opened == coordinator.closed;
    record_finish(&agent);
    record_finish(&coordinator);
    return good ? 0 : 1;
}
