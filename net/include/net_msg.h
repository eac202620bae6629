// The messages of the links of agents and submitters: numbers, limits, structs, encoding and
// decoding.
//
// A frame is an 8-byte header and a body, all numbers little-endian:
//   u32 length of the body | u16 type | u16 flags | body
// No flag is defined: a frame with one is a protocol error. docs/protocol.md shows the bytes.
//
// Everything here is pure: no sockets, no clock. A function may be called from any thread as long
// as no two threads use one buffer.
#ifndef NET_MSG_H
#define NET_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net_status.h"

#define NET_MAGIC "STKR"
#define NET_PROTOCOL_VERSION 1

// Every limit of these links, except the body sizes, which stand in messages.def.
#define NET_FRAME_HEADER_SIZE 8
#define NET_NAME_MAX 63          // agents, clusters: [a-z0-9._-], beginning with a letter or digit
#define NET_MODEL_NAME_MAX 127   // [A-Za-z0-9._-], not beginning with '.', at least 1
#define NET_TENSOR_NAME_MAX 255  // UTF-8
#define NET_SOFTWARE_MAX 63      // UTF-8
#define NET_TEXT_MAX 512         // reasons and error texts, UTF-8
#define NET_PATH_MAX 255         // a model file's path within its model
#define NET_JSON_HELLO_MAX 65536 // capabilities
#define NET_JSON_CONFIG_MAX 262144
#define NET_JSON_TELEMETRY_MAX 262144
#define NET_INSTANCE_SIZE 16
#define NET_HASH_SIZE 32 // SHA-256
#define NET_RANK_MAX 8
#define NET_TENSORS_MAX 16
#define NET_STARTED_MAX 256
#define NET_KEY_MAX 128 // idempotency keys, UTF-8
#define NET_CODE_MAX 23 // error codes, UTF-8
#define NET_PRIORITIES 4
#define NET_SUBMIT_CREDIT_MAX 1048576 // jobs that one submitter may have open
#define NET_MODEL_FILES_MAX 256
#define NET_CHUNK_MAX 1048576
#define NET_HEARTBEAT_MS_MIN 50
#define NET_HEARTBEAT_MS_MAX 60000

enum net_type {
#define NET_MESSAGE(number, upper, lower, sender, limit, help) NET_MSG_##upper = (number),
#include "../messages.def"
};

enum net_sender {
    NET_SENDER_AGENT = 1,
    NET_SENDER_COORDINATOR = 2,
    NET_SENDER_SUBMITTER = 4,
    NET_SENDER_ANY = 7
};

enum net_refusal {
#define NET_REFUSAL(number, name, help) NET_REFUSE_##name = (number),
#include "../messages.def"
};

enum net_outcome {
#define NET_OUTCOME(number, name, text, help) NET_OUTCOME_##name = (number),
#include "../messages.def"
    NET_OUTCOME_COUNT
};

enum net_job_error {
#define NET_JOB_ERROR(number, name, text, help) NET_JOB_ERROR_##name = (number),
#include "../messages.def"
    NET_JOB_ERROR_COUNT
};

enum net_residency {
#define NET_RESIDENCY(number, name, text, help) NET_RESIDENCY_##name = (number),
#include "../messages.def"
    NET_RESIDENCY_COUNT
};

enum net_tuning {
#define NET_TUNING(number, name, text, help) NET_TUNING_##name = (number),
#include "../messages.def"
    NET_TUNING_COUNT
};

enum net_submission {
#define NET_SUBMISSION(number, name, text, help) NET_SUBMISSION_##name = (number),
#include "../messages.def"
    NET_SUBMISSION_COUNT
};

enum net_job_end {
#define NET_JOB_END(number, name, text, help) NET_JOB_END_##name = (number),
#include "../messages.def"
    NET_JOB_END_COUNT
};

enum net_control {
#define NET_CONTROL(name, text, help) NET_CONTROL_##name,
#include "../messages.def"
    NET_CONTROL_COUNT
};

// One row of the message list. `senders` is a set of enum net_sender bits.
struct net_message_info {
    uint16_t type;
    const char *name;
    enum net_sender senders;
    uint32_t limit; // bytes of body
    const char *help;
};

// The row of a type, or NULL when the number is none of ours. Static.
const struct net_message_info *net_message_info(uint16_t type);
// Row `index` of the list, for tables and docs; NULL past the end. Static.
const struct net_message_info *net_message_at(size_t index);

// Names as JSON and the operator see them ("failed_retryable"); "unknown" for a number that is
// none. Static, never NULL.
const char *net_outcome_name(enum net_outcome outcome);
const char *net_job_error_name(enum net_job_error code);
const char *net_residency_name(enum net_residency state);
const char *net_tuning_name(enum net_tuning state);
const char *net_submission_name(enum net_submission submission);
const char *net_job_end_name(enum net_job_end end);
const char *net_refusal_text(enum net_refusal code);

// The control operations. The name of one that is out of range is NULL.
const char *net_control_name(enum net_control control);
const char *net_control_help(enum net_control control);
// Finds a control operation by name. Returns false, `*ret_control` untouched, when there is none.
bool net_control_find(const char *name, enum net_control *ret_control);

// Bytes that somebody else owns. `data` may be NULL when `len` is 0.
struct net_bytes {
    const uint8_t *data;
    size_t len;
};

// Characters that somebody else owns, NOT terminated. What a decoder returns is valid UTF-8
// without NUL; it may hold other control characters: clean it before it reaches a terminal.
struct net_text {
    const char *data;
    size_t len;
};

// Refers to a string that must outlive the result. NULL gives an empty text.
struct net_text net_text_of(const char *string);
bool net_text_equal(struct net_text text, const char *string);
// Copies into `size` bytes (at least 1), cut between characters if need be, always terminated.
void net_text_copy(struct net_text text, char *dst, size_t size);

// The rules for names and paths, also used by the decoders.
bool net_agent_name_valid(const char *name, size_t len);
bool net_model_name_valid(const char *name, size_t len);
bool net_path_valid(const char *path, size_t len); // relative, no "." or ".." part, no '\\'

// Frames waiting to be sent. Zero-initialised is empty. Owned by one thread at a time.
struct net_buf {
    uint8_t *data;
    size_t len;
    size_t cap;
};
void net_buf_free(struct net_buf *buf);  // leaves it empty and usable; takes NULL
void net_buf_reset(struct net_buf *buf); // empties it, keeps the memory
// False, and nothing has changed, when memory is short.
bool net_buf_append(struct net_buf *buf, const void *data, size_t len);

// A received frame. `body` belongs to whoever delivered the frame, and is not aligned.
struct net_frame {
    uint16_t type;
    uint16_t flags;
    uint32_t len;
    const uint8_t *body;
};

// Which attempt of which job, under which coordinator epoch. In every message about a job.
struct net_job_ref {
    uint64_t job;
    uint64_t epoch;
    uint32_t attempt;
};

// `dtype` is ONNX's TensorProto.DataType. Decoders accept the fixed-size types only, and check
// that data.len is the product of `dims` and the element size. `data` is not aligned: copy it.
struct net_tensor {
    struct net_text name; // empty: by position
    uint8_t dtype;
    uint8_t rank; // 0 is a scalar
    int64_t dims[NET_RANK_MAX];
    struct net_bytes data;
};

// Bytes of an element of an ONNX type; 0 for types that are not sent (strings, unknown numbers).
size_t net_dtype_size(uint8_t dtype);

struct net_hello {
    uint16_t version; // NET_PROTOCOL_VERSION
    struct net_text name;
    uint8_t instance[NET_INSTANCE_SIZE]; // random; a restarted agent has another
    struct net_text software;
    struct net_text capabilities; // JSON object: devices, credit
};

struct net_welcome {
    uint16_t version;
    uint64_t epoch;
    uint32_t agent_id;
    uint32_t heartbeat_ms;
    struct net_text cluster;
};

struct net_refuse {
    uint16_t code; // enum net_refusal, or a newer peer's
    struct net_text text;
};

struct net_heartbeat {
    uint64_t seq;
    uint64_t sent_ms; // the sender's monotonic clock
};

struct net_heartbeat_ack {
    uint64_t seq;
    uint64_t sent_ms; // as in the heartbeat
};

struct net_goodbye {
    struct net_text text;
};

struct net_telemetry {
    struct net_text json;
};

struct net_credit {
    uint32_t jobs; // in total, those it holds now included
    struct net_text text;
};

struct net_dispatch {
    struct net_job_ref ref;
    uint32_t deadline_ms; // left when it was sent; 0 = none
    uint8_t priority;     // 3 is the most urgent
    struct net_text model;
    uint32_t model_version;
    uint8_t model_hash[NET_HASH_SIZE]; // of its manifest
    struct net_bytes packed;           // as in struct net_submit
    uint8_t n_inputs;
    struct net_tensor inputs[NET_TENSORS_MAX]; // those behind `n_inputs` are not set
};

struct net_started {
    uint32_t n_refs; // at least 1
    struct net_job_ref refs[NET_STARTED_MAX];
};

struct net_result {
    struct net_job_ref ref;
    uint8_t outcome;   // enum net_outcome, checked
    uint8_t device;    // index in the agent's capabilities; NET_NO_DEVICE if it reached none
    uint32_t queue_us; // on the agent, until its batch was handed over
    uint32_t load_us;
    uint32_t compute_us;
    uint32_t copy_us;
    uint32_t batch;      // how many jobs ran together
    uint16_t error_code; // enum net_job_error, or a newer peer's
    struct net_text error_text;
    struct net_bytes packed; // as in struct net_submit
    uint8_t n_outputs;       // 0 unless the outcome is done
    struct net_tensor outputs[NET_TENSORS_MAX];
};
#define NET_NO_DEVICE 255

struct net_cancel {
    struct net_job_ref ref;
};

struct net_model_want {
    uint8_t hash[NET_HASH_SIZE];
};

struct net_model_file {
    struct net_text path; // checked by net_path_valid
    uint64_t size;
    uint8_t sha256[NET_HASH_SIZE];
};

struct net_model_manifest {
    uint8_t hash[NET_HASH_SIZE];
    struct net_text name;
    uint32_t version;
    uint16_t n_files; // at least 1
    struct net_model_file files[NET_MODEL_FILES_MAX];
    struct net_text config; // JSON object
};

struct net_model_read {
    uint8_t sha256[NET_HASH_SIZE];
    uint64_t offset;
    uint32_t len; // 1..NET_CHUNK_MAX
};

// The XXH32 of the bytes is added by the encoder and checked by the decoder (NET_ERR_CORRUPT).
struct net_model_chunk {
    uint8_t sha256[NET_HASH_SIZE];
    uint64_t offset;
    uint64_t total;         // size of the file; offset + bytes.len <= total
    struct net_bytes bytes; // 1..NET_CHUNK_MAX, none only for an empty file
};

struct net_model_denied {
    uint8_t hash[NET_HASH_SIZE];
    struct net_text text;
};

struct net_model_unload {
    uint8_t hash[NET_HASH_SIZE];
};

enum {
    NET_LOAD_PINNED = 1,   // not evicted to make room, and loaded again after an executor's death
    NET_LOAD_PIN_ONLY = 2, // loads nothing: only says whether the model is pinned
    NET_LOAD_SPARE = 4, // only where nothing has to go for it; to agents that announce "prefetch"
    NET_LOAD_FLAGS = 7,
};

// Only to agents that announce "load" in their capabilities.
struct net_model_load {
    uint8_t hash[NET_HASH_SIZE];
    uint8_t flags; // NET_LOAD_..., others are refused
};

struct net_model_state {
    uint8_t hash[NET_HASH_SIZE];
    uint8_t state; // enum net_residency, checked
    uint8_t device;
    uint64_t bytes; // device memory it holds
    uint32_t load_us;
    struct net_text text;
};

struct net_drain {
    uint64_t operation;
    uint32_t deadline_ms;
};

struct net_drained {
    uint64_t operation;
    uint32_t remaining;
};

struct net_resume {
    uint64_t operation;
};

struct net_restart {
    uint64_t operation;
};

struct net_tune {
    uint64_t operation;
    uint8_t device;              // index in the agent's capabilities
    uint8_t hash[NET_HASH_SIZE]; // of the model's manifest
    uint32_t rows;               // of inputs whose first dimension is open; at least 1
    uint32_t budget_ms;          // at least 1
};

struct net_tune_stop {
    uint64_t operation;
};

struct net_tune_state {
    uint64_t operation;
    uint8_t state;    // enum net_tuning, checked
    uint8_t kept;     // 1: faster, and remembered; only at the end
    uint8_t complete; // 1: nothing was left out for want of time
    uint32_t candidates, measured, refused, changed;
    uint64_t before_us, after_us; // of a run: as it was, and with the best known; 0 not measured
    uint32_t elapsed_ms, budget_ms;
    struct net_text text; // what is being done, or why it failed
};

struct net_submit_hello {
    uint16_t version; // NET_PROTOCOL_VERSION
    struct net_text name;
    struct net_text tenant; // a name; empty: the default one
    struct net_text software;
};

struct net_submit_welcome {
    uint16_t version;
    uint64_t epoch;
    uint32_t heartbeat_ms;
    uint32_t credit; // jobs that may be open: submitted, and without their last answer
    struct net_text cluster;
};

struct net_submit_credit {
    uint32_t credit;
};

// What a SUBMIT asks to be told; at least one.
#define NET_SUBMIT_ACK 1    // a SUBMITTED once the job is taken
#define NET_SUBMIT_RESULT 2 // a JOB_RESULT once it has ended

// A job that is not taken is answered with SUBMITTED whatever was asked for, and then it is its
// last answer.
struct net_submit {
    uint64_t seq; // the submitter's number for it, its own among those that are open
    uint8_t flags;
    uint8_t priority;     // 0 is the most urgent
    uint32_t deadline_ms; // from its arrival; 0 = none
    struct net_text model;
    uint32_t model_version; // 0 = the newest
    struct net_text key;    // empty: none
    // All tensors as they stand in the message. A decoder sets it; an encoder that finds it set
    // copies it and does not look at the tensors.
    struct net_bytes packed;
    uint8_t n_inputs; // at least 1
    struct net_tensor inputs[NET_TENSORS_MAX];
};

struct net_submitted {
    uint64_t seq;
    uint8_t status; // enum net_submission, checked
    uint64_t job;   // its id, where it was taken
    uint32_t retry_after_ms;
    struct net_text code; // as an error's in docs/control.md; empty where it was taken
    struct net_text text;
};

struct net_job_result {
    uint64_t seq;
    uint64_t job;
    uint8_t end; // enum net_job_end, checked
    uint64_t total_us, queue_us;
    uint32_t load_us, compute_us, copy_us;
    struct net_text agent; // the last that had it; may be empty
    struct net_text code;
    struct net_text text;
    struct net_bytes packed; // as in struct net_submit
    uint8_t n_outputs;       // 0 unless it is done
    struct net_tensor outputs[NET_TENSORS_MAX];
};

// For each message NAME of messages.def, with NAME in small letters:
//
//   net_NAME_encode(buf, msg, err): appends one whole frame to `buf`. `msg` and what it points to
//   are only read. On failure (NET_ERR_INVAL: a field breaks its rule, NET_ERR_TOO_BIG,
//   NET_ERR_NOMEM) `buf` is as it was. Reasons and error texts are never refused: they are cut to
//   NET_TEXT_MAX, and what is no UTF-8 in them becomes '?'.
//
//   net_NAME_decode(frame, ret_msg, err): checks the body of a frame of that type, to the last
//   byte. Texts and bytes in `ret_msg` point into the frame's body and live as long as that. On
//   failure (NET_ERR_PROTOCOL, NET_ERR_VERSION, NET_ERR_CORRUPT) `ret_msg` is untouched and the
//   error names message and field. Any bytes are safe.
#define NET_MESSAGE(number, upper, lower, sender, limit, help)                               \
    enum net_status net_##lower##_encode(struct net_buf *buf, const struct net_##lower *msg, \
                                         struct net_error *err);                             \
    enum net_status net_##lower##_decode(const struct net_frame *frame,                      \
                                         struct net_##lower *ret_msg, struct net_error *err);
#include "../messages.def"

// Appends a DISPATCH whose body net_dispatch_encode made before, with another ref and deadline. The
// body is not looked at. NET_ERR_INVAL (too short to be one), NET_ERR_TOO_BIG, NET_ERR_NOMEM.
enum net_status net_dispatch_forward(struct net_buf *buf, struct net_bytes body,
                                     const struct net_job_ref *ref, uint32_t deadline_ms,
                                     struct net_error *err);
// The packed outputs in the body of a RESULT that was decoded before; empty when it is none.
struct net_bytes net_result_packed(struct net_bytes body);

// Cuts the first frame off `data`. Returns NET_OK with the frame and its whole size, NET_OK with
// size 0 when more bytes are needed (`*ret_need` says how many in all, header included), or
// NET_ERR_PROTOCOL / NET_ERR_TOO_BIG for bytes that can't begin a frame. `from` is who may have
// sent them.
enum net_status net_frame_split(const uint8_t *data, size_t len, enum net_sender from,
                                struct net_frame *ret_frame, size_t *ret_size, size_t *ret_need,
                                struct net_error *err);

#endif
