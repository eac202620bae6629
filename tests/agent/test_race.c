// A whole coordinator with everything that reaches its owner from threads of their own, all at
// once: requests, agents that come and go, the ledger, the model scanner, new settings, the end. A
// plain program, so that it runs under ThreadSanitizer. Exits 0 when every acknowledged job is
// done.
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cjson/cJSON.h>

#include "agent/coordinator/coordinator.h"
#include "net_client.h"
#include "tests/agent/agent_double.h"
#include "tests/agent/remove_tree.h"

#define CLIENTS 3
#define JOBS 40
#define VISITS 15

static struct agent_coordinator *coordinator;
static atomic_uint clients_busy = CLIENTS;

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "failed: %s\n", what);
    exit(1);
}

// NULL: no answer.
static cJSON *ask(struct net_client *client, const char *request)
{
    char *text = NULL;
    size_t len = 0;
    if (net_client_request(client, request, strlen(request), 30000, &text, &len, NULL) != NET_OK)
        return NULL;
    cJSON *reply = cJSON_ParseWithLength(text, len);
    free(text);
    return reply;
}

static struct net_client *open_client(void)
{
    struct net_client *client = NULL;
    must(net_client_open(agent_coordinator_control_address(coordinator), NULL, &client, NULL) ==
             NET_OK,
         "open a client");
    return client;
}

static double submit(struct net_client *client)
{
    cJSON *reply =
        ask(client, "{\"v\":1,\"op\":\"submit\",\"model\":\"echo\",\"inputs\":[{\"dtype\":\"int8\","
                    "\"shape\":[2],\"data\":[1,2]}]}");
    const cJSON *id = cJSON_GetObjectItem(cJSON_GetObjectItem(reply, "job"), "id");
    must(cJSON_IsNumber(id), "submit a job");
    double number = id->valuedouble;
    cJSON_Delete(reply);
    return number;
}

static void expect_done(struct net_client *client, double id)
{
    char request[96];
    snprintf(request, sizeof request, "{\"v\":1,\"op\":\"result\",\"wait_ms\":20000,\"id\":%.0f}",
             id);
    cJSON *reply = ask(client, request);
    const cJSON *state = cJSON_GetObjectItem(cJSON_GetObjectItem(reply, "job"), "state");
    must(cJSON_IsString(state) && strcmp(state->valuestring, "done") == 0, "end of a job");
    cJSON_Delete(reply);
}

static void *work(void *user)
{
    static const char *const looks[] = {
        "{\"v\":1,\"op\":\"snapshot\"}", "{\"v\":1,\"op\":\"jobs\",\"limit\":20}",
        "{\"v\":1,\"op\":\"agents\"}", "{\"v\":1,\"op\":\"events\",\"after\":0}",
        "{\"v\":1,\"op\":\"models\"}"};
    struct net_client *client = open_client();
    double ids[JOBS];
    (void)user;
    for (size_t i = 0; i < JOBS; i++) {
        ids[i] = submit(client);
        cJSON *reply = ask(client, looks[i % (sizeof looks / sizeof looks[0])]);
        must(cJSON_IsTrue(cJSON_GetObjectItem(reply, "ok")), "look at the cluster");
        cJSON_Delete(reply);
    }
    for (size_t i = 0; i < JOBS; i++)
        expect_done(client, ids[i]);
    net_client_close(client);
    atomic_fetch_sub(&clients_busy, 1);
    return NULL;
}

static struct net_link_dialer *join(char *name)
{
    struct net_link_dialer *dialer = NULL;
    struct net_link_dialer_options options = {.address =
                                                  agent_coordinator_agents_address(coordinator),
                                              .events = agent_double_events(name)};
    must(net_link_dialer_create(&options, &dialer, NULL) == NET_OK, "join");
    return dialer;
}

// An agent that leaves with work on it, and a client that has nothing else to do than see it.
static void *come_and_go(void *user)
{
    struct net_client *client = open_client();
    (void)user;
    for (int i = 0; i < VISITS; i++) {
        struct net_link_dialer *dialer = join((char[]){"two"});
        cJSON_Delete(ask(client, "{\"v\":1,\"op\":\"status\"}"));
        net_link_dialer_free(dialer);
    }
    net_client_close(client);
    return NULL;
}

// Asks until there is nobody to answer.
static void *outlive(void *user)
{
    struct net_client *client = user;
    cJSON *reply;
    while ((reply = ask(client, "{\"v\":1,\"op\":\"status\"}")) != NULL)
        cJSON_Delete(reply);
    net_client_close(client);
    return NULL;
}

static void reload(struct agent_coordinator_settings *settings)
{
    for (uint32_t i = 0; atomic_load(&clients_busy) > 0; i++) {
        settings->jobs_live_max = 1000 + i % 100;
        must(agent_coordinator_reload(coordinator, settings, NULL) == AGENT_OK, "reload");
    }
}

static void start(const char *folder, struct agent_coordinator_options *options)
{
    char state[80], models[96];
    struct agent_error err = {0};
    snprintf(state, sizeof state, "%s/state", folder);
    snprintf(models, sizeof models, "%s/models", folder);
    agent_coordinator_options_init(options);
    options->cluster = "race";
    options->control_address = options->agents_address = options->events_address =
        "tcp://127.0.0.1:0";
    options->state_dir = state;
    options->models_dir = models;
    options->settings.models_scan_ms = 1;
    options->settings.attempts_max = 1000; // each visit may cost one
    must(agent_coordinator_create(options, &coordinator, &err) == AGENT_OK, err.text);
}

static void make_model(const char *folder)
{
    static const char *const parts[] = {"models", "models/echo", "models/echo/1"};
    char path[96];
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
        must(mkdir(path, 0700) == 0, path);
    }
    snprintf(path, sizeof path, "%s/models/echo/1/model.onnx", folder);
    FILE *file = fopen(path, "w");
    must(file != NULL && fputs("the double does not read it", file) >= 0 && fclose(file) == 0,
         path);
}

int main(void)
{
    char folder[] = "/tmp/stoker-race-XXXXXX";
    struct agent_coordinator_options options;
    pthread_t clients[CLIENTS], visitor, last;
    must(mkdtemp(folder) != NULL, "make a folder");
    make_model(folder);
    start(folder, &options);
    struct net_link_dialer *dialer = join((char[]){"one"});
    for (size_t i = 0; i < CLIENTS; i++)
        must(pthread_create(&clients[i], NULL, work, NULL) == 0, "start a client");
    must(pthread_create(&visitor, NULL, come_and_go, NULL) == 0, "start a visitor");
    reload(&options.settings);
    for (size_t i = 0; i < CLIENTS; i++)
        pthread_join(clients[i], NULL);
    pthread_join(visitor, NULL);
    must(pthread_create(&last, NULL, outlive, open_client()) == 0, "start the last client");
    agent_coordinator_close(coordinator, 1000);
    agent_coordinator_close(coordinator, 0);
    bool ended_well = agent_coordinator_wait(coordinator);
    agent_coordinator_destroy(coordinator);
    pthread_join(last, NULL);
    net_link_dialer_free(dialer);
    must(ended_well, "end well");
    must(remove_tree(folder) == 0, "remove the folder");
    return 0;
}
