/*
 * What the coordinator answers to the polls of feed/polls.def, as C values. Plain data like
 * fleet.h's, and bounded and cleaned like it; each is one block that free() frees.
 */
#ifndef TUI_CONSOLE_MODEL_RECORD_H
#define TUI_CONSOLE_MODEL_RECORD_H

#include "model/fleet.h"

struct tui_job {
    uint64_t id;
    char state[TUI_WORD_SIZE];
    char model[TUI_NAME_SIZE];
    uint64_t version;
    char agent[TUI_NAME_SIZE];
    uint64_t device, priority, attempt, attempts_max, batch, rows;
    uint64_t submitted_ms, started_ms, finished_ms, deadline_ms;
    char key[TUI_NAME_SIZE];
    char tenant[TUI_NAME_SIZE];
    bool cached; /* answered from the response cache */
    uint64_t timing_us[TUI_SPAN_COUNT];
    char error_code[TUI_WORD_SIZE];
    char error_message[TUI_TEXT_SIZE];
};

/* A reply to `jobs`, newest first; or several, joined by model/backlog.h. */
struct tui_job_page {
    uint64_t total; /* that match, of which the page holds the newest */
    bool end;       /* there is none before these */
    bool gaps;      /* between some of them are jobs that were never asked for */
    size_t count;
    struct tui_job jobs[];
};

struct tui_job_step {
    uint64_t time_ms, attempt;
    char state[TUI_WORD_SIZE];
    char agent[TUI_NAME_SIZE];
    char text[TUI_TEXT_SIZE];
};

/* A reply to `job`. */
struct tui_job_detail {
    struct tui_job job;
    char waiting[TUI_TEXT_SIZE]; /* why it isn't placed now; "" when it is */
    size_t count;
    struct tui_job_step history[];
};

struct tui_candidate {
    char agent[TUI_NAME_SIZE];
    bool chosen, resident;
    char rule[TUI_WORD_SIZE]; /* what kept it out; "" for one that could take the job */
    uint64_t held, credit;
    uint64_t wait_us, load_us, run_us; /* run_us 0: not measured yet */
    double score;                      /* the least is best; NAN where there is none */
    char text[TUI_TEXT_SIZE];
};

/* Why a job was sent to an agent. */
struct tui_decision {
    uint64_t number, time_ms, attempt;
    char agent[TUI_NAME_SIZE];
    bool kept; /* false: it is too long ago, and only `text` says anything */
    char strategy[TUI_WORD_SIZE];
    char choice[TUI_WORD_SIZE];
    char text[TUI_TEXT_SIZE];
    uint64_t jobs, queued, looked_at, open;
    struct tui_candidate candidates[TUI_CANDIDATES_MAX];
    size_t candidate_count;
};

/* A reply to `why`. */
struct tui_why {
    uint64_t job;
    char state[TUI_WORD_SIZE];
    char model[TUI_NAME_SIZE];
    char agent[TUI_NAME_SIZE];
    char waiting[TUI_TEXT_SIZE]; /* why it isn't placed now; "" when it is */
    size_t count;
    struct tui_decision decisions[]; /* oldest first */
};

struct tui_attempt {
    uint64_t number, started_ms, ended_ms; /* started_ms 0: it never began */
    char agent[TUI_NAME_SIZE];
    uint32_t device;
    char outcome[TUI_WORD_SIZE];
    char text[TUI_TEXT_SIZE];
};

/* A reply to `history` of one job. */
struct tui_life {
    struct tui_job job;
    size_t count;
    struct tui_attempt attempts[];
};

struct tui_port {
    char name[TUI_NAME_SIZE];
    char dtype[TUI_WORD_SIZE];
    char shape[TUI_NAME_SIZE]; /* "1x3x224x224"; "?" stands for a size that is open */
};

/* How an image becomes the model's input. All 0 where the model doesn't say. */
struct tui_preprocess {
    bool given;
    uint32_t channels, width, height;
    char layout[TUI_WORD_SIZE];
};

/* What the repository knows of a model. */
struct tui_card {
    char id[TUI_NAME_SIZE]; /* NAME:VERSION */
    char name[TUI_NAME_SIZE];
    uint64_t version, bytes, max_batch, jobs, top_k;
    char description[TUI_TEXT_SIZE];
    char hash[TUI_HASH_SIZE];
    char state[TUI_WORD_SIZE];
    char error[TUI_TEXT_SIZE];
    bool cache_responses;
    size_t resident, pinned; /* agents */
    struct tui_preprocess preprocess;
    struct tui_port inputs[TUI_PORTS_MAX], outputs[TUI_PORTS_MAX];
    size_t input_count, output_count; /* both 0 until an agent has loaded it once */
};

/* A reply to `models`. */
struct tui_card_page {
    size_t count;
    struct tui_card cards[];
};

/* A reply to `model`. */
struct tui_card_detail {
    struct tui_card card;
    size_t count;
    char labels[][TUI_NAME_SIZE];
};

struct tui_act {
    uint64_t id, time_ms;
    char who[TUI_NAME_SIZE];
    char what[TUI_WORD_SIZE];
    char target[TUI_TEXT_SIZE];
    char why[TUI_TEXT_SIZE];
};

/* A reply to `audit`, newest first. */
struct tui_act_page {
    size_t count;
    struct tui_act acts[];
};

struct tui_tenant {
    char name[TUI_NAME_SIZE];
    uint64_t weight, burst, queued, running, live, input_bytes, done, failed, throttled, refused;
    double rate_per_s;                    /* 0: no limit */
    double ended_per_s, share, share_due; /* NAN where it isn't known */
    bool weight_set, rate_set, burst_set; /* by an operator */
};

/* A reply to `tenants`. */
struct tui_tenant_page {
    size_t count;
    struct tui_tenant tenants[];
};

struct tui_setting {
    char name[TUI_NAME_SIZE];
    char value[TUI_TEXT_SIZE];
    char from[TUI_TEXT_SIZE];
    char fallback[TUI_TEXT_SIZE]; /* the default */
    char allowed[TUI_TEXT_SIZE];
    char after_restart[TUI_TEXT_SIZE];
    char help[TUI_TEXT_SIZE];
    bool live; /* can be changed now */
};

/* A reply to `settings`. */
struct tui_setting_page {
    uint64_t reloaded_ms;
    char problem[TUI_TEXT_SIZE];
    size_t count;
    struct tui_setting settings[];
};

#endif
