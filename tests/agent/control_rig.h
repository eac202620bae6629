// A whole coordinator in a folder of its own, driven over its sockets by a client and by agents
// that are doubles. One a program: Criterion runs each test in a process.
#ifndef CONTROL_RIG_H
#define CONTROL_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cjson/cJSON.h>
#include <criterion/criterion.h>

#include "agent/coordinator/coordinator.h"
#include "net_client.h"
#include "net_link.h"
#include "tests/agent/agent_double.h"
#include "tests/agent/remove_tree.h"

static char folder[64];
static struct agent_coordinator *coordinator;
static struct net_client *client;
static struct net_link_dialer *dialer;
static char agents_address[64]; // survives a restart of the coordinator

static void join_as(struct net_link_events events)
{
    struct net_link_dialer_options options = {
        .address = agent_coordinator_agents_address(coordinator), .events = events};
    cr_assert_eq(net_link_dialer_create(&options, &dialer, NULL), NET_OK);
}

__attribute__((unused)) static void join(char *name)
{
    join_as(agent_double_events(name));
}

// ---- the coordinator

__attribute__((unused)) static void write_file(const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

__attribute__((unused)) static void make_folder(const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert_eq(mkdir(path, 0700), 0);
}

static uint32_t jobs_live_max; // 0: the default

static uint32_t control_recent = 10000; // ended jobs in memory
static uint32_t control_patience_ms; // with agents that are silent, as doubles are; 0: the default

__attribute__((unused)) static void start_with(bool keep_nothing)
{
    struct agent_coordinator_options options;
    struct agent_error err = {0};
    char state[80], models[80];
    snprintf(state, sizeof state, "%s/state", folder);
    snprintf(models, sizeof models, "%s/models", folder);
    agent_coordinator_options_init(&options);
    options.cluster = "test";
    options.control_address = options.events_address = "tcp://127.0.0.1:0";
    options.agents_address = agents_address;
    options.state_dir = state;
    options.models_dir = models;
    options.keep_nothing = keep_nothing;
    options.settings.jobs_recent_max = control_recent;
    if (control_patience_ms != 0)
        options.suspect_ms = options.lost_ms = control_patience_ms;
    if (jobs_live_max != 0)
        options.settings.jobs_live_max = jobs_live_max;
    cr_assert_eq(agent_coordinator_create(&options, &coordinator, &err), AGENT_OK, "%s", err.text);
    snprintf(agents_address, sizeof agents_address, "%s",
             agent_coordinator_agents_address(coordinator));
    cr_assert_eq(
        net_client_open(agent_coordinator_control_address(coordinator), NULL, &client, NULL),
        NET_OK);
}

__attribute__((unused)) static void start(void)
{
    start_with(false);
}

__attribute__((unused)) static void stop(void)
{
    net_link_dialer_free(dialer);
    dialer = NULL;
    net_client_close(client);
    agent_coordinator_close(coordinator, 0);
    cr_assert(agent_coordinator_wait(coordinator));
    agent_coordinator_destroy(coordinator);
}

__attribute__((unused)) static void begin(void)
{
    snprintf(folder, sizeof folder, "/tmp/stoker-control-XXXXXX");
    snprintf(agents_address, sizeof agents_address, "tcp://127.0.0.1:0");
    cr_assert_not_null(mkdtemp(folder));
    make_folder("models");
    make_folder("models/echo");
    make_folder("models/echo/1");
    write_file("models/echo/1/model.onnx", "the double does not read it");
    write_file("models/echo/config.ini", "[model]\nmax_batch = 4\n");
    start();
}

__attribute__((unused)) static void finish(void)
{
    stop();
    cr_assert_eq(remove_tree(folder), 0);
}

__attribute__((unused)) static cJSON *ask(const char *request)
{
    char *text = NULL;
    size_t len = 0;
    struct net_error err = {0};
    cr_assert_eq(net_client_request(client, request, strlen(request), 10000, &text, &len, &err),
                 NET_OK, "%s", err.text);
    cJSON *reply = cJSON_ParseWithLength(text, len);
    cr_assert_not_null(reply, "%s", text);
    free(text);
    return reply;
}

__attribute__((unused)) static const char *text_at(const cJSON *object, const char *outer,
                                                   const char *inner)
{
    const cJSON *item = cJSON_GetObjectItem(object, outer);
    const char *text = cJSON_GetStringValue(inner ? cJSON_GetObjectItem(item, inner) : item);
    return text != NULL ? text : "";
}

__attribute__((unused)) static void expect(const char *request, const char *code)
{
    cJSON *reply = ask(request);
    cr_expect_str_eq(text_at(reply, "error", "code"), code, "%s -> %s", request,
                     text_at(reply, "error", "message"));
    cr_expect_eq(cJSON_IsTrue(cJSON_GetObjectItem(reply, "ok")), code[0] == '\0');
    cr_expect(code[0] == '\0' || text_at(reply, "error", "message")[0] != '\0');
    cJSON_Delete(reply);
}

#endif
