// What the version before this one says, byte for byte as it said it: the coordinator and its
// agents are not replaced at the same moment, so each must go on speaking to the other's older
// version.
#include <string.h>

#include <criterion/criterion.h>

#include "net_msg.h"

// clang-format off
static const uint8_t old_hello[] = {
    0x37, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x53, 0x54, 0x4b, 0x52, 0x01, 0x00, 0x08, 0x00,
    0x65, 0x6d, 0x62, 0x65, 0x72, 0x2d, 0x30, 0x31, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
    0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x05, 0x00, 0x30, 0x2e, 0x31, 0x2e, 0x30, 0x0c,
    0x00, 0x00, 0x00, 0x7b, 0x22, 0x63, 0x72, 0x65, 0x64, 0x69, 0x74, 0x22, 0x3a, 0x38, 0x7d,
};
static const uint8_t old_welcome[] = {
    0x17, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x00, 0x07, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0xf4, 0x01, 0x00, 0x00, 0x03, 0x00, 0x6c, 0x61, 0x62,
};
static const uint8_t old_dispatch[] = {
    0x5f, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x84, 0x03, 0x00, 0x00,
    0x01, 0x06, 0x00, 0x64, 0x69, 0x67, 0x69, 0x74, 0x73, 0x04, 0x00, 0x00, 0x00, 0xab, 0xab, 0xab,
    0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab,
    0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0x01, 0x01, 0x00,
    0x78, 0x01, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x3f,
};
static const uint8_t old_result[] = {
    0x48, 0x00, 0x00, 0x00, 0x12, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x0a, 0x00,
    0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x1e, 0x00, 0x00, 0x00, 0x28, 0x00, 0x00, 0x00, 0x06, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x01, 0x00, 0x79, 0x01, 0x01, 0x01, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x3f,
};
static const uint8_t old_credit[] = {
    0x11, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x0b, 0x00, 0x74, 0x77,
    0x6f, 0x20, 0x64, 0x65, 0x76, 0x69, 0x63, 0x65, 0x73,
};
static const uint8_t old_model_state[] = {
    0x30, 0x00, 0x00, 0x00, 0x26, 0x00, 0x00, 0x00, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab,
    0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab,
    0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0x02, 0x01, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x4d, 0x00, 0x00, 0x00, 0x00, 0x00,
};
// clang-format on

static struct net_frame frame_of(const uint8_t *bytes, size_t len, enum net_sender from)
{
    struct net_frame frame;
    struct net_error err = {0};
    size_t size = 0, need = 0;
    cr_assert_eq(net_frame_split(bytes, len, from, &frame, &size, &need, &err), NET_OK, "%s",
                 err.text);
    cr_assert_eq(size, len);
    return frame;
}

// Encoded again it must be what the other side has always understood.
static void same(struct net_buf *buf, const uint8_t *bytes, size_t len)
{
    cr_assert_eq(buf->len, len);
    cr_assert_eq(memcmp(buf->data, bytes, len), 0);
    net_buf_free(buf);
}

Test(versions, an_older_agent_is_understood)
{
    struct net_buf buf = {NULL, 0, 0};
    struct net_hello hello;
    struct net_frame frame = frame_of(old_hello, sizeof old_hello, NET_SENDER_AGENT);
    cr_assert_eq(net_hello_decode(&frame, &hello, NULL), NET_OK);
    cr_assert(net_text_equal(hello.name, "ember-01") && net_text_equal(hello.software, "0.1.0"));
    cr_assert(net_text_equal(hello.capabilities, "{\"credit\":8}"));
    cr_assert(hello.instance[0] == 1 && hello.instance[15] == 16);

    struct net_credit credit;
    frame = frame_of(old_credit, sizeof old_credit, NET_SENDER_AGENT);
    cr_assert_eq(net_credit_decode(&frame, &credit, NULL), NET_OK);
    cr_assert(credit.jobs == 16 && net_text_equal(credit.text, "two devices"));

    struct net_model_state state;
    frame = frame_of(old_model_state, sizeof old_model_state, NET_SENDER_AGENT);
    cr_assert_eq(net_model_state_decode(&frame, &state, NULL), NET_OK);
    cr_assert(state.state == NET_RESIDENCY_READY && state.bytes == 4096 && state.load_us == 77);

    struct net_result result;
    frame = frame_of(old_result, sizeof old_result, NET_SENDER_AGENT);
    cr_assert_eq(net_result_decode(&frame, &result, NULL), NET_OK);
    cr_assert(result.ref.job == 5 && result.ref.epoch == 7 && result.ref.attempt == 2);
    cr_assert(result.queue_us == 10 && result.load_us == 20 && result.compute_us == 30 &&
              result.copy_us == 40 && result.batch == 6 && result.device == 1);
    cr_assert(result.n_outputs == 1 && net_text_equal(result.outputs[0].name, "y"));
    cr_assert_eq(net_result_encode(&buf, &result, NULL), NET_OK);
    same(&buf, old_result, sizeof old_result);
}

Test(versions, an_older_agent_understands_us)
{
    struct net_buf buf = {NULL, 0, 0};
    struct net_welcome welcome = {NET_PROTOCOL_VERSION, 7, 3, 500, net_text_of("lab")};
    cr_assert_eq(net_welcome_encode(&buf, &welcome, NULL), NET_OK);
    same(&buf, old_welcome, sizeof old_welcome);

    const float one = 1;
    struct net_dispatch job = {.ref = {5, 7, 2},
                               .deadline_ms = 900,
                               .priority = 1,
                               .model = net_text_of("digits"),
                               .model_version = 4,
                               .n_inputs = 1,
                               .inputs = {{.name = net_text_of("x"), .dtype = 1, .rank = 1}}};
    memset(job.model_hash, 0xab, sizeof job.model_hash);
    job.inputs[0].dims[0] = 1;
    job.inputs[0].data = (struct net_bytes){(const uint8_t *)&one, sizeof one};
    cr_assert_eq(net_dispatch_encode(&buf, &job, NULL), NET_OK);
    same(&buf, old_dispatch, sizeof old_dispatch);
}

Test(versions, an_older_coordinator_is_understood_and_understands_us)
{
    struct net_buf buf = {NULL, 0, 0};
    struct net_welcome welcome;
    struct net_frame frame = frame_of(old_welcome, sizeof old_welcome, NET_SENDER_COORDINATOR);
    cr_assert_eq(net_welcome_decode(&frame, &welcome, NULL), NET_OK);
    cr_assert(welcome.epoch == 7 && welcome.agent_id == 3 && welcome.heartbeat_ms == 500);

    struct net_dispatch job;
    frame = frame_of(old_dispatch, sizeof old_dispatch, NET_SENDER_COORDINATOR);
    cr_assert_eq(net_dispatch_decode(&frame, &job, NULL), NET_OK);
    cr_assert(job.ref.job == 5 && job.deadline_ms == 900 && job.priority == 1);
    cr_assert(net_text_equal(job.model, "digits") && job.model_version == 4 && job.n_inputs == 1);

    struct net_hello hello = {.version = NET_PROTOCOL_VERSION,
                              .name = net_text_of("ember-01"),
                              .software = net_text_of("0.1.0"),
                              .capabilities = net_text_of("{\"credit\":8}")};
    for (uint8_t i = 0; i < NET_INSTANCE_SIZE; i++)
        hello.instance[i] = (uint8_t)(i + 1);
    cr_assert_eq(net_hello_encode(&buf, &hello, NULL), NET_OK);
    same(&buf, old_hello, sizeof old_hello);
}
