/* A console without a terminal, a coordinator that is played, and what is sent to it. */
#ifndef TESTS_TUI_CONSOLE_ACT_LAB_H
#define TESTS_TUI_CONSOLE_ACT_LAB_H

#include "app/app.h"

extern struct tui_canvas lab_canvas;
extern struct tui_app *lab_app;
extern char *lab_sent; /* what lab_next() took; NULL nothing */

extern const char *lab_models; /* what snapshots say of models, as JSON */

void lab_setup(void);
void lab_teardown(void);

/* Draws a frame; settle() also gives the operator the time to have seen it. */
void lab_draw(void);
void lab_settle(void);

/* A snapshot with these agents, "name:state:instance ...", and operations as JSON. */
void lab_cluster_of(unsigned int epoch, const char *agents, const char *operations);
void lab_cluster(const char *agents);
/* A page of jobs, as JSON. */
void lab_jobs(const char *list);

void lab_key(uint32_t code);
/* Each key after the screen was seen. */
void lab_press(const char *keys);
/* All of them before the next frame: a burst, a paste, a slow line. */
void lab_burst(const char *keys);

/* What was asked of the coordinator next; NULL nothing. */
const char *lab_next(void);
/* Whether that has this piece of JSON. */
bool lab_has(const char *json);
void lab_answer(const char *text);
/* An answer that no frame has shown yet. */
void lab_answer_unseen(const char *text);
void lab_expect_nothing(const char *why);

/* Whether a row of the screen has the (ASCII) text. */
bool lab_shows(const char *text);

#define LAB_THREE "ember-01:ready:aa ember-02:ready:bb ember-03:ready:cc"
#define LAB_DRAIN_PLAN                                                                    \
    "{\"ok\":true,\"operation\":{\"id\":0,\"kind\":\"drain\"},\"moves\":[{\"job\":88130," \
    "\"model\":\"yolo\",\"state\":\"assigned\",\"to\":\"ember-02\",\"loads\":true}],"     \
    "\"plan\":{\"id\":\"5d7d-1b9e\",\"running\":2,\"waiting\":7,\"expected_ms\":14000,"   \
    "\"needs_force\":false,\"warnings\":[]}}"
#define LAB_FORCE_PLAN                                                                 \
    "{\"ok\":true,\"operation\":{\"id\":0,\"kind\":\"drain\"},\"moves\":[],\"plan\":{" \
    "\"id\":\"5d7d-ffff\",\"running\":1,\"needs_force\":true,"                         \
    "\"warnings\":[\"ember-01 is the last\\u001b one\",7]}}"
#define LAB_ROLL_PLAN                                                                       \
    "{\"ok\":true,\"agents\":[{\"agent\":\"ember-01\",\"state\":\"ready\",\"running\":1,"   \
    "\"waiting\":0},{\"agent\":\"ember-02\",\"state\":\"ready\",\"running\":1,\"waiting\":" \
    "0}],\"warnings\":[]}"
#define LAB_DONE "{\"ok\":true}"
#define LAB_MODEL(version)                                                            \
    "{\"ok\":true,\"model\":{\"name\":\"digits\",\"version\":" version ",\"jobs\":4," \
    "\"resident\":[\"ember-01\"],\"pinned\":[]}}"

#define LAB_OPERATION(id, target) \
    "{\"id\":" id ",\"kind\":\"drain\",\"target\":\"" target "\",\"state\":\"running\"}"

#endif
