// What the control socket tells of jobs that have ended, and of who did what.
#include "tests/agent/control_rig.h"

TestSuite(control_past, .init = begin, .fini = finish, .timeout = 60);

#define SUBMIT(more, input) \
    "{\"v\":1,\"op\":\"submit\",\"model\":\"echo\"" more ",\"inputs\":[" input "]}"
#define GOOD "{\"dtype\":\"int16\",\"shape\":[2],\"data\":[1,-2]}"

static double number_at(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItem(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : -1;
}

// What has left memory is answered from the ledger, as if it had not.
Test(control_past, jobs_that_have_left_memory_are_known)
{
    stop();
    control_recent = 2;
    start();
    join((char[]){"one"});
    for (int i = 1; i <= 6; i++) {
        char request[256];
        snprintf(request, sizeof request, SUBMIT(",\"wait_ms\":10000,\"key\":\"k%d\"", GOOD), i);
        expect(request, "");
    }
    // Two ticks later the first ones are gone from memory.
    cJSON_Delete(ask("{\"v\":1,\"op\":\"events\",\"after\":1000000,\"wait_ms\":60}"));
    cJSON *reply = ask("{\"v\":1,\"op\":\"jobs\",\"limit\":4}");
    cr_expect_eq(number_at(reply, "total"), 6);
    const cJSON *jobs = cJSON_GetObjectItem(reply, "jobs");
    cr_expect_eq(cJSON_GetArraySize(jobs), 4);
    for (int i = 0; i < cJSON_GetArraySize(jobs); i++)
        cr_expect_eq(number_at(cJSON_GetArrayItem(jobs, i), "id"), 6 - i);
    cJSON_Delete(reply);
    reply = ask("{\"v\":1,\"op\":\"jobs\",\"before\":3,\"agent\":\"one\",\"state\":\"done\"}");
    cr_expect_eq(cJSON_GetArraySize(cJSON_GetObjectItem(reply, "jobs")), 2);
    cr_expect_eq(number_at(reply, "total"), 6);
    cJSON_Delete(reply);
    reply = ask("{\"v\":1,\"op\":\"result\",\"id\":1}");
    const cJSON *output = cJSON_GetArrayItem(cJSON_GetObjectItem(reply, "outputs"), 0);
    cr_expect_str_eq(text_at(output, "data_b64", NULL), "AQD+/w==");
    cJSON_Delete(reply);
    reply = ask("{\"v\":1,\"op\":\"job\",\"id\":1}");
    cr_expect_str_eq(text_at(reply, "job", "state"), "done");
    cr_expect_str_eq(text_at(reply, "job", "agent"), "one");
    cJSON_Delete(reply);
    reply = ask(SUBMIT(",\"wait_ms\":10000,\"key\":\"k1\"", GOOD));
    cr_expect(cJSON_IsTrue(cJSON_GetObjectItem(reply, "existing")));
    cr_expect_eq(number_at(cJSON_GetObjectItem(reply, "job"), "id"), 1);
    cJSON_Delete(reply);
    expect("{\"v\":1,\"op\":\"cancel\",\"id\":1}", "conflict");
    expect("{\"v\":1,\"op\":\"cancel\",\"id\":77}", "not_found");
    control_recent = 10000;
}

Test(control_past, the_past_is_told)
{
    join((char[]){"one"});
    expect(SUBMIT(",\"wait_ms\":10000", GOOD), "");
    expect("{\"v\":1,\"op\":\"cordon\",\"agent\":\"one\",\"by\":\"me\",\"reason\":\"fan\"}", "");
    cJSON *reply = ask("{\"v\":1,\"op\":\"history\",\"id\":1}");
    const cJSON *attempt = cJSON_GetArrayItem(cJSON_GetObjectItem(reply, "attempts"), 0);
    cr_expect_str_eq(text_at(reply, "job", "state"), "done");
    cr_expect_str_eq(text_at(attempt, "agent", NULL), "one");
    cr_expect_str_eq(text_at(attempt, "outcome", NULL), "done");
    cJSON_Delete(reply);
    reply = ask("{\"v\":1,\"op\":\"history\",\"model\":\"echo\",\"limit\":5}");
    cr_expect_eq(number_at(reply, "total"), 1);
    cr_expect_eq(cJSON_GetArraySize(cJSON_GetObjectItem(reply, "jobs")), 1);
    cJSON_Delete(reply);
    reply = ask("{\"v\":1,\"op\":\"history\",\"until_ms\":1000}");
    cr_expect_eq(cJSON_GetArraySize(cJSON_GetObjectItem(reply, "jobs")), 0);
    cJSON_Delete(reply);
    reply = ask("{\"v\":1,\"op\":\"audit\",\"what\":\"cordon\"}");
    const cJSON *entry = cJSON_GetArrayItem(cJSON_GetObjectItem(reply, "audit"), 0);
    cr_expect_str_eq(text_at(entry, "who", NULL), "me");
    cr_expect_str_eq(text_at(entry, "target", NULL), "one");
    cr_expect_str_eq(text_at(entry, "why", NULL), "fan");
    cJSON_Delete(reply);
    expect("{\"v\":1,\"op\":\"history\",\"id\":77}", "not_found");
    expect("{\"v\":1,\"op\":\"history\",\"state\":\"queued\"}", "bad_request");
    expect("{\"v\":1,\"op\":\"history\",\"since_ms\":-1}", "bad_request");
    expect("{\"v\":1,\"op\":\"audit\",\"limit\":0}", "bad_request");
}
