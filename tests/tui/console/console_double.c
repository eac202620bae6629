/*
 * A test double of the coordinator, for the console alone: it serves the golden files of this
 * folder over the real control and event sockets, with numbers that move.
 *
 *   console_double GOLDEN_DIR CONTROL EVENTS LOG [AGENTS]
 *
 * CONTROL and EVENTS are addresses to listen on. LOG gets a line for each action that is asked for.
 * With AGENTS there are so many like the first agent. Prints "ready" and serves until killed.
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "net_server.h"

/* Operations that a golden file of that name answers. */
static const char *const recorded[] = {"jobs",  "why",   "history", "models",
                                       "model", "audit", "tenants", "settings"};
#define RECORDED (sizeof(recorded) / sizeof(recorded[0]))

#define AGENTS_A_DELTA 256

struct state {
    pthread_mutex_t mutex; /* guards the JSON below: requests come on several threads */
    cJSON *snapshot, *events, *replies[RECORDED];
    unsigned int tick;
    int next_agent; /* the first of the next delta */
    FILE *log;
    char events_address[128];
};

static cJSON *load(const char *folder, const char *name)
{
    char path[1024];
    static char text[65536];
    size_t len = 0;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (file) {
        len = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
    }
    text[len] = 0;
    cJSON *root = cJSON_Parse(text);
    if (!root) {
        fprintf(stderr, "console_double: can't read %s\n", path);
        exit(1);
    }
    return root;
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void set(cJSON *object, const char *name, double value)
{
    cJSON_SetNumberValue(cJSON_GetObjectItem(object, name), value);
}

/* The 10 s of latencies: a hump that wanders, in the golden file's buckets. */
static void advance_histogram(cJSON *histogram, double phase)
{
    double middle = 2.5 + 1.5 * sin(phase * 0.7);
    double i = 0;
    cJSON *pair;

    cJSON_ArrayForEach(pair, histogram)
    {
        double away = (i - middle) / 1.6;
        cJSON_SetNumberValue(cJSON_GetArrayItem(pair, 1), floor(1 + 900 * exp(-away * away)));
        i++;
    }
}

static void advance_agent(cJSON *agent, double phase, unsigned int i)
{
    cJSON *device = cJSON_GetArrayItem(cJSON_GetObjectItem(agent, "devices"), 0);
    double busy = 0.5 + 0.4 * sin(phase + i * 0.7);

    if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(agent, "state")), "lost") == 0)
        return;
    set(agent, "done_per_s", 60 + 50 * sin(phase * 2 + i * 1.9));
    set(agent, "done", cJSON_GetNumberValue(cJSON_GetObjectItem(agent, "done")) + 15);
    set(device, "busy", busy);
    if (cJSON_HasObjectItem(device, "kernels_per_s")) {
        set(device, "kernels_per_s", 6800 * busy);
        set(device, "copy", 0.13 * busy);
    }
    if (cJSON_HasObjectItem(device, "power_w")) {
        set(device, "temperature_c", floor(48 + 30 * busy));
        set(device, "power_w", floor(40 + 145 * busy));
    }
}

/* Every quarter of a second each number moves a little, and the order by jobs/s turns round. */
static void advance(struct state *state)
{
    double phase = state->tick++ * 0.12;
    double rate = 208 + 120 * sin(phase) + 30 * sin(phase * 5.3);
    cJSON *latency =
        cJSON_GetObjectItem(cJSON_GetObjectItem(state->snapshot, "latency_us"), "total");
    cJSON *totals = cJSON_GetObjectItem(state->snapshot, "totals");
    cJSON *cache = cJSON_GetObjectItem(cJSON_GetObjectItem(state->snapshot, "caches"), "model");
    cJSON *agent;
    cJSON *model;
    unsigned int i = 0;

    set(state->snapshot, "time_ms", (double)now_ms());
    set(cJSON_GetObjectItem(state->snapshot, "rates"), "done_per_s", rate);
    set(latency, "p50", 3100 + 500 * sin(phase * 1.7));
    set(latency, "p95", 9800 + 2500 * sin(phase * 1.3));
    set(latency, "p99", 21000 + 6000 * sin(phase * 0.7));
    advance_histogram(cJSON_GetObjectItem(state->snapshot, "latency_histogram"), phase);
    set(totals, "done", 99980 + state->tick * 50.0);
    set(totals, "queued", 12 + (int)(10 * sin(phase)));
    set(cache, "hits", 990 + state->tick * 40.0);
    cJSON_ArrayForEach(model, cJSON_GetObjectItem(state->snapshot, "models"))
    {
        if (cJSON_HasObjectItem(model, "done_per_s"))
            set(model, "done_per_s", rate / (1 + i) / 2);
        i++;
    }
    i = 0;
    cJSON_ArrayForEach(agent, cJSON_GetObjectItem(state->snapshot, "agents"))
        advance_agent(agent, phase, i++);
}

static void multiply_agents(cJSON *snapshot, int count)
{
    cJSON *agents = cJSON_GetObjectItem(snapshot, "agents");
    cJSON *first = cJSON_DetachItemFromArray(agents, 0);

    while (cJSON_GetArraySize(agents) > 0)
        cJSON_DeleteItemFromArray(agents, 0);
    for (int i = 0; i < count; i++) {
        char name[32];
        cJSON *copy = cJSON_Duplicate(first, 1);
        snprintf(name, sizeof(name), "node-%04d", i + 1);
        cJSON_ReplaceItemInObject(copy, "name", cJSON_CreateString(name));
        set(copy, "done", 4011 + i * 7);
        cJSON_AddItemToArray(agents, copy);
    }
    cJSON *totals = cJSON_GetObjectItem(snapshot, "totals");
    set(totals, "agents", count);
    set(totals, "agents_ready", count);
    set(totals, "devices", count);
    cJSON_Delete(first);
}

static cJSON *refusal(const char *code, const char *message, const char *hint)
{
    cJSON *reply = cJSON_CreateObject();
    cJSON *error = cJSON_AddObjectToObject(reply, "error");

    cJSON_AddNumberToObject(reply, "v", 1);
    cJSON_AddFalseToObject(reply, "ok");
    cJSON_AddStringToObject(error, "code", code);
    cJSON_AddStringToObject(error, "message", message);
    cJSON_AddStringToObject(error, "hint", hint);
    return reply;
}

static cJSON *accepted(void)
{
    cJSON *reply = cJSON_CreateObject();

    cJSON_AddNumberToObject(reply, "v", 1);
    cJSON_AddTrueToObject(reply, "ok");
    return reply;
}

static const char *text_of(const cJSON *request, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(request, name));

    return text ? text : "";
}

static cJSON *act(struct state *state, const cJSON *request)
{
    const char *op = text_of(request, "op");
    bool plan = cJSON_IsTrue(cJSON_GetObjectItem(request, "plan"));
    cJSON *reply = accepted();

    fprintf(state->log, "%s%s %s%.0f %s\n", op, plan ? " plan" : "", text_of(request, "agent"),
            fmax(cJSON_GetNumberValue(cJSON_GetObjectItem(request, "id")), 0),
            text_of(request, "reason"));
    fflush(state->log);
    if (strcmp(op, "drain") == 0) {
        cJSON *operation = cJSON_AddObjectToObject(reply, "operation");
        cJSON_AddNumberToObject(operation, "id", plan ? 0 : 8);
        cJSON_AddStringToObject(operation, "state", "running");
        cJSON_AddNumberToObject(operation, "remaining", 2);
        if (plan) {
            cJSON *moves = cJSON_AddArrayToObject(reply, "moves");
            cJSON *move = cJSON_CreateObject();
            cJSON_AddItemToArray(moves, move);
            cJSON_AddNumberToObject(move, "job", 4711);
            cJSON_AddStringToObject(move, "model", "digits");
            cJSON_AddStringToObject(move, "state", "queued");
            cJSON *numbers = cJSON_AddObjectToObject(reply, "plan");
            cJSON_AddStringToObject(numbers, "id", "5d7d2f01-1b9e0c44");
            cJSON_AddNumberToObject(numbers, "running", 2);
            cJSON_AddNumberToObject(numbers, "waiting", 1);
            cJSON_AddNumberToObject(numbers, "expected_ms", 14000);
        }
    }
    return reply;
}

static const cJSON *reply_of(const struct state *state, const char *op)
{
    for (size_t i = 0; i < RECORDED; i++) {
        if (strcmp(recorded[i], op) == 0)
            return state->replies[i];
    }
    return NULL;
}

static cJSON *show_job(const struct state *state, double id)
{
    const cJSON *job;

    cJSON_ArrayForEach(job, cJSON_GetObjectItem(reply_of(state, "jobs"), "jobs"))
    {
        if (cJSON_GetNumberValue(cJSON_GetObjectItem(job, "id")) != id)
            continue;
        cJSON *reply = accepted();
        cJSON *copy = cJSON_Duplicate(job, 1);
        cJSON *step = cJSON_CreateObject();
        cJSON *history = cJSON_CreateArray();
        cJSON_AddNumberToObject(step, "time_ms", 1780000000000);
        cJSON_AddStringToObject(step, "state", "assigned");
        cJSON_AddStringToObject(step, "agent", "ember-03");
        cJSON_AddNumberToObject(step, "attempt", 1);
        cJSON_AddStringToObject(step, "text", "least-loaded: load 2 of 32; ember-02 is cordoned");
        cJSON_AddItemToArray(history, step);
        cJSON_AddItemToObject(copy, "history", history);
        cJSON_AddItemToObject(reply, "job", copy);
        return reply;
    }
    return refusal("not_found", "no job has this number", "stoker jobs lists them");
}

static cJSON *answer(struct state *state, const cJSON *request)
{
    const char *op = text_of(request, "op");
    cJSON *reply;

    if (strcmp(op, "version") == 0) {
        reply = accepted();
        cJSON_AddStringToObject(reply, "events", state->events_address);
        return reply;
    }
    if (strcmp(op, "snapshot") == 0)
        return cJSON_Duplicate(state->snapshot, 1);
    if (strcmp(op, "job") == 0)
        return show_job(state, cJSON_GetNumberValue(cJSON_GetObjectItem(request, "id")));
    if (strcmp(op, "events") == 0) {
        reply = cJSON_Duplicate(state->events, 1);
        if (cJSON_GetNumberValue(cJSON_GetObjectItem(request, "after")) >= 914)
            cJSON_ReplaceItemInObject(reply, "events", cJSON_CreateArray());
        return reply;
    }
    if (reply_of(state, op) && !cJSON_HasObjectItem(request, "value"))
        return cJSON_Duplicate(reply_of(state, op), 1);
    if (strcmp(text_of(request, "agent"), "ember-04") == 0)
        return refusal("conflict", "ember-04 is lost", "it drains itself by being gone");
    return act(state, request);
}

static void on_request(void *user, struct net_request *request, const char *text, size_t len)
{
    struct state *state = user;
    cJSON *question = cJSON_ParseWithLength(text, len);

    pthread_mutex_lock(&state->mutex);
    cJSON *reply = answer(state, question);
    pthread_mutex_unlock(&state->mutex);
    char *out = cJSON_PrintUnformatted(reply);
    net_server_reply(request, out, strlen(out));
    free(out);
    cJSON_Delete(reply);
    cJSON_Delete(question);
}

/* The snapshot with a part of the agents, by turns as the coordinator does it. */
static char *delta_text(struct state *state)
{
    cJSON *agents = cJSON_DetachItemFromObject(state->snapshot, "agents");
    cJSON *delta = cJSON_Duplicate(state->snapshot, 1);
    cJSON *part = cJSON_AddArrayToObject(delta, "agents");
    int count = cJSON_GetArraySize(agents);
    int step = count <= 16 ? count : count / 2 < AGENTS_A_DELTA ? (count + 1) / 2 : AGENTS_A_DELTA;
    cJSON *agent = cJSON_GetArrayItem(agents, state->next_agent);

    for (int i = 0; i < step && agent; i++, agent = agent->next)
        cJSON_AddItemToArray(part, cJSON_Duplicate(agent, 1));
    state->next_agent = agent ? state->next_agent + step : 0;
    cJSON_AddItemToObject(state->snapshot, "agents", agents);
    char *text = cJSON_PrintUnformatted(delta);
    cJSON_Delete(delta);
    return text;
}

int main(int argc, char **argv)
{
    struct state state = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct net_server *server = NULL;
    struct net_pub *pub = NULL;
    struct net_error error = {0};

    if (argc < 5) {
        fprintf(stderr, "usage: console_double GOLDEN_DIR CONTROL EVENTS LOG [AGENTS]\n");
        return 2;
    }
    state.snapshot = load(argv[1], "snapshot.json");
    cJSON_AddNumberToObject(state.snapshot, "epoch", (double)(now_ms() / 1000));
    state.events = load(argv[1], "events.json");
    for (size_t i = 0; i < RECORDED; i++) {
        char name[32];
        snprintf(name, sizeof(name), "%s.json", recorded[i]);
        state.replies[i] = load(argv[1], name);
    }
    state.log = fopen(argv[4], "a");
    if (argc > 5)
        multiply_agents(state.snapshot, (int)strtol(argv[5], NULL, 10));
    struct net_pub_options pub_options = {.address = argv[3]};
    struct net_server_options options = {
        .address = argv[2], .on_request = on_request, .user = &state};
    if (!state.log || net_pub_create(&pub_options, &pub, &error) != NET_OK) {
        fprintf(stderr, "console_double: %s\n", error.text);
        return 1;
    }
    snprintf(state.events_address, sizeof(state.events_address), "%s", net_pub_address(pub));
    if (net_server_create(&options, &server, &error) != NET_OK) {
        fprintf(stderr, "console_double: %s\n", error.text);
        return 1;
    }
    printf("ready %s\n", net_server_address(server));
    fflush(stdout);
    for (;;) {
        pthread_mutex_lock(&state.mutex);
        advance(&state);
        char *text = delta_text(&state);
        pthread_mutex_unlock(&state.mutex);
        net_pub_send(pub, NET_TOPIC_DELTA, text, strlen(text), NULL);
        free(text);
        usleep(250000);
    }
}
