// What consoles are told: a whole coordinator, an agent that is a double and says of itself what
// real ones do, and a subscriber.
#include "tests/agent/control_rig.h"

#include <pthread.h>
#include <unistd.h>

static void begin_patiently(void)
{
    control_patience_ms = 60000;
    begin();
}

TestSuite(snapshot, .init = begin_patiently, .fini = finish, .timeout = 60);

#define INPUT "{\"dtype\":\"int16\",\"shape\":[2],\"data\":[1,-2]}"
#define TRIES 400
#define TRY_US 25000

static struct net_link_events double_events;
static char telemetry[2048];

static void on_open(void *user, struct net_link *link)
{
    struct net_buf out = {0};
    struct net_telemetry message = {.json = net_text_of(telemetry)};
    double_events.on_open(user, link);
    cr_assert_eq(net_telemetry_encode(&out, &message, NULL), NET_OK);
    net_link_send(link, &out);
    net_buf_free(&out);
}

// An agent with the model on its device.
static void join_telling(void)
{
    static char name[] = "ember-01";
    cJSON *models = ask("{\"v\":1,\"op\":\"models\"}");
    const cJSON *model = cJSON_GetArrayItem(cJSON_GetObjectItem(models, "models"), 0);
    snprintf(telemetry, sizeof telemetry,
             "{\"queued\":0,\"running\":0,\"caches\":{\"model\":{\"hits\":5,\"misses\":2}},"
             "\"devices\":[{\"index\":0,\"state\":\"ready\",\"busy\":0.5,\"copy\":0.125,"
             "\"kernels_per_s\":3000,\"temperature_c\":61,\"program\":{\"hits\":3,\"misses\":1}}],"
             "\"models\":[{\"hash\":\"%s\",\"state\":\"resident\",\"memory_bytes\":4096,"
             "\"load_us\":25000,\"devices\":[0]}]}",
             cJSON_GetStringValue(cJSON_GetObjectItem(model, "hash")));
    cJSON_Delete(models);
    double_events = agent_double_events(name);
    struct net_link_events events = double_events;
    events.on_open = on_open;
    join_as(events);
}

static double number_at(const cJSON *object, const char *name)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItem(object, name));
}

// A snapshot whose only model has ended so many jobs and whose only agent has told its telemetry.
static cJSON *snapshot_after(double done)
{
    for (int i = 0; i < TRIES; i++) {
        cJSON *snapshot = ask("{\"v\":1,\"op\":\"snapshot\"}");
        const cJSON *model = cJSON_GetArrayItem(cJSON_GetObjectItem(snapshot, "models"), 0);
        const cJSON *agent = cJSON_GetArrayItem(cJSON_GetObjectItem(snapshot, "agents"), 0);
        if ((done == 0 || number_at(model, "done") >= done) &&
            cJSON_GetArraySize(cJSON_GetObjectItem(agent, "resident")) > 0)
            return snapshot;
        cJSON_Delete(snapshot);
        usleep(TRY_US);
    }
    cr_assert_fail("the jobs never showed in a snapshot");
    return NULL;
}

Test(snapshot, tells_what_models_did_and_where_they_are)
{
    cJSON *before = ask("{\"v\":1,\"op\":\"snapshot\"}");
    const cJSON *model = cJSON_GetArrayItem(cJSON_GetObjectItem(before, "models"), 0);
    cr_assert_str_eq(text_at(model, "name", NULL), "echo");
    cr_expect_not(cJSON_HasObjectItem(model, "latency_us"), "what nobody has measured is left out");
    cr_expect_not(cJSON_HasObjectItem(before, "slo"));
    cJSON_Delete(before);

    join_telling();
    for (int i = 0; i < 3; i++)
        cJSON_Delete(ask("{\"v\":1,\"op\":\"submit\",\"model\":\"echo\",\"wait_ms\":10000,"
                         "\"inputs\":[" INPUT "]}"));
    cJSON *after = snapshot_after(3);
    model = cJSON_GetArrayItem(cJSON_GetObjectItem(after, "models"), 0);
    cr_expect_eq(number_at(model, "done"), 3);
    cr_expect_eq(number_at(model, "hits") + number_at(model, "misses"), 3);
    cr_expect_eq(number_at(cJSON_GetObjectItem(model, "latency_us"), "count"), 3);
    cr_expect_float_eq(number_at(cJSON_GetObjectItem(model, "mean_us"), "compute"), 100, 1e-9);
    const cJSON *pair = NULL;
    double jobs = 0;
    cJSON_ArrayForEach(pair, cJSON_GetObjectItem(after, "latency_histogram")) jobs +=
        cJSON_GetArrayItem(pair, 1)->valuedouble;
    cr_expect_eq(jobs, 3);
    const cJSON *agent = cJSON_GetArrayItem(cJSON_GetObjectItem(after, "agents"), 0);
    const cJSON *place = cJSON_GetArrayItem(cJSON_GetObjectItem(agent, "resident"), 0);
    cr_expect_str_eq(text_at(place, "model", NULL), "echo:1");
    cr_expect_eq(number_at(place, "bytes"), 4096);
    cr_expect_eq(number_at(place, "load_ms"), 25);
    const cJSON *device = cJSON_GetArrayItem(cJSON_GetObjectItem(agent, "devices"), 0);
    cr_expect_float_eq(number_at(device, "copy"), 0.125, 1e-9);
    cr_expect_eq(number_at(device, "temperature_c"), 61);
    cr_expect_not(cJSON_HasObjectItem(device, "power_w"), "the agent did not tell it");
    const cJSON *caches = cJSON_GetObjectItem(after, "caches");
    cr_expect_eq(number_at(cJSON_GetObjectItem(caches, "model"), "hits"), 5);
    cr_expect_eq(number_at(cJSON_GetObjectItem(caches, "model"), "entries"), 1);
    cr_expect_eq(number_at(cJSON_GetObjectItem(caches, "program"), "misses"), 1);
    cJSON_Delete(after);
}

struct heard {
    pthread_mutex_t lock;
    cJSON *last; // that names an agent
    int count;
};

static void on_delta(void *user, const struct net_event *event)
{
    struct heard *heard = user;
    cJSON *delta = cJSON_ParseWithLength(event->json, event->len);
    pthread_mutex_lock(&heard->lock);
    heard->count++;
    if (cJSON_GetArraySize(cJSON_GetObjectItem(delta, "agents")) > 0) {
        cJSON_Delete(heard->last);
        heard->last = delta;
        delta = NULL;
    }
    pthread_mutex_unlock(&heard->lock);
    cJSON_Delete(delta);
}

Test(snapshot, deltas_name_the_agents_that_changed)
{
    struct heard heard = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct net_sub *sub = NULL;
    cJSON *version = ask("{\"v\":1,\"op\":\"version\"}");
    struct net_sub_options options = {.address = text_at(version, "events", NULL),
                                      .topics = {"delta"},
                                      .on_event = on_delta,
                                      .user = &heard};
    cr_assert_eq(net_sub_open(&options, &sub, NULL), NET_OK);
    cJSON_Delete(version);
    join_telling();
    cJSON_Delete(snapshot_after(0));
    cJSON_Delete(ask("{\"v\":1,\"op\":\"cordon\",\"agent\":\"ember-01\",\"reason\":\"fan\"}"));
    bool cordoned = false;
    for (int i = 0; i < TRIES && !cordoned; i++) {
        usleep(TRY_US);
        pthread_mutex_lock(&heard.lock);
        const cJSON *agent = cJSON_GetArrayItem(cJSON_GetObjectItem(heard.last, "agents"), 0);
        cordoned = strcmp(text_at(agent, "state", NULL), "cordoned") == 0;
        if (cordoned) {
            cr_expect_str_eq(text_at(agent, "reason", NULL), "fan");
            cr_expect_eq(number_at(cJSON_GetObjectItem(heard.last, "totals"), "agents"), 1);
            cr_expect(cJSON_IsArray(cJSON_GetObjectItem(heard.last, "models")));
            cr_expect(cJSON_IsArray(cJSON_GetObjectItem(heard.last, "operations")));
        }
        pthread_mutex_unlock(&heard.lock);
    }
    cr_expect(cordoned);
    net_sub_close(sub);
    cJSON_Delete(heard.last);
}

#define MANY 40
#define CHANGES 10

// Waits for one delta more, and says whether it names the agent; -1 when none came.
static int next_names(struct heard *heard, const char *name, int *ret_agents)
{
    int before = -1, found = -1;
    for (int i = 0; i < TRIES && found < 0; i++) {
        pthread_mutex_lock(&heard->lock);
        if (before < 0)
            before = heard->count;
        if (heard->count > before) {
            const cJSON *agent;
            found = 0;
            *ret_agents = 0;
            cJSON_ArrayForEach(agent, cJSON_GetObjectItem(heard->last, "agents"))
            {
                found = found || strcmp(text_at(agent, "name", NULL), name) == 0;
                ++*ret_agents;
            }
        }
        pthread_mutex_unlock(&heard->lock);
        usleep(TRY_US / 10);
    }
    return found;
}

Test(snapshot, of_many_agents_a_part_comes_by_turns_and_who_changes_at_once)
{
    static char names[MANY][16];
    static struct net_link_dialer *dialers[MANY];
    struct heard heard = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct net_sub *sub = NULL;
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "ember-%02d", i);
        join_as(agent_double_events(names[i]));
        dialers[i] = dialer;
    }
    dialer = NULL;
    cJSON *version = ask("{\"v\":1,\"op\":\"version\"}");
    struct net_sub_options options = {.address = text_at(version, "events", NULL),
                                      .topics = {"delta"},
                                      .on_event = on_delta,
                                      .user = &heard};
    cr_assert_eq(net_sub_open(&options, &sub, NULL), NET_OK);
    cJSON_Delete(version);
    int agents = 0, named = 0, most = 0;
    for (int i = 0; i < TRIES && agents != MANY / 2; i++)
        cr_assert_geq(next_names(&heard, "", &agents), 0);
    cr_assert_eq(agents, MANY / 2, "half of them in each, once all are known");
    for (int i = 0; i < CHANGES; i++) {
        char request[1024];
        snprintf(request, sizeof request, "{\"v\":1,\"op\":\"cordon\",\"agent\":\"%s\"}",
                 names[i * 3]);
        cJSON_Delete(ask(request));
        named += next_names(&heard, names[i * 3], &agents) == 1;
        most = agents > most ? agents : most;
    }
    // By their turns alone it would be half of them; one delta may have been on its way already.
    cr_expect_geq(named, CHANGES - 1);
    cr_expect_leq(most, MANY / 2 + 2);
    net_sub_close(sub);
    for (int i = 0; i < MANY; i++)
        net_link_dialer_free(dialers[i]);
    cJSON_Delete(heard.last);
}
