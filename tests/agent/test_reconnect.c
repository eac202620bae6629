// A coordinator restarts under 1,000 agents, all on real links: each is back, and what was there
// before is not in the way of it.
#include <pthread.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/agent/control_rig.h"

enum { AGENTS = 1000, BACK_MS_MAX = 3000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int welcomed;

static void count(int change)
{
    pthread_mutex_lock(&lock);
    welcomed += change;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void on_open(void *user, struct net_link *link)
{
    struct net_buf out = {0};
    struct net_hello hello = {.version = NET_PROTOCOL_VERSION,
                              .name = net_text_of(user),
                              .instance = {1},
                              .software = net_text_of("double"),
                              .capabilities = net_text_of("{\"credit\":1}")};
    if (net_hello_encode(&out, &hello, NULL) != NET_OK || net_link_send(link, &out) != NET_OK)
        abort();
    net_buf_free(&out);
}

static void on_batch(void *user, struct net_link *link, struct net_batch *batch)
{
    (void)user;
    for (size_t i = 0; i < batch->n_frames; i++) {
        if (batch->frames[i].type != NET_MSG_WELCOME)
            continue;
        net_link_set_user(link, link);
        count(1);
    }
    net_batch_free(batch);
}

static void on_close(void *user, struct net_link *link, const struct net_error *reason)
{
    (void)user;
    (void)reason;
    if (net_link_user(link) != NULL)
        count(-1);
    net_link_free(link);
}

static uint32_t jitter(void *user)
{
    static uint32_t state = 1;
    (void)user;
    return state = state * 1664525u + 1013904223u;
}

// Until so many are welcome; returns how many are in the end, and how long it took.
static int wait_welcomed(int wanted, uint64_t *ret_ms)
{
    uint64_t began = net_clock_ms();
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    pthread_mutex_lock(&lock);
    while (welcomed != wanted && pthread_cond_timedwait(&changed, &lock, &until) == 0) {
    }
    int now = welcomed;
    pthread_mutex_unlock(&lock);
    *ret_ms = net_clock_ms() - began;
    return now;
}

static int agents_ready(void)
{
    cJSON *reply = ask("{\"v\":1,\"op\":\"status\"}");
    const cJSON *totals = cJSON_GetObjectItem(reply, "totals");
    int ready = (int)cJSON_GetObjectItem(totals, "agents_ready")->valuedouble;
    cJSON_Delete(reply);
    return ready;
}

// Both ends of every link are in this process.
static bool has_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return false;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= 2 * AGENTS + 100;
}

Test(reconnect, a_thousand_agents_are_back_soon_after_a_restart, .init = begin, .fini = finish,
     .timeout = 60)
{
    static struct net_link_dialer *dialers[AGENTS];
    static char names[AGENTS][16];
    if (!has_descriptors())
        cr_skip_test("needs more file descriptors: ulimit -n");
    for (int i = 0; i < AGENTS; i++) {
        snprintf(names[i], sizeof names[i], "agent-%04d", i);
        struct net_link_dialer_options options = {
            .address = agents_address,
            .random = jitter,
            .events = {
                .on_open = on_open, .on_batch = on_batch, .on_close = on_close, .user = names[i]}};
        cr_assert_eq(net_link_dialer_create(&options, &dialers[i], NULL), NET_OK);
    }
    uint64_t ms;
    cr_assert_eq(wait_welcomed(AGENTS, &ms), AGENTS);
    cr_assert_eq(agents_ready(), AGENTS);
    stop();
    cr_assert_eq(wait_welcomed(0, &ms), 0);
    start();
    int back = wait_welcomed(AGENTS, &ms);
    cr_assert(back == AGENTS && ms < BACK_MS_MAX, "%d of them after %d ms", back, (int)ms);
    cr_assert_eq(agents_ready(), AGENTS);
    for (int i = 0; i < AGENTS; i++)
        net_link_dialer_close(dialers[i]);
    for (int i = 0; i < AGENTS; i++)
        net_link_dialer_free(dialers[i]);
}
