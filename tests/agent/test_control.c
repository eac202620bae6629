// A whole coordinator, driven over its sockets by a client and by an agent that is a double: it
// takes jobs on a real link and gives back their inputs.
#include "tests/agent/control_rig.h"

TestSuite(control, .init = begin, .fini = finish, .timeout = 60);

Test(control, wrong_requests_are_told_what_is_wrong)
{
    static const char *const rows[][2] = {
        {"", "bad_request"},
        {"x", "bad_request"},
        {"[]", "bad_request"},
        {"{}", "bad_request"},
        {"{\"v\":2,\"op\":\"status\"}", "version"},
        {"{\"v\":\"1\",\"op\":\"status\"}", "bad_request"},
        {"{\"v\":1}", "bad_request"},
        {"{\"v\":1,\"op\":7}", "bad_request"},
        {"{\"v\":1,\"op\":\"frob\"}", "bad_request"},
        {"{\"v\":1,\"op\":\"job\"}", "bad_request"},
        {"{\"v\":1,\"op\":\"job\",\"id\":0}", "bad_request"},
        {"{\"v\":1,\"op\":\"job\",\"id\":1.5}", "bad_request"},
        {"{\"v\":1,\"op\":\"job\",\"id\":\"1\"}", "bad_request"},
        {"{\"v\":1,\"op\":\"job\",\"id\":99}", "not_found"},
        {"{\"v\":1,\"op\":\"cancel\",\"id\":99}", "not_found"},
        {"{\"v\":1,\"op\":\"result\",\"id\":99}", "not_found"},
        {"{\"v\":1,\"op\":\"jobs\",\"limit\":0}", "bad_request"},
        {"{\"v\":1,\"op\":\"jobs\",\"limit\":1001}", "bad_request"},
        {"{\"v\":1,\"op\":\"jobs\",\"state\":\"lost\"}", "bad_request"},
        {"{\"v\":1,\"op\":\"jobs\",\"model\":5}", "bad_request"},
        {"{\"v\":1,\"op\":\"events\",\"after\":-1}", "bad_request"},
        {"{\"v\":1,\"op\":\"agents\",\"agent\":\"x\"}", "not_found"},
        {"{\"v\":1,\"op\":\"cordon\"}", "bad_request"},
        {"{\"v\":1,\"op\":\"cordon\",\"agent\":\"x\"}", "not_found"},
        {"{\"v\":1,\"op\":\"drain\",\"agent\":\"x\"}", "not_found"},
        {"{\"v\":1,\"op\":\"drain\",\"agent\":\"x\",\"plan\":1}", "bad_request"},
        {"{\"v\":1,\"op\":\"drain\",\"agent\":\"x\",\"plan\":true}", "not_found"},
        {"{\"v\":1,\"op\":\"operation\",\"id\":1}", "not_found"},
        {"{\"v\":1,\"op\":\"model\",\"name\":\"x\"}", "not_found"},
        {"{\"v\":1,\"op\":\"strategy\",\"name\":\"x\"}", "not_found"},
        {"{\"v\":1,\"op\":\"submit\",\"model\":\"echo\"}", "bad_request"},
        {"{\"v\":1,\"op\":\"submit\",\"model\":\"echo\",\"jobs\":[]}", "bad_request"},
        {"{\"v\":1,\"op\":\"submit\",\"model\":\"echo\",\"inputs\":[]}", "bad_request"},
        {"{\"v\":1,\"op\":\"submit\",\"model\":\"echo\",\"inputs\":[{}]}", "bad_request"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(rows[i][0], rows[i][1]);
}

#define SUBMIT(more, input) \
    "{\"v\":1,\"op\":\"submit\",\"model\":\"echo\"" more ",\"inputs\":[" input "]}"
#define GOOD "{\"dtype\":\"int16\",\"shape\":[2],\"data\":[1,-2]}"

Test(control, wrong_inputs_are_told_what_is_wrong)
{
    static const char *const rows[][2] = {
        {SUBMIT(",\"priority\":4", GOOD), "bad_request"},
        {SUBMIT(",\"priority\":-1", GOOD), "bad_request"},
        {SUBMIT(",\"deadline_ms\":-1", GOOD), "bad_request"},
        {SUBMIT(",\"wait_ms\":30001", GOOD), "bad_request"},
        {SUBMIT(",\"key\":5", GOOD), "bad_request"},
        {SUBMIT(",\"version\":3", GOOD), "not_found"},
        {SUBMIT("", "{\"dtype\":\"int15\",\"shape\":[1],\"data\":[1]}"), "wrong_input"},
        {SUBMIT("", "{\"dtype\":\"int8\",\"shape\":[2],\"data\":[1]}"), "wrong_input"},
        {SUBMIT("", "{\"dtype\":\"int8\",\"shape\":[1],\"data\":[1,2]}"), "wrong_input"},
        {SUBMIT("", "{\"dtype\":\"int8\",\"shape\":[1],\"data\":[128]}"), "wrong_input"},
        {SUBMIT("", "{\"dtype\":\"int8\",\"shape\":[1],\"data\":[0.5]}"), "wrong_input"},
        {SUBMIT("", "{\"dtype\":\"int8\",\"shape\":[1],\"data\":[\"x\"]}"), "bad_request"},
        {SUBMIT("", "{\"dtype\":\"int8\",\"shape\":[-1],\"data\":[]}"), "bad_request"},
        {SUBMIT("", "{\"dtype\":\"int8\",\"shape\":[1e18,1e18],\"data\":[]}"), "bad_request"},
        {SUBMIT("", "{\"dtype\":\"int8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data\":[1]}"),
         "bad_request"},
        {SUBMIT("", "{\"dtype\":\"int8\",\"shape\":[4e9,4e9,0],\"data\":[]}"), "bad_request"},
        {SUBMIT("", "{\"dtype\":\"int8\",\"shape\":[3],\"data_b64\":\"AQ==\"}"), "wrong_input"},
        {SUBMIT("", "{\"dtype\":\"int8\",\"shape\":[3],\"data_b64\":\"A*I=\"}"), "wrong_input"},
        {SUBMIT("", "{\"dtype\":\"int8\",\"shape\":[3],\"data_b64\":\"A*ID\"}"), "bad_request"},
        {SUBMIT("", "{\"dtype\":\"int8\",\"shape\":[1],\"data_b64\":\"AQ=\"}"), "wrong_input"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(rows[i][0], rows[i][1]);
}

Test(control, a_job_goes_round_and_comes_back)
{
    join((char[]){"one"});
    cJSON *reply = ask(SUBMIT(",\"wait_ms\":20000,\"key\":\"k\"", GOOD));
    cr_assert_str_eq(text_at(reply, "job", "state"), "done");
    const cJSON *output = cJSON_GetArrayItem(cJSON_GetObjectItem(reply, "outputs"), 0);
    cr_assert_str_eq(text_at(output, "data_b64", NULL), "AQD+/w==");
    cr_assert_str_eq(text_at(reply, "labels_ref", NULL), "echo:1");
    cJSON_Delete(reply);
    // The same key: the same job. And its outputs are read back from the ledger.
    reply = ask(SUBMIT(",\"wait_ms\":1000,\"key\":\"k\"", GOOD));
    cr_assert(cJSON_IsTrue(cJSON_GetObjectItem(reply, "existing")));
    output = cJSON_GetArrayItem(cJSON_GetObjectItem(reply, "outputs"), 0);
    cr_assert_str_eq(text_at(output, "data_b64", NULL), "AQD+/w==");
    cJSON_Delete(reply);
    expect("{\"v\":1,\"op\":\"cancel\",\"id\":1}", "conflict");
}

Test(control, many_jobs_in_one_request)
{
    join((char[]){"one"});
    cJSON *reply = ask("{\"v\":1,\"op\":\"submit\",\"model\":\"echo\",\"jobs\":["
                       "{\"inputs\":[" GOOD "]},{\"inputs\":[" GOOD "]},{\"inputs\":[" GOOD "]}]}");
    const cJSON *jobs = cJSON_GetObjectItem(reply, "jobs");
    cr_assert_eq(cJSON_GetArraySize(jobs), 3);
    for (int i = 0; i < 3; i++) {
        char request[96];
        snprintf(request, sizeof request, "{\"v\":1,\"op\":\"result\",\"wait_ms\":20000,\"id\":%g}",
                 cJSON_GetObjectItem(cJSON_GetArrayItem(jobs, i), "id")->valuedouble);
        cJSON *result = ask(request);
        cr_assert_str_eq(text_at(result, "job", "state"), "done");
        cJSON_Delete(result);
    }
    cJSON_Delete(reply);
}

Test(control, a_drain_ends_with_an_agent_that_is_safe_to_remove)
{
    join((char[]){"one"});
    cJSON_Delete(ask(SUBMIT(",\"wait_ms\":20000", GOOD)));
    cJSON *reply = ask("{\"v\":1,\"op\":\"drain\",\"agent\":\"one\",\"plan\":true}");
    cr_assert_str_eq(text_at(reply, "operation", "state"), "planned");
    const cJSON *plan = cJSON_GetObjectItem(reply, "plan");
    cr_assert(cJSON_IsTrue(cJSON_GetObjectItem(plan, "needs_force")), "no other agent is here");
    cr_assert_gt(cJSON_GetArraySize(cJSON_GetObjectItem(plan, "warnings")), 0);
    cJSON_Delete(reply);
    expect("{\"v\":1,\"op\":\"drain\",\"agent\":\"one\"}", "conflict");
    expect("{\"v\":1,\"op\":\"drain\",\"agent\":\"one\",\"confirm\":\"00000000-00000000\","
           "\"force\":true}",
           "conflict");
    expect("{\"v\":1,\"op\":\"certificate\",\"operation\":1}", "not_found");
    expect("{\"v\":1,\"op\":\"drain\",\"agent\":\"one\",\"by\":\"me\",\"reason\":\"fan\","
           "\"force\":true}",
           "");
    reply = ask("{\"v\":1,\"op\":\"operation\",\"id\":1,\"wait_ms\":20000}");
    const cJSON *operation = cJSON_GetObjectItem(reply, "operation");
    cr_assert(cJSON_IsTrue(cJSON_GetObjectItem(operation, "safe_to_remove")));
    cJSON_Delete(reply);
    reply = ask("{\"v\":1,\"op\":\"certificate\",\"operation\":1}");
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(reply, "certificate"));
    cr_assert_not_null(text);
    cr_assert_not_null(strstr(text, "Stoker certificate 1\ncluster: test\noperation: 1\n"));
    cr_assert_not_null(strstr(text, "\nagent: one\n"));
    cr_assert_not_null(strstr(text, "\nsignature: "));
    cJSON_Delete(reply);
    expect("{\"v\":1,\"op\":\"drain\",\"agent\":\"one\"}", "conflict");
    expect("{\"v\":1,\"op\":\"uncordon\",\"agent\":\"one\"}", "");
    expect("{\"v\":1,\"op\":\"uncordon\",\"agent\":\"one\"}", "conflict");
    expect("{\"v\":1,\"op\":\"certificate\",\"operation\":1}", "conflict");
}

Test(control, another_process_of_the_name_is_not_acted_on)
{
    static const char *const ops[] = {"cordon", "uncordon", "drain"};
    const char other[] = "00112233445566778899aabbccddeeff";
    char instance[64], request[256];
    join((char[]){"one"});
    cJSON_Delete(ask(SUBMIT(",\"wait_ms\":20000", GOOD)));
    cJSON *reply = ask("{\"v\":1,\"op\":\"agents\"}");
    const cJSON *agent = cJSON_GetArrayItem(cJSON_GetObjectItem(reply, "agents"), 0);
    snprintf(instance, sizeof instance, "%s",
             cJSON_GetStringValue(cJSON_GetObjectItem(agent, "instance")));
    cr_assert_eq(strlen(instance), 32);
    cJSON_Delete(reply);
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        snprintf(request, sizeof request,
                 "{\"v\":1,\"op\":\"%s\",\"agent\":\"one\",\"instance\":\"%s\"}", ops[i], other);
        expect(request, "conflict");
    }
    snprintf(request, sizeof request,
             "{\"v\":1,\"op\":\"restart\",\"agents\":[\"one\"],\"instances\":[\"%s\"]}", other);
    expect(request, "conflict");
    expect("{\"v\":1,\"op\":\"restart\",\"agents\":[\"one\"],\"instances\":[]}", "bad_request");
    reply = ask("{\"v\":1,\"op\":\"agents\"}");
    agent = cJSON_GetArrayItem(cJSON_GetObjectItem(reply, "agents"), 0);
    cr_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(agent, "state")), "ready");
    cJSON_Delete(reply);
    snprintf(request, sizeof request,
             "{\"v\":1,\"op\":\"cordon\",\"agent\":\"one\",\"instance\":\"%s\"}", instance);
    expect(request, "");
}

Test(control, why_a_strategy_or_an_operation_ended_is_in_the_audit)
{
    static const char *const whys[] = {"the fan is fine", "a try"}; // newest first
    join((char[]){"one"});
    cJSON_Delete(ask(SUBMIT(",\"wait_ms\":20000", GOOD)));
    expect(
        "{\"v\":1,\"op\":\"strategy\",\"name\":\"round-robin\",\"by\":\"me\",\"reason\":\"a try\"}",
        "");
    cJSON *reply = ask("{\"v\":1,\"op\":\"restart\",\"agents\":[\"one\"],\"force\":true}");
    char request[128];
    snprintf(request, sizeof request,
             "{\"v\":1,\"op\":\"operation\",\"id\":%g,\"cancel\":true,\"by\":\"me\",\"reason\":"
             "\"the fan is fine\"}",
             cJSON_GetObjectItem(cJSON_GetObjectItem(reply, "operation"), "id")->valuedouble);
    cJSON_Delete(reply);
    expect(request, "");
    reply = ask("{\"v\":1,\"op\":\"audit\",\"who\":\"me\"}");
    const cJSON *audit = cJSON_GetObjectItem(reply, "audit");
    cr_assert_eq(cJSON_GetArraySize(audit), 2);
    for (int i = 0; i < 2; i++)
        cr_assert_str_eq(
            cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetArrayItem(audit, i), "why")),
            whys[i]);
    cJSON_Delete(reply);
}

Test(control, an_agent_that_is_too_old_to_be_tuned_is_told_apart)
{
    expect("{\"v\":1,\"op\":\"tune\"}", "bad_request");
    expect("{\"v\":1,\"op\":\"tune\",\"model\":\"nothing\"}", "not_found");
    expect("{\"v\":1,\"op\":\"tune\",\"model\":\"echo\",\"batch\":0}", "bad_request");
    expect("{\"v\":1,\"op\":\"tune\",\"model\":\"echo\"}", "unavailable");
    expect("{\"v\":1,\"op\":\"tune\",\"model\":\"echo\",\"agent\":\"one\"}", "not_found");
    join((char[]){"one"});
    cJSON_Delete(ask(SUBMIT(",\"wait_ms\":20000", GOOD)));
    cJSON *reply = ask("{\"v\":1,\"op\":\"tune\",\"model\":\"echo\",\"agent\":\"one\"}");
    cr_expect_str_eq(text_at(reply, "error", "code"), "conflict");
    cr_expect_not_null(strstr(text_at(reply, "error", "message"), "unsupported"));
    cJSON_Delete(reply);
}

Test(control, jobs_and_their_results_outlive_the_coordinator)
{
    expect(SUBMIT(",\"key\":\"late\"", GOOD), "");
    stop();
    start();
    cJSON *reply = ask("{\"v\":1,\"op\":\"job\",\"id\":1}");
    cr_assert_str_eq(text_at(reply, "job", "state"), "queued");
    cJSON_Delete(reply);
    join((char[]){"one"});
    reply = ask("{\"v\":1,\"op\":\"result\",\"id\":1,\"wait_ms\":20000}");
    cr_assert_str_eq(text_at(reply, "job", "state"), "done");
    cJSON_Delete(reply);
    stop();
    start();
    reply = ask("{\"v\":1,\"op\":\"result\",\"id\":1}");
    const cJSON *output = cJSON_GetArrayItem(cJSON_GetObjectItem(reply, "outputs"), 0);
    cr_assert_str_eq(text_at(output, "data_b64", NULL), "AQD+/w==");
    cJSON_Delete(reply);
}

Test(control, without_a_ledger_jobs_run_and_the_state_says_so)
{
    stop();
    start_with(true);
    join((char[]){"one"});
    cJSON *reply = ask(SUBMIT(",\"wait_ms\":10000", GOOD));
    cr_assert_str_eq(text_at(reply, "job", "state"), "done");
    cr_assert_not_null(cJSON_GetObjectItem(reply, "outputs"));
    cJSON_Delete(reply);
    reply = ask("{\"v\":1,\"op\":\"result\",\"id\":1}");
    cr_assert_not_null(cJSON_GetObjectItem(reply, "outputs"), "kept in memory");
    cJSON_Delete(reply);
    reply = ask("{\"v\":1,\"op\":\"status\"}");
    cr_assert_str_eq(text_at(reply, "ledger", "state"), "none");
    cJSON_Delete(reply);
    stop();
    start();
    expect("{\"v\":1,\"op\":\"job\",\"id\":1}", "not_found");
}

Test(control, events_can_be_waited_for)
{
    cJSON *reply = ask("{\"v\":1,\"op\":\"events\"}");
    cr_assert_eq(cJSON_GetArraySize(cJSON_GetObjectItem(reply, "events")), 0);
    cJSON_Delete(reply);
    join((char[]){"one"});
    reply = ask("{\"v\":1,\"op\":\"events\",\"after\":0,\"wait_ms\":20000}");
    const cJSON *event = cJSON_GetArrayItem(cJSON_GetObjectItem(reply, "events"), 0);
    cr_assert_str_eq(text_at(event, "kind", NULL), "agent.joined");
    cJSON_Delete(reply);
}

static double event_seq(const cJSON *reply, int index)
{
    const cJSON *event = cJSON_GetArrayItem(cJSON_GetObjectItem(reply, "events"), index);
    return cJSON_GetNumberValue(cJSON_GetObjectItem(event, "seq"));
}

static int event_count(const cJSON *reply)
{
    return cJSON_GetArraySize(cJSON_GetObjectItem(reply, "events"));
}

Test(control, events_go_back_from_the_oldest_that_is_known)
{
    char request[96];
    join((char[]){"one"});
    for (int i = 0; i < 3; i++) {
        cJSON_Delete(ask("{\"v\":1,\"op\":\"cordon\",\"agent\":\"one\"}"));
        cJSON_Delete(ask("{\"v\":1,\"op\":\"uncordon\",\"agent\":\"one\"}"));
    }
    cJSON *all = ask("{\"v\":1,\"op\":\"events\"}");
    int count = event_count(all);
    cr_assert_geq(count, 7);
    snprintf(request, sizeof request, "{\"v\":1,\"op\":\"events\",\"before\":%.0f,\"limit\":2}",
             event_seq(all, 5));
    cJSON *reply = ask(request);
    cr_assert_eq(event_count(reply), 2, "the last two of those before it");
    cr_assert_eq(event_seq(reply, 0), event_seq(all, 3));
    cr_assert_eq(event_seq(reply, 1), event_seq(all, 4));
    cJSON_Delete(reply);
    snprintf(request, sizeof request, "{\"v\":1,\"op\":\"events\",\"before\":%.0f}",
             event_seq(all, 0));
    reply = ask(request);
    cr_assert_eq(event_count(reply), 0, "nothing is before the first");
    cJSON_Delete(reply);
    cJSON_Delete(all);
    expect("{\"v\":1,\"op\":\"events\",\"before\":9,\"after\":1}", "bad_request");
}

Test(control, a_second_coordinator_is_kept_from_the_state_folder)
{
    struct agent_coordinator_options options;
    struct agent_coordinator *second = NULL;
    struct agent_error err = {0};
    char state[80];
    snprintf(state, sizeof state, "%s/state", folder);
    agent_coordinator_options_init(&options);
    options.cluster = "test";
    options.control_address = options.agents_address = options.events_address = "tcp://127.0.0.1:0";
    options.state_dir = state;
    options.models_dir = folder;
    cr_assert_eq(agent_coordinator_create(&options, &second, &err), AGENT_ERR_LOCKED);
    cr_assert_not_null(strstr(err.text, state));
}

Test(control, reload_refuses_what_it_does_not_know)
{
    struct agent_coordinator_options options;
    struct agent_error err = {0};
    agent_coordinator_options_init(&options);
    options.settings.strategy = "none";
    cr_assert_eq(agent_coordinator_reload(coordinator, &options.settings, &err), AGENT_ERR_INVAL);
    options.settings.strategy = "round-robin";
    cr_assert_eq(agent_coordinator_reload(coordinator, &options.settings, &err), AGENT_OK);
    const char *strategy = "";
    while (strcmp(strategy, "round-robin") != 0) {
        cJSON *reply = ask("{\"v\":1,\"op\":\"strategy\"}");
        strategy =
            strcmp(text_at(reply, "strategy", NULL), "round-robin") == 0 ? "round-robin" : "";
        cJSON_Delete(reply);
    }
}
