// The other process of the tests that stop or kill one: run by exec, since NNG does not survive a
// fork. Prints its address, works until its stdin closes.
//   peer agent ADDRESS | peer server | peer publisher [ADDRESS]
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "net_server.h"
#include "tests/net/support.h"

#define TICK_MS 20

// False when stdin has closed.
static bool tick(void)
{
    struct pollfd in = {STDIN_FILENO, POLLIN, 0};
    return poll(&in, 1, TICK_MS) == 0;
}

static int run_agent(const char *address)
{
    struct record record;
    record_init(&record);
    record.greet = true;
    struct net_link_dialer *dialer;
    struct net_link_dialer_options options = {
        .address = address, .backoff_ms_min = 10, .events = record_events(&record)};
    if (net_link_dialer_create(&options, &dialer, NULL))
        return 1;
    puts("agent");
    fflush(stdout);
    for (uint64_t seq = 0; tick(); seq++) {
        pthread_mutex_lock(&record.lock);
        if (record.link)
            send_heartbeat(record.link, seq);
        pthread_mutex_unlock(&record.lock);
    }
    net_link_dialer_free(dialer);
    record_finish(&record);
    return 0;
}

static void on_request(void *user, struct net_request *request, const char *text, size_t len)
{
    static const char reply[] = "{\"ok\":true}";
    (void)user;
    (void)len;
    if (!strstr(text, "hold"))
        net_server_reply(request, reply, sizeof(reply) - 1);
}

static int run_server(void)
{
    struct net_server *server;
    struct net_server_options options = {.address = "tcp://127.0.0.1:0", .on_request = on_request};
    if (net_server_create(&options, &server, NULL))
        return 1;
    puts(net_server_address(server));
    fflush(stdout);
    while (tick()) {
    }
    net_server_free(server);
    return 0;
}

static int run_publisher(const char *address)
{
    struct net_pub *pub;
    struct net_pub_options options = {.address = address};
    if (net_pub_create(&options, &pub, NULL))
        return 1;
    puts(net_pub_address(pub));
    fflush(stdout);
    while (tick())
        net_pub_send(pub, NET_TOPIC_SNAPSHOT, "{}", 2, NULL);
    net_pub_free(pub);
    return 0;
}

int main(int argc, char **argv)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that failed leaves nobody behind, stopped or not
    if (argc == 3 && strcmp(argv[1], "agent") == 0)
        return run_agent(argv[2]);
    if (argc == 2 && strcmp(argv[1], "server") == 0)
        return run_server();
    if (argc >= 2 && strcmp(argv[1], "publisher") == 0)
        return run_publisher(argc > 2 ? argv[2] : "tcp://127.0.0.1:0");
    fprintf(stderr, "usage: peer agent ADDRESS | server | publisher [ADDRESS]\n");
    return 2;
}
