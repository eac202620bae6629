/*
 * What the coordinator answers to an action, to the question what it would do, and to the question
 * how its target is. Plain data like fleet.h's, bounded and cleaned like it.
 */
#ifndef TUI_CONSOLE_MODEL_ANSWER_H
#define TUI_CONSOLE_MODEL_ANSWER_H

#include "model/fleet.h"

enum tui_plan_kind {
    TUI_PLAN_NONE, /* the answer is no plan */
    TUI_PLAN_DRAIN,
    TUI_PLAN_ROLL, /* agents one after another */
    TUI_PLAN_REBALANCE,
    TUI_PLAN_TUNE,
};

/* A job that moves, a model that comes to one more agent, an agent that is drained, a device that
 * is tuned. */
struct tui_plan_row {
    uint64_t number;           /* of the job, or the device; 0: it is a model */
    char name[TUI_NAME_SIZE];  /* of the model, or the device */
    char state[TUI_WORD_SIZE]; /* of the job, or the agent */
    char from[TUI_NAME_SIZE];  /* the agent that it is about */
    char to[TUI_NAME_SIZE];    /* the agent that gets it; "" nobody could now */
    bool loads;                /* the model has to be loaded there first */
    bool can_restart;
    uint64_t cost_ms, gain_ms;              /* of a move; a model gains so much a minute */
    uint64_t evicts, lost_ms;               /* models that make room for it; their loading again */
    uint64_t running, waiting, expected_ms; /* of an agent */
};

struct tui_plan {
    enum tui_plan_kind kind;
    char id[TUI_WORD_SIZE]; /* "" where it has none */
    bool needs_force;       /* something would have no other home, or it was done a moment ago */
    uint64_t running, waiting, overdue, unmeasured, expected_ms;
    uint64_t gain_ms, cost_ms, through_ms, through_after_ms, rests_ms; /* of a rebalance */
    char warnings[TUI_WARNINGS_MAX][TUI_TEXT_SIZE];
    size_t warning_count;
    size_t rows_total;   /* that the plan names, of which the first are kept */
    size_t models_total; /* of them: a rebalance's that come to one more agent; they come first */
};

/* What is known of a target: "state" "running". */
struct tui_fact {
    char label[TUI_WORD_SIZE];
    char text[TUI_TEXT_SIZE];
};

/* One block that free() frees. */
struct tui_answer {
    bool ok;
    struct tui_refusal refusal;
    bool has_operation;
    struct tui_operation operation;
    uint64_t job;     /* the number of the job that it names; 0 none */
    uint64_t version; /* of the model that it is about; 0 none */
    struct tui_plan plan;
    struct tui_fact facts[TUI_FACTS_MAX];
    size_t fact_count;
    size_t row_count;
    struct tui_plan_row rows[];
};

#endif
