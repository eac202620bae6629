/* Every bound on what the console keeps of a fleet's data, in one place. */
#ifndef TUI_CONSOLE_MODEL_LIMITS_H
#define TUI_CONSOLE_MODEL_LIMITS_H

#define TUI_MESSAGE_BYTES_MAX (16u << 20) /* a longer JSON message is refused unread */

#define TUI_AGENTS_MAX 4096
#define TUI_DEVICES_MAX 64    /* of one agent */
#define TUI_MODELS_MAX 64     /* of one agent */
#define TUI_BATCHES_MAX 256   /* of one agent: a model on a device each */
#define TUI_RESIDENTS_MAX 256 /* of one agent: a model on a device each */
#define TUI_SERVED_MAX 1024
#define TUI_OPERATIONS_MAX 128
#define TUI_BLOCKERS_MAX 64    /* of one operation */
#define TUI_WARNINGS_MAX 32    /* of one plan */
#define TUI_PLAN_ROWS_MAX 1000 /* of one plan: jobs or agents; the rest is counted */
#define TUI_FACTS_MAX 24       /* told about a target */
#define TUI_OPERATION_AGENTS_MAX 64 /* of one operation; the rest is counted */
#define TUI_CACHES_MAX 8
#define TUI_EVENTS_MAX 2048 /* a filter looks through all of them */
#define TUI_EVENTS_PAGE_MAX 1000
#define TUI_JOBS_MAX 1000
#define TUI_JOBS_KEPT_MAX 5000 /* of several pages */
#define TUI_HISTORY_MAX 256
#define TUI_DECISIONS_MAX 64  /* of one job */
#define TUI_CANDIDATES_MAX 12 /* of one decision: what the coordinator keeps */
#define TUI_ATTEMPTS_MAX 256
#define TUI_PORTS_MAX 8 /* inputs, or outputs, of one model */
#define TUI_LABELS_MAX 2000
#define TUI_ACTS_MAX 1000
#define TUI_TENANTS_MAX 1000
#define TUI_SETTINGS_MAX 256
#define TUI_HIST_BUCKETS 56 /* the last bound is 8 us << 27, 18 minutes */

/* Text fields: bytes including the final zero. */
#define TUI_NAME_SIZE 64
#define TUI_WORD_SIZE 24
#define TUI_TEXT_SIZE 256
#define TUI_ADDRESS_SIZE 128
#define TUI_HASH_SIZE 72
#define TUI_INSTANCE_SIZE 40

/* A JSON number is a double: integers above this are not exact. */
#define TUI_INTEGER_MAX ((uint64_t)1 << 53)
#define TUI_REAL_MAX 1e12

/* History is kept in slots; samples arrive in each. */
#define TUI_SAMPLE_MS 250
#define TUI_SLOTS_PER_MINUTE (60u * 1000u / TUI_SAMPLE_MS)
#define TUI_HISTORY_SLOTS (60u * TUI_SLOTS_PER_MINUTE)
#define TUI_WINDOW_SLOTS 40       /* over which a rate of hits is taken: 10 s, like the latencies */
#define TUI_TRACKED_MODELS_MAX 32 /* models whose latencies have a history */

#endif
