// Messages, names and tables.
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "net_msg.h"
#include "net_server.h"
#include "tests/net/samples.h"

static struct net_frame whole_frame(const struct net_buf *buf)
{
    struct net_frame frame;
    size_t size = 0, need = 0;
    struct net_error err;
    cr_assert_eq(net_frame_split(buf->data, buf->len, NET_SENDER_ANY, &frame, &size, &need, &err),
                 NET_OK, "%s", err.text);
    cr_assert_eq(size, buf->len);
    return frame;
}

// What is decoded and encoded again is the same bytes; nothing shorter or longer is accepted.
Test(codec, every_message_survives_a_round_trip)
{
    const struct net_message_info *info;
    for (size_t row = 0; (info = net_message_at(row)); row++) {
        for (uint64_t seed = 0; seed < 200; seed++) {
            struct net_buf once = {NULL, 0, 0}, twice = {NULL, 0, 0};
            struct net_error err;
            sample_frame(&once, info->type, seed * 7919 + row);
            struct net_frame frame = whole_frame(&once);
            cr_assert_eq(sample_again(&frame, &twice, &err), NET_OK, "%s", err.text);
            cr_assert_eq(once.len, twice.len, "%s", info->name);
            cr_assert_eq(memcmp(once.data, twice.data, once.len), 0, "%s", info->name);
            net_buf_free(&once);
            net_buf_free(&twice);
        }
    }
}

Test(codec, every_cut_and_every_addition_is_refused)
{
    const struct net_message_info *info;
    for (size_t row = 0; (info = net_message_at(row)); row++) {
        struct net_buf buf = {NULL, 0, 0}, out = {NULL, 0, 0};
        sample_frame(&buf, info->type, row);
        struct net_frame frame = whole_frame(&buf);
        for (uint32_t len = 0; len <= frame.len + 1; len++) {
            if (len == frame.len)
                continue;
            uint8_t *copy = malloc(len ? len : 1); // its own block, for the sanitizer
            memset(copy, 0, len);
            memcpy(copy, frame.body, len < frame.len ? len : frame.len);
            struct net_frame cut = {info->type, 0, len, copy};
            struct net_error err;
            cr_assert_eq(sample_again(&cut, &out, &err), NET_ERR_PROTOCOL, "%s, %u of %u",
                         info->name, len, frame.len);
            cr_assert(strncmp(err.text, info->name, strlen(info->name)) == 0, "%s", err.text);
            free(copy);
        }
        cr_assert_eq(out.len, 0);
        net_buf_free(&buf);
        net_buf_free(&out);
    }
}

// One byte of a valid message is changed; the decoder says what is wrong with it.
struct change {
    uint16_t type;
    int at; // in the body; negative from its end
    uint8_t value;
    enum net_status status;
    const char *text;
};

static void check_change(const struct change *change)
{
    struct net_buf buf = {NULL, 0, 0}, out = {NULL, 0, 0};
    struct net_error err = {NET_OK, ""};
    sample_frame(&buf, change->type, 5);
    struct net_frame frame = whole_frame(&buf);
    size_t at = change->at < 0 ? frame.len - (size_t)-change->at : (size_t)change->at;
    buf.data[NET_FRAME_HEADER_SIZE + at] = change->value;
    cr_expect_eq(sample_again(&frame, &out, &err), change->status, "%s: %s", change->text,
                 err.text);
    cr_expect(strstr(err.text, change->text), "'%s' is not in '%s'", change->text, err.text);
    net_buf_free(&buf);
    net_buf_free(&out);
}

Test(codec, foreign_values_are_refused_by_name)
{
    static const struct change changes[] = {
        {NET_MSG_HELLO, 0, 'X', NET_ERR_PROTOCOL, "HELLO: magic"},
        {NET_MSG_HELLO, 4, 2, NET_ERR_VERSION, "HELLO: version"},
        {NET_MSG_HELLO, 6, 255, NET_ERR_PROTOCOL, "HELLO: name"},
        {NET_MSG_HELLO, 8, 'A', NET_ERR_PROTOCOL, "HELLO: name"},
        {NET_MSG_WELCOME, 0, 9, NET_ERR_VERSION, "WELCOME: version"},
        {NET_MSG_WELCOME, 17, 255, NET_ERR_PROTOCOL, "WELCOME: heartbeat"},
        {NET_MSG_DISPATCH, 25, 200, NET_ERR_PROTOCOL, "DISPATCH: model"},
        {NET_MSG_DISPATCH, 27, '/', NET_ERR_PROTOCOL, "DISPATCH: model"},
        {NET_MSG_STARTED, 1, 255, NET_ERR_PROTOCOL, "STARTED: jobs"},
        {NET_MSG_STARTED, 0, 0, NET_ERR_PROTOCOL, "STARTED: "},
        {NET_MSG_RESULT, 20, 6, NET_ERR_PROTOCOL, "RESULT: outcome"},
        {NET_MSG_MODEL_MANIFEST, 33, 255, NET_ERR_PROTOCOL, "MODEL_MANIFEST: name"},
        {NET_MSG_MODEL_READ, -1, 255, NET_ERR_PROTOCOL, "MODEL_READ: length"},
        {NET_MSG_MODEL_CHUNK, -1, 0xEE, NET_ERR_CORRUPT, "MODEL_CHUNK: bytes"},
        {NET_MSG_TUNE_STATE, 8, 255, NET_ERR_PROTOCOL, "TUNE_STATE: state"},
        {NET_MSG_TUNE_STATE, 9, 2, NET_ERR_PROTOCOL, "TUNE_STATE: kept"},
        {NET_MSG_TUNE_STATE, 10, 2, NET_ERR_PROTOCOL, "TUNE_STATE: complete"},
        {NET_MSG_MODEL_CHUNK, 39, 255, NET_ERR_PROTOCOL, "MODEL_CHUNK: range"},
        {NET_MSG_MODEL_STATE, 32, 4, NET_ERR_PROTOCOL, "MODEL_STATE: state"},
        {NET_MSG_SUBMIT_HELLO, 0, 'X', NET_ERR_PROTOCOL, "SUBMIT_HELLO: magic"},
        {NET_MSG_SUBMIT_HELLO, 4, 2, NET_ERR_VERSION, "SUBMIT_HELLO: version"},
        {NET_MSG_SUBMIT_HELLO, 8, 'A', NET_ERR_PROTOCOL, "SUBMIT_HELLO: name"},
        {NET_MSG_SUBMIT_WELCOME, 0, 9, NET_ERR_VERSION, "SUBMIT_WELCOME: version"},
        {NET_MSG_SUBMIT_WELCOME, 13, 255, NET_ERR_PROTOCOL, "SUBMIT_WELCOME: heartbeat"},
        {NET_MSG_SUBMIT_WELCOME, 17, 255, NET_ERR_PROTOCOL, "SUBMIT_WELCOME: credit"},
        {NET_MSG_SUBMIT_CREDIT, 3, 255, NET_ERR_PROTOCOL, "SUBMIT_CREDIT: credit"},
        {NET_MSG_SUBMIT, 8, 0, NET_ERR_PROTOCOL, "SUBMIT: flags"},
        {NET_MSG_SUBMIT, 8, 4, NET_ERR_PROTOCOL, "SUBMIT: flags"},
        {NET_MSG_SUBMIT, 9, 4, NET_ERR_PROTOCOL, "SUBMIT: priority"},
        {NET_MSG_SUBMIT, 16, '/', NET_ERR_PROTOCOL, "SUBMIT: model"},
        {NET_MSG_SUBMITTED, 8, 4, NET_ERR_PROTOCOL, "SUBMITTED: status"},
        {NET_MSG_JOB_RESULT, 16, 4, NET_ERR_PROTOCOL, "JOB_RESULT: end"},
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
        check_change(&changes[i]);
}

static enum net_status try_input(struct net_tensor tensor, struct net_error *err)
{
    struct net_buf buf = {NULL, 0, 0};
    struct net_dispatch job = {.model = net_text_of("m"), .n_inputs = 1, .inputs = {tensor}};
    enum net_status status = net_dispatch_encode(&buf, &job, err);
    cr_assert(status == NET_OK || buf.len == 0, "a failure leaves the buffer as it was");
    net_buf_free(&buf);
    return status;
}

Test(codec, tensors_must_fit_their_shape)
{
    static uint8_t data[64];
    struct net_error err;
    struct net_tensor t = {.dtype = 1, .rank = 2, .dims = {2, 3}, .data = {data, 24}};
    cr_assert_eq(try_input(t, &err), NET_OK);
    t.data.len = 23;
    cr_assert_eq(try_input(t, &err), NET_ERR_INVAL);
    cr_assert_str_eq(err.text, "DISPATCH: tensor bytes do not fit its shape");
    t.dims[0] = -2;
    cr_assert_eq(try_input(t, &err), NET_ERR_INVAL);
    t.dims[0] = INT64_MAX;
    t.dims[1] = INT64_MAX;
    cr_assert_eq(try_input(t, &err), NET_ERR_INVAL, "a product that overflows");
    t = (struct net_tensor){.dtype = 1, .rank = 3, .dims = {INT64_MAX, 0, INT64_MAX}};
    cr_assert_eq(try_input(t, &err), NET_OK, "an empty tensor of any other dims");
    t = (struct net_tensor){.dtype = 1, .rank = 0, .data = {data, 4}};
    cr_assert_eq(try_input(t, &err), NET_OK, "a scalar");
    t.dtype = 8;
    cr_assert_eq(try_input(t, &err), NET_ERR_INVAL, "strings");
    t = (struct net_tensor){.dtype = 1, .rank = 9, .data = {data, 4}};
    cr_assert_eq(try_input(t, &err), NET_ERR_INVAL);
}

// What the coordinator does on the way from a SUBMIT to a DISPATCH, and from a RESULT to its
// submitter: the tensors' bytes go on as they stand.
Test(codec, tensors_are_forwarded_as_they_stand)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct net_buf in = {NULL, 0, 0}, made = {NULL, 0, 0}, out = {NULL, 0, 0};
        struct net_submit submit;
        struct net_error err;
        sample_frame(&in, NET_MSG_SUBMIT, seed);
        struct net_frame frame = whole_frame(&in);
        cr_assert_eq(net_submit_decode(&frame, &submit, &err), NET_OK, "%s", err.text);
        struct net_dispatch dispatch = {.model = submit.model, .packed = submit.packed};
        cr_assert_eq(net_dispatch_encode(&made, &dispatch, NULL), NET_OK);
        struct net_frame body = whole_frame(&made);
        struct net_job_ref ref = {7, 8, 9};
        cr_assert_eq(
            net_dispatch_forward(&out, (struct net_bytes){body.body, body.len}, &ref, 10, NULL),
            NET_OK);
        frame = whole_frame(&out);
        cr_assert_eq(net_dispatch_decode(&frame, &dispatch, &err), NET_OK, "%s", err.text);
        cr_assert(dispatch.ref.job == 7 && dispatch.ref.epoch == 8 && dispatch.ref.attempt == 9);
        cr_assert_eq(dispatch.deadline_ms, 10);
        cr_assert_eq(dispatch.n_inputs, submit.n_inputs);
        cr_assert_eq(dispatch.packed.len, submit.packed.len);
        cr_assert_eq(memcmp(dispatch.packed.data, submit.packed.data, submit.packed.len), 0);
        net_buf_free(&in);
        net_buf_free(&made);
        net_buf_free(&out);
    }
    struct net_buf out = {NULL, 0, 0};
    struct net_job_ref ref = {0};
    uint8_t few[10] = {0};
    cr_assert_eq(net_dispatch_forward(&out, (struct net_bytes){few, sizeof few}, &ref, 0, NULL),
                 NET_ERR_INVAL);
    cr_assert_eq(out.len, 0);
}

Test(codec, the_outputs_of_a_result_are_found_without_decoding)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct net_buf buf = {NULL, 0, 0};
        struct net_result result;
        sample_frame(&buf, NET_MSG_RESULT, seed);
        struct net_frame frame = whole_frame(&buf);
        cr_assert_eq(net_result_decode(&frame, &result, NULL), NET_OK);
        struct net_bytes packed = net_result_packed((struct net_bytes){frame.body, frame.len});
        cr_assert_eq(packed.len, result.packed.len);
        cr_assert_eq(packed.data, result.packed.data);
        for (uint32_t len = 0; len < frame.len; len++)
            net_result_packed((struct net_bytes){frame.body, len});
        net_buf_free(&buf);
    }
}

Test(codec, a_job_over_the_limit_is_refused_when_encoding)
{
    size_t len = (size_t)65 << 20;
    uint8_t *data = calloc(1, len);
    struct net_error err;
    struct net_tensor t = {.dtype = 2, .rank = 1, .dims = {(int64_t)len}, .data = {data, len}};
    cr_assert_eq(try_input(t, &err), NET_ERR_TOO_BIG);
    free(data);
}

Test(codec, reasons_are_cut_and_cleaned_never_refused)
{
    char big[2000];
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    big[0] = '\xff';
    memcpy(big + NET_TEXT_MAX - 1, "ä", 2); // would be cut in half
    struct net_buf buf = {NULL, 0, 0};
    struct net_goodbye bye = {.text = net_text_of(big)};
    cr_assert_eq(net_goodbye_encode(&buf, &bye, NULL), NET_OK);
    struct net_frame frame = whole_frame(&buf);
    cr_assert_eq(net_goodbye_decode(&frame, &bye, NULL), NET_OK);
    cr_assert_eq(bye.text.len, NET_TEXT_MAX - 1);
    cr_assert_eq(bye.text.data[0], '?');
    char copy[8];
    net_text_copy(bye.text, copy, sizeof(copy));
    cr_assert_str_eq(copy, "?xxxxxx");
    net_buf_free(&buf);
}

Test(codec, names_and_paths)
{
    static const struct {
        const char *text;
        bool agent, model, path;
    } cases[] = {
        {"", false, false, false},       {"ember-01", true, true, true},
        {"Ember", false, true, true},    {".hidden", false, false, true},
        {"..", false, false, false},     {"a/b", false, false, true},
        {"a//b", false, false, false},   {"/etc/passwd", false, false, false},
        {"a/../b", false, false, false}, {"a/./b", false, false, false},
        {"a/", false, false, false},     {"a\\b", false, false, false},
        {"a b", false, false, true},     {"a\nb", false, false, false},
        {"ä", false, false, true},       {"\xff", false, false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *text = cases[i].text;
        cr_expect_eq(net_agent_name_valid(text, strlen(text)), cases[i].agent, "'%s'", text);
        cr_expect_eq(net_model_name_valid(text, strlen(text)), cases[i].model, "'%s'", text);
        cr_expect_eq(net_path_valid(text, strlen(text)), cases[i].path, "'%s'", text);
    }
    char big[300];
    memset(big, 'a', sizeof(big));
    cr_expect(net_agent_name_valid(big, 63) && !net_agent_name_valid(big, 64));
    cr_expect(net_model_name_valid(big, 127) && !net_model_name_valid(big, 128));
    cr_expect(net_path_valid(big, 255) && !net_path_valid(big, 256));
}

Test(codec, the_tables_are_complete)
{
    for (unsigned i = 0; i < NET_STATUS_COUNT; i++) {
        cr_expect_eq(strncmp(net_status_name(i), "NET_", 4), 0);
        cr_expect_gt(strlen(net_status_text(i)), 1);
        cr_expect_str_neq(net_status_text(i), "unknown");
        for (unsigned j = 0; j < i; j++)
            cr_expect_str_neq(net_status_text(i), net_status_text(j));
    }
    cr_expect_str_eq(net_status_text(NET_STATUS_COUNT), "unknown");
    cr_expect_str_eq(net_status_name(NET_OK), "NET_OK");
    const struct net_message_info *info;
    for (size_t i = 0; (info = net_message_at(i)); i++) {
        cr_expect_eq(net_message_info(info->type), info);
        cr_expect(info->limit > 0 && info->limit <= 67110912 && strlen(info->help) > 10);
    }
    cr_expect_null(net_message_info(0));
    for (unsigned i = 0; i < NET_CONTROL_COUNT; i++) {
        enum net_control found = NET_CONTROL_COUNT;
        cr_expect(net_control_find(net_control_name(i), &found));
        cr_expect_eq((unsigned)found, i);
        cr_expect_gt(strlen(net_control_help(i)), 5);
    }
    enum net_control none = NET_CONTROL_COUNT;
    cr_expect(!net_control_find("reboot", &none) && none == NET_CONTROL_COUNT);
    cr_expect_null(net_control_name(NET_CONTROL_COUNT));
    cr_expect_str_eq(net_outcome_name(NET_OUTCOME_RETURNED), "returned");
    cr_expect_str_eq(net_outcome_name(NET_OUTCOME_COUNT), "unknown");
    cr_expect_str_eq(net_job_error_name(NET_JOB_ERROR_UNSUPPORTED), "unsupported");
    cr_expect_str_eq(net_residency_name(NET_RESIDENCY_READY), "ready");
    cr_expect_str_eq(net_submission_name(NET_SUBMISSION_BUSY), "busy");
    cr_expect_str_eq(net_job_end_name(NET_JOB_END_EXPIRED), "expired");
    cr_expect_str_eq(net_refusal_text(0), "unknown");
    cr_expect_str_eq(net_topic_name(NET_TOPIC_SNAPSHOT), "snapshot");
}

// The bytes that docs/protocol.md shows.
Test(codec, the_documented_bytes)
{
    static const uint8_t heartbeat[] = {0x10, 0, 0, 0, 4,    0,    0, 0, 7, 0, 0, 0,
                                        0,    0, 0, 0, 0x39, 0x30, 0, 0, 0, 0, 0, 0};
    struct net_buf buf = {NULL, 0, 0};
    struct net_heartbeat beat = {7, 12345};
    cr_assert_eq(net_heartbeat_encode(&buf, &beat, NULL), NET_OK);
    cr_assert_eq(buf.len, sizeof(heartbeat));
    cr_assert_eq(memcmp(buf.data, heartbeat, sizeof(heartbeat)), 0);
    net_buf_free(&buf);
}

Test(codec, the_documented_bytes_of_a_submission)
{
    static const uint8_t bytes[] = {0x30, 0, 0, 0, 0x43, 0, 0, 0, 7, 0, 0,   0, 0,    0,
                                    0,    0, 2, 2, 0,    0, 0, 0, 1, 0, 'm', 0, 0,    0,
                                    0,    0, 0, 1, 0,    0, 1, 1, 1, 0, 0,   0, 0,    0,
                                    0,    0, 4, 0, 0,    0, 0, 0, 0, 0, 0,   0, 0x80, 0x3f};
    const float one = 1;
    struct net_submit submit = {.seq = 7,
                                .flags = NET_SUBMIT_RESULT,
                                .priority = 2,
                                .model = net_text_of("m"),
                                .n_inputs = 1,
                                .inputs = {{.dtype = 1, .rank = 1, .dims = {1}}}};
    submit.inputs[0].data = (struct net_bytes){(const uint8_t *)&one, sizeof one};
    struct net_buf buf = {NULL, 0, 0};
    cr_assert_eq(net_submit_encode(&buf, &submit, NULL), NET_OK);
    cr_assert_eq(buf.len, sizeof(bytes));
    cr_assert_eq(memcmp(buf.data, bytes, sizeof(bytes)), 0);
    net_buf_free(&buf);
}
