// Jobs over a submitter's link, to a whole coordinator and an agent that is a double.
#include <pthread.h>
#include <stdatomic.h>

#include "agent/coordinator/declared.h"
#include "net_submit.h"
#include "tests/agent/control_rig.h"

enum { JOBS_MAX = 4096 };

// What became of a job, by its tag.
struct heard {
    unsigned taken, ended, busy, refused, unknown, unsent, last;
    bool existing;
    uint64_t job;
    uint32_t retry_after_ms;
    enum net_job_end end;
    int32_t output;
    char code[NET_CODE_MAX + 1], text[NET_TEXT_MAX + 1];
};

static struct heard heards[JOBS_MAX];
static struct net_submitter *submitter;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint connected;

static void on_answer(void *user, const struct net_answer *answer)
{
    struct heard *heard = answer->tag;
    (void)user;
    pthread_mutex_lock(&lock);
    heard->taken += answer->kind == NET_ANSWER_TAKEN;
    heard->ended += answer->kind == NET_ANSWER_ENDED;
    heard->busy += answer->kind == NET_ANSWER_BUSY;
    heard->refused += answer->kind == NET_ANSWER_REFUSED;
    heard->unknown += answer->kind == NET_ANSWER_UNKNOWN;
    heard->unsent += answer->kind == NET_ANSWER_UNSENT;
    heard->last += answer->last;
    heard->existing = heard->existing || answer->existing;
    heard->job = answer->job;
    heard->retry_after_ms = answer->retry_after_ms;
    net_text_copy(answer->code, heard->code, sizeof heard->code);
    net_text_copy(answer->text, heard->text, sizeof heard->text);
    if (answer->kind == NET_ANSWER_ENDED) {
        heard->end = answer->result->end;
        if (answer->result->n_outputs == 1 && answer->result->outputs[0].data.len == 4)
            memcpy(&heard->output, answer->result->outputs[0].data.data, 4);
    }
    pthread_mutex_unlock(&lock);
}

static void on_connected(void *user, uint64_t epoch)
{
    (void)user;
    (void)epoch;
    atomic_fetch_add(&connected, 1);
}

static void submitter_open(uint32_t window)
{
    struct net_submitter_options options = {.address = agents_address,
                                            .name = "tester",
                                            .window = window,
                                            .on_answer = on_answer,
                                            .on_connected = on_connected};
    struct net_error err = {0};
    cr_assert_eq(net_submitter_create(&options, &submitter, &err), NET_OK, "%s", err.text);
}

static void submit_end(void)
{
    net_submitter_free(submitter);
    finish();
}

// Submits a job whose input is its index; waits for room in the window.
static void submit(int index, const char *model, uint32_t version, uint8_t want, const char *key)
{
    int32_t value = index;
    struct net_tensor tensor = {
        .dtype = 6, .rank = 1, .dims = {1}, .data = {.data = (const uint8_t *)&value, .len = 4}};
    struct net_submitter_job job = {.model = model,
                                    .model_version = version,
                                    .priority = 2,
                                    .want = want,
                                    .key = key,
                                    .inputs = &tensor,
                                    .n_inputs = 1,
                                    .tag = &heards[index]};
    struct net_error err = {0};
    size_t taken;
    while (net_submitter_send(submitter, &job, 1, &taken, &err) == NET_ERR_BUSY)
        cr_assert(net_submitter_wait_open(submitter, net_submitter_open(submitter) - 1, 20000));
    cr_assert_eq(taken, 1, "%s", err.text);
}

static void wait_all(void)
{
    cr_assert(net_submitter_wait_open(submitter, 0, 20000), "%zu jobs are open",
              net_submitter_open(submitter));
}

TestSuite(submit, .init = begin, .fini = submit_end, .timeout = 60);

Test(submit, every_job_is_answered_once_with_its_own_outputs)
{
    join((char[]){"one"});
    submitter_open(64);
    for (int i = 0; i < 2000; i++)
        submit(i, "echo", 0, i % 2 ? NET_SUBMIT_RESULT : NET_SUBMIT_ACK | NET_SUBMIT_RESULT, NULL);
    wait_all();
    for (int i = 0; i < 2000; i++) {
        cr_assert_eq(heards[i].ended, 1, "job %d", i);
        cr_assert_eq(heards[i].last, 1);
        cr_assert_eq(heards[i].taken, i % 2 ? 0 : 1);
        cr_assert_eq(heards[i].end, NET_JOB_END_DONE);
        cr_assert_eq(heards[i].output, i);
    }
    cJSON *reply = ask("{\"v\":1,\"op\":\"status\"}");
    cr_assert_eq(cJSON_GetObjectItem(cJSON_GetObjectItem(reply, "totals"), "done")->valuedouble,
                 2000);
    cJSON_Delete(reply);
}

Test(submit, outputs_of_an_earlier_epoch_are_not_taken_for_the_jobs)
{
    join_as(agent_double_stale_events((char[]){"one"}));
    submitter_open(64);
    for (int i = 0; i < 100; i++)
        submit(i, "echo", 0, NET_SUBMIT_RESULT, NULL);
    wait_all();
    for (int i = 0; i < 100; i++)
        cr_assert_eq(heards[i].output, i, "job %d has %d", i, heards[i].output);
}

Test(submit, a_job_is_known_to_the_control_socket_by_the_id_of_its_answer)
{
    submitter_open(0);
    submit(0, "echo", 1, NET_SUBMIT_ACK, NULL);
    wait_all();
    cr_assert_eq(heards[0].taken, 1);
    cr_assert_eq(heards[0].job, 1);
    cJSON *reply = ask("{\"v\":1,\"op\":\"job\",\"id\":1}");
    cr_assert_str_eq(text_at(reply, "job", "state"), "queued");
    cJSON_Delete(reply);
    expect("{\"v\":1,\"op\":\"cancel\",\"id\":1}", "");
}

Test(submit, what_is_not_taken_is_told_why)
{
    submitter_open(0);
    submit(0, "nothing", 0, NET_SUBMIT_RESULT, NULL);
    submit(1, "echo", 7, NET_SUBMIT_ACK, NULL);
    wait_all();
    cr_assert_eq(heards[0].refused, 1);
    cr_assert_str_eq(heards[0].code, "not_found");
    cr_assert_str_eq(heards[0].text, "no model named 'nothing'");
    cr_assert_str_eq(heards[1].text, "model 'echo' has no version 7");
    struct net_submitter_job job = {.model = "echo", .want = NET_SUBMIT_ACK};
    struct net_error err = {0};
    size_t taken;
    cr_assert_eq(net_submitter_send(submitter, &job, 1, &taken, &err), NET_ERR_INVAL);
    cr_assert_str_eq(err.text, "SUBMIT: inputs are none");
    cr_assert_eq(net_submitter_open(submitter), 0);
}

Test(submit, a_full_coordinator_says_when_to_try_again)
{
    stop();
    jobs_live_max = 2;
    start();
    submitter_open(0);
    for (int i = 0; i < 3; i++)
        submit(i, "echo", 0, NET_SUBMIT_ACK, NULL);
    wait_all();
    cr_assert(heards[0].taken == 1 && heards[1].taken == 1);
    cr_assert_eq(heards[2].busy, 1);
    cr_assert_gt(heards[2].retry_after_ms, 0);
    cr_assert_str_eq(heards[2].code, "busy");
}

Test(submit, a_key_given_twice_is_one_job_with_one_result)
{
    submitter_open(0);
    submit(0, "echo", 0, NET_SUBMIT_ACK | NET_SUBMIT_RESULT, "k");
    submit(1, "echo", 0, NET_SUBMIT_ACK | NET_SUBMIT_RESULT, "k");
    join((char[]){"one"});
    wait_all();
    cr_assert(!heards[0].existing && heards[1].existing);
    cr_assert_eq(heards[0].job, heards[1].job);
    cr_assert(heards[0].ended == 1 && heards[1].ended == 1);
    submit(2, "echo", 0, NET_SUBMIT_RESULT, "k"); // it has ended: from the ledger
    wait_all();
    cr_assert(heards[2].ended == 1 && heards[2].output == 0);
}

Test(submit, the_end_of_a_cancelled_job_is_told)
{
    submitter_open(0);
    submit(0, "echo", 0, NET_SUBMIT_RESULT, "k");
    submit(1, "echo", 0, NET_SUBMIT_ACK, NULL);
    cr_assert(net_submitter_wait_open(submitter, 1, 20000)); // both are in the ledger
    expect("{\"v\":1,\"op\":\"cancel\",\"id\":1,\"reason\":\"not needed\"}", "");
    wait_all();
    cr_assert_eq(heards[0].end, NET_JOB_END_CANCELLED);
    cr_assert_str_eq(heards[0].code, "cancelled");
}

Test(submit, after_a_restart_jobs_with_a_key_go_on_and_the_others_are_unknown)
{
    char key[16];
    submitter_open(0);
    for (int i = 0; i < 20; i++) {
        snprintf(key, sizeof key, "k%d", i);
        submit(i, "echo", 0, NET_SUBMIT_ACK | NET_SUBMIT_RESULT, i % 2 ? key : NULL);
    }
    submit(20, "echo", 0, NET_SUBMIT_ACK, NULL);
    cr_assert(net_submitter_wait_open(submitter, 20, 20000)); // all are in the ledger
    stop();
    start();
    cr_assert(net_submitter_wait_open(submitter, 10, 20000));
    join((char[]){"one"});
    wait_all();
    cr_assert_eq(atomic_load(&connected), 2);
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(heards[i].last, 1);
        cr_assert_eq(heards[i].taken, 1, "not told twice: %d of %d", heards[i].taken, i);
        cr_assert_eq(heards[i].unknown, i % 2 ? 0 : 1);
        cr_assert_eq(heards[i].ended, (unsigned)i % 2);
        cr_assert_eq(heards[i].job, (uint64_t)i + 1);
        cr_assert(i % 2 == 0 || heards[i].output == i);
    }
}

Test(submit, jobs_wait_for_a_coordinator_and_are_told_when_there_will_be_none)
{
    stop();
    submitter_open(4);
    for (int i = 0; i < 4; i++)
        submit(i, "echo", 0, NET_SUBMIT_ACK, i == 0 ? "k" : NULL);
    struct net_submitter_job job = {.model = "echo"};
    size_t taken;
    cr_assert_eq(net_submitter_send(submitter, &job, 1, &taken, NULL), NET_ERR_BUSY);
    struct net_error err = {0};
    cr_assert_neq(net_submitter_wait_connected(submitter, 50, &err), NET_OK);
    start();
    wait_all();
    cr_assert(heards[0].taken == 1 && heards[3].taken == 1);
    stop();
    cr_assert(net_submitter_wait_open(submitter, 0, 1000));
    submit(5, "echo", 0, NET_SUBMIT_ACK, NULL);
    net_submitter_free(submitter);
    submitter = NULL;
    cr_assert_eq(heards[5].unsent, 1);
    start();
}

static atomic_int raw_status;
static atomic_bool raw_closed;

static void raw_open(void *user, struct net_link *link)
{
    struct net_buf out = {0};
    struct net_submit_hello hello = {.version = NET_PROTOCOL_VERSION,
                                     .name = net_text_of("raw"),
                                     .software = net_text_of("test")};
    (void)user;
    cr_assert_eq(net_submit_hello_encode(&out, &hello, NULL), NET_OK);
    uint8_t damaged[] = {1, 0, 0, 0, NET_MSG_SUBMIT, 0, 0, 0, 9};
    cr_assert(net_buf_append(&out, damaged, sizeof damaged));
    cr_assert_eq(net_link_send(link, &out), NET_OK);
    net_buf_free(&out);
}

static void raw_batch(void *user, struct net_link *link, struct net_batch *batch)
{
    (void)user;
    (void)link;
    net_batch_free(batch);
}

static void raw_close(void *user, struct net_link *link, const struct net_error *reason)
{
    (void)user;
    atomic_store(&raw_status, (int)reason->status);
    atomic_store(&raw_closed, true);
    net_link_free(link);
}

Test(submit, a_submitter_that_breaks_the_protocol_loses_its_link_and_nobody_else_does)
{
    struct net_link_dialer_options options = {
        .address = agents_address,
        .submitter = true,
        .backoff_ms_min = 60000,
        .backoff_ms_max = 60000,
        .events = {.on_open = raw_open, .on_batch = raw_batch, .on_close = raw_close}};
    struct net_link_dialer *raw = NULL;
    cr_assert_eq(net_link_dialer_create(&options, &raw, NULL), NET_OK);
    submitter_open(0);
    while (!atomic_load(&raw_closed))
        expect("{\"v\":1,\"op\":\"status\"}", "");
    cr_assert_eq(atomic_load(&raw_status), NET_ERR_REFUSED);
    submit(0, "echo", 0, NET_SUBMIT_ACK, NULL);
    wait_all();
    cr_assert_eq(heards[0].taken, 1);
    net_link_dialer_free(raw);
}

// ---- what a model declares

static enum agent_status fit(const char *declared, struct net_tensor tensor, char *text)
{
    cJSON *json = cJSON_Parse(declared);
    struct agent_declared *inputs = agent_declared_new(json);
    struct agent_error err = {0};
    cr_assert_not_null(inputs);
    enum agent_status status = agent_declared_fit(inputs, &tensor, 1, &err);
    snprintf(text, sizeof err.text, "%s", err.text);
    agent_declared_free(inputs);
    cJSON_Delete(json);
    return status;
}

Test(declared, inputs_are_checked_by_name_type_and_shape)
{
    static const char one[] = "[{\"name\":\"x\",\"dtype\":\"float32\",\"shape\":[-1,4]}]";
    struct net_tensor good = {.dtype = 1, .rank = 2, .dims = {7, 4}};
    struct net_tensor named = good, type = good, rank = good, dim = good;
    char text[AGENT_ERROR_TEXT_MAX];
    named.name = net_text_of("y");
    type.dtype = 2;
    rank.rank = 1;
    dim.dims[1] = 5;
    cr_expect_eq(fit(one, good, text), AGENT_OK);
    cr_expect_eq(fit(one, named, text), AGENT_ERR_CORRUPT);
    cr_expect_str_eq(text, "the model has no input named 'y'");
    cr_expect_eq(fit(one, type, text), AGENT_ERR_CORRUPT);
    cr_expect_str_eq(text, "input 'x' is float32, not uint8");
    cr_expect_eq(fit(one, rank, text), AGENT_ERR_CORRUPT);
    cr_expect_eq(fit(one, dim, text), AGENT_ERR_CORRUPT);
    cr_expect_str_eq(text, "input 'x' has the shape [-1,4], where -1 is any number");
    cr_expect_eq(fit("[]", good, text), AGENT_ERR_CORRUPT);
    cr_expect_eq(fit("[{\"name\":\"x\"}]", good, text), AGENT_OK, "nothing is declared of it");
    cr_expect_eq(fit("[{\"dtype\":\"string\"}]", good, text), AGENT_ERR_CORRUPT);
    cr_expect_null(agent_declared_new(NULL));
}
