// Results that are given again for equal inputs: the cache itself, and a whole coordinator with it.
#include <stdatomic.h>

#include "agent/coordinator/response_cache.h"
#include "net_submit.h"
#include "tests/agent/control_rig.h"

#define INPUT(data) "{\"name\":\"x\",\"dtype\":\"uint8\",\"shape\":[4],\"data_b64\":\"" data "\"}"
#define SUBMIT(more, data)                                                            \
    "{\"v\":1,\"op\":\"submit\",\"model\":\"echo\",\"inputs\":[" INPUT(data) "]" more \
                                                                             ",\"wait_ms\":20000}"
#define ONE "AQD+/w=="
#define OTHER "AgD+/w=="

// ---- the cache

static const uint8_t model_a[AGENT_HASH_SIZE] = {1}, model_b[AGENT_HASH_SIZE] = {2};

static void key_of(int number, uint8_t ret_key[AGENT_RESPONSE_KEY_SIZE])
{
    cr_assert(agent_response_key(model_a, &number, sizeof number, ret_key));
}

static void put(struct agent_response_cache *cache, int number, size_t size)
{
    uint8_t key[AGENT_RESPONSE_KEY_SIZE];
    struct agent_blob *blob = agent_blob_new(NULL, size);
    cr_assert_not_null(blob);
    memset(blob->bytes, number, size);
    key_of(number, key);
    agent_response_cache_put(cache, key, blob);
    agent_blob_unref(blob);
}

// Whether it is there, with its own bytes.
static bool has(struct agent_response_cache *cache, int number)
{
    uint8_t key[AGENT_RESPONSE_KEY_SIZE];
    key_of(number, key);
    struct agent_blob *blob = agent_response_cache_get(cache, key);
    if (blob != NULL)
        cr_assert_eq(blob->bytes[0], number);
    agent_blob_unref(blob);
    return blob != NULL;
}

Test(response_cache, a_key_is_of_the_model_and_of_every_byte)
{
    uint8_t first[AGENT_RESPONSE_KEY_SIZE], second[AGENT_RESPONSE_KEY_SIZE];
    cr_assert(agent_response_key(model_a, "abc", 3, first));
    // (printf '\1'; head -c31 /dev/zero; printf abc) | sha256sum
    static const uint8_t known[] = {0x86, 0xcd, 0x26, 0x87, 0x0c, 0x89, 0x5d, 0x5a};
    cr_assert_arr_eq(first, known, sizeof known);
    cr_assert(agent_response_key(model_b, "abc", 3, second));
    cr_assert_arr_neq(first, second, sizeof first);
    cr_assert(agent_response_key(model_a, "abd", 3, second));
    cr_assert_arr_neq(first, second, sizeof first);
    cr_assert(agent_response_key(model_a, "ab", 2, second));
    cr_assert_arr_neq(first, second, sizeof first);
}

Test(response_cache, the_least_recently_used_goes_first)
{
    struct agent_response_cache *cache = agent_response_cache_new(3 * 1200);
    put(cache, 1, 1000);
    put(cache, 2, 1000);
    put(cache, 3, 1000);
    cr_assert(has(cache, 1));
    put(cache, 4, 1000);
    cr_assert(has(cache, 1) && has(cache, 3) && has(cache, 4));
    cr_assert_not(has(cache, 2));
    struct agent_response_stats stats = agent_response_cache_stats(cache);
    cr_assert_eq(stats.hits, 4);
    cr_assert_eq(stats.misses, 1);
    cr_assert_eq(stats.evictions, 1);
    cr_assert_eq(stats.entries, 3);
    agent_response_cache_free(cache);
}

Test(response_cache, its_bytes_stay_within_the_bound)
{
    struct agent_response_cache *cache = agent_response_cache_new(100000);
    for (int i = 0; i < 2000; i++) {
        put(cache, i & 127, (size_t)(i * 37 % 9000) + 1);
        cr_assert_leq(agent_response_cache_stats(cache).bytes, 100000);
    }
    put(cache, 200, 100000); // with what is kept beside it it is too large, and drives out nothing
    cr_assert_not(has(cache, 200));
    cr_assert_gt(agent_response_cache_stats(cache).entries, 5);
    agent_response_cache_limit(cache, 0);
    struct agent_response_stats stats = agent_response_cache_stats(cache);
    cr_assert_eq(stats.bytes, 0);
    cr_assert_eq(stats.entries, 0);
    put(cache, 1, 1);
    cr_assert_not(has(cache, 1));
    agent_response_cache_free(cache);
}

// ---- a coordinator

static void restart(const char *config)
{
    stop();
    write_file("models/echo/config.ini", config);
    start();
}

static void opted_in(void)
{
    begin();
    restart("[cache]\nresponses = yes\n");
}

static double count(const char *name)
{
    cJSON *reply = ask("{\"v\":1,\"op\":\"snapshot\"}");
    const cJSON *caches = cJSON_GetObjectItem(reply, "caches");
    const cJSON *response = cJSON_GetObjectItem(caches, "response");
    double value = cJSON_GetNumberValue(cJSON_GetObjectItem(response, name));
    cJSON_Delete(reply);
    return value;
}

// A request that ends with a job that is done: whether it came from the cache, and its outputs.
static void expect_done(const char *request, bool cached, const char *data)
{
    cJSON *reply = ask(request);
    const cJSON *job = cJSON_GetObjectItem(reply, "job");
    cr_assert_str_eq(text_at(reply, "job", "state"), "done", "%s",
                     text_at(reply, "error", "message"));
    cr_assert_eq(cJSON_IsTrue(cJSON_GetObjectItem(job, "cached")), cached, "%s", request);
    const cJSON *output = cJSON_GetArrayItem(cJSON_GetObjectItem(reply, "outputs"), 0);
    cr_assert_str_eq(text_at(output, "data_b64", NULL), data);
    cr_assert_str_eq(text_at(reply, "job", "agent"), cached ? "" : "one");
    cr_assert_eq(cJSON_GetNumberValue(cJSON_GetObjectItem(job, "attempt")), !cached);
    const cJSON *timing = cJSON_GetObjectItem(job, "timing_us");
    if (cached) {
        cr_assert_eq(cJSON_GetNumberValue(cJSON_GetObjectItem(timing, "total")),
                     cJSON_GetNumberValue(cJSON_GetObjectItem(timing, "queue")));
    }
    cJSON_Delete(reply);
}

static void leave(void)
{
    net_link_dialer_free(dialer);
    dialer = NULL;
}

TestSuite(responses, .init = opted_in, .fini = finish, .timeout = 60);

Test(responses, equal_inputs_are_answered_without_an_agent)
{
    join((char[]){"one"});
    expect_done(SUBMIT("", ONE), false, ONE);
    leave();
    expect_done(SUBMIT("", ONE), true, ONE);
    // What decides about its place does not change its outputs.
    expect_done(SUBMIT(",\"priority\":0,\"key\":\"k\"", ONE), true, ONE);
    expect_done(SUBMIT(",\"key\":\"k\"", ONE), true, ONE);
    cr_assert_eq(count("hits"), 3);
    cr_assert_eq(count("misses"), 1);
    cr_assert_eq(count("entries"), 1);
    cJSON *reply = ask("{\"v\":1,\"op\":\"status\"}");
    const cJSON *totals = cJSON_GetObjectItem(reply, "totals");
    cr_assert_eq(cJSON_GetNumberValue(cJSON_GetObjectItem(totals, "done")), 3);
    cJSON_Delete(reply);
    // Other inputs are another question.
    join((char[]){"one"});
    expect_done(SUBMIT("", OTHER), false, OTHER);
}

Test(responses, after_a_restart_the_cache_is_empty_and_its_jobs_are_kept)
{
    join((char[]){"one"});
    expect_done(SUBMIT("", ONE), false, ONE);
    expect_done(SUBMIT("", ONE), true, ONE);
    stop();
    control_recent = 1;
    start();
    cr_assert_eq(count("entries"), 0);
    join((char[]){"one"});
    expect_done(SUBMIT("", ONE), false, ONE);
    expect_done("{\"v\":1,\"op\":\"result\",\"id\":1}", false, ONE);
    expect_done("{\"v\":1,\"op\":\"result\",\"id\":2}", true, ONE); // from memory, or the ledger
    expect_done(SUBMIT("", ONE), true, ONE);
    stop();
    start();
    expect_done("{\"v\":1,\"op\":\"result\",\"id\":2}", true, ONE);
    expect_done("{\"v\":1,\"op\":\"result\",\"id\":4}", true, ONE);
}

Test(responses, another_version_of_a_model_never_answers_for_it)
{
    join((char[]){"one"});
    expect_done(SUBMIT("", ONE), false, ONE);
    make_folder("models/echo/2");
    write_file("models/echo/2/model.onnx", "another one");
    struct agent_coordinator_options options;
    agent_coordinator_options_init(&options);
    cr_assert_eq(agent_coordinator_reload(coordinator, &options.settings, NULL), AGENT_OK);
    while (true) { // until the folder was looked at
        cJSON *reply = ask("{\"v\":1,\"op\":\"model\",\"name\":\"echo\"}");
        bool newer = cJSON_GetNumberValue(
                         cJSON_GetObjectItem(cJSON_GetObjectItem(reply, "model"), "version")) == 2;
        cJSON_Delete(reply);
        if (newer)
            break;
    }
    expect_done(SUBMIT(",\"version\":2", ONE), false, ONE);
    expect_done(SUBMIT(",\"version\":1", ONE), true, ONE);
}

Test(responses, a_model_that_does_not_ask_for_it_is_not_kept)
{
    restart("[model]\nmax_batch = 4\n");
    join((char[]){"one"});
    expect_done(SUBMIT("", ONE), false, ONE);
    expect_done(SUBMIT("", ONE), false, ONE);
    cr_assert_eq(count("hits") + count("misses") + count("entries"), 0);
}

Test(responses, without_a_ledger_it_works_as_well)
{
    stop();
    start_with(true);
    join((char[]){"one"});
    expect_done(SUBMIT("", ONE), false, ONE);
    leave();
    expect_done(SUBMIT("", ONE), true, ONE);
    expect_done("{\"v\":1,\"op\":\"result\",\"id\":2}", true, ONE);
}

static atomic_int ended;

static void on_answer(void *user, const struct net_answer *answer)
{
    (void)user;
    if (answer->kind == NET_ANSWER_ENDED && answer->result->end == NET_JOB_END_DONE &&
        answer->result->n_outputs == 1 && answer->result->outputs[0].data.len == 4 &&
        memcmp(answer->result->outputs[0].data.data, "\1\0\376\377", 4) == 0)
        atomic_fetch_add(&ended, 1);
}

Test(responses, a_submitters_link_and_the_control_socket_share_it)
{
    join((char[]){"one"});
    expect_done(SUBMIT("", ONE), false, ONE);
    leave();
    struct net_submitter *submitter = NULL;
    struct net_submitter_options options = {
        .address = agents_address, .name = "tester", .on_answer = on_answer};
    cr_assert_eq(net_submitter_create(&options, &submitter, NULL), NET_OK);
    struct net_tensor tensor = {.name = net_text_of("x"),
                                .dtype = 2, // uint8
                                .rank = 1,
                                .dims = {4},
                                .data = {.data = (const uint8_t *)"\1\0\376\377", .len = 4}};
    struct net_submitter_job job = {.model = "echo",
                                    .priority = 2,
                                    .want = NET_SUBMIT_RESULT,
                                    .inputs = &tensor,
                                    .n_inputs = 1};
    size_t taken;
    cr_assert_eq(net_submitter_send(submitter, &job, 1, &taken, NULL), NET_OK);
    cr_assert(net_submitter_wait_open(submitter, 0, 20000));
    cr_assert_eq(atomic_load(&ended), 1);
    cr_assert_eq(count("hits"), 1);
    net_submitter_free(submitter);
}
