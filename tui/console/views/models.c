#include <math.h>
#include <stdio.h>
#include <string.h>

#include "views/table.h"
#include "views/work.h"

#define NONE UINT32_MAX /* instead of an index of what is served, or of the cards */

enum field {
    MODEL,
    STATE,
    AGENTS,
    WHERE,
    PINNED,
    RATE,
    QUEUED,
    RUNNING,
    P50,
    P95,
    P99,
    LOAD,
    SIZE,
    HITRATE,
    HITS,
    MISSES,
    DONE,
    FAILED,
    NOTE,
};

static const struct tui_field fields[] = {
    [MODEL] = {"model", TUI_FIELD_TEXT, false},    [STATE] = {"state", TUI_FIELD_TEXT, false},
    [AGENTS] = {"agents", TUI_FIELD_COUNT, false}, [WHERE] = {"where", TUI_FIELD_TEXT, false},
    [PINNED] = {"pinned", TUI_FIELD_COUNT, false}, [RATE] = {"jobs/s", TUI_FIELD_COUNT, false},
    [QUEUED] = {"queued", TUI_FIELD_COUNT, false}, [RUNNING] = {"running", TUI_FIELD_COUNT, false},
    [P50] = {"p50", TUI_FIELD_US, false},          [P95] = {"p95", TUI_FIELD_US, false},
    [P99] = {"p99", TUI_FIELD_US, false},          [LOAD] = {"load", TUI_FIELD_US, false},
    [SIZE] = {"size", TUI_FIELD_BYTES, false},     [HITRATE] = {"hitrate", TUI_FIELD_SHARE, false},
    [HITS] = {"hits", TUI_FIELD_COUNT, false},     [MISSES] = {"misses", TUI_FIELD_COUNT, false},
    [DONE] = {"done", TUI_FIELD_COUNT, false},     [FAILED] = {"failed", TUI_FIELD_COUNT, false},
    [NOTE] = {"note", TUI_FIELD_TEXT, false},      {NULL, TUI_FIELD_TEXT, false},
};

static const struct tui_column columns[] = {
    {.title = "MODEL", .field = MODEL, .width = 12, .fit = 32},
    {.title = "STATE", .field = STATE, .width = 8, .fit = 10},
    {.title = "AGENTS", .field = AGENTS, .width = 7, .priority = 4, .right = true},
    {.title = "PIN", .field = PINNED, .width = 4, .priority = 6, .right = true},
    {.title = "JOBS/S", .field = RATE, .width = 7, .priority = 1, .right = true},
    {.title = "QUEUE", .field = QUEUED, .width = 6, .priority = 2, .right = true},
    {.title = "RUN", .field = RUNNING, .width = 4, .priority = 3, .right = true},
    {.title = "P95", .field = P95, .width = 7, .priority = 1, .right = true},
    {.title = "LOAD", .field = LOAD, .width = 7, .priority = 5, .right = true},
    {.title = "SIZE", .field = SIZE, .width = 9, .priority = 6, .right = true},
    {.title = "HITS", .field = HITRATE, .width = 5, .priority = 5, .right = true},
    {.title = "MISSES", .field = MISSES, .width = 7, .priority = 8, .right = true},
    {.title = "DONE", .field = DONE, .width = 7, .priority = 8, .right = true},
    {.title = "FAILED", .field = FAILED, .width = 7, .priority = 7, .right = true},
    {.title = "WHERE", .field = WHERE, .width = 12, .grow = 4, .priority = 3},
    {.title = "NOTE", .field = NOTE, .width = 10, .grow = 3, .priority = 9},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* NULL of one that only the repository knows. */
static const struct tui_served *served_at(const struct tui_app *app, size_t index)
{
    uint32_t at = app->work->flat.rows[index].outer;

    return at == NONE ? NULL : &app->model->fleet->models[at];
}

/* NULL while the repository has not answered. */
static const struct tui_card *card_at(const struct tui_app *app, size_t index)
{
    uint32_t at = app->work->flat.rows[index].inner;

    return at == NONE ? NULL : &tui_model_cards(app->model)->cards[at];
}

/* Looked for from `start` on: both lists are in the repository's order. */
static size_t find_card(const struct tui_card_page *cards, size_t start, const char *id)
{
    for (size_t i = 0; cards && i < cards->count; i++) {
        size_t at = (start + i) % cards->count;
        if (strcmp(cards->cards[at].id, id) == 0)
            return at;
    }
    return NONE;
}

/* Those that are served, each with its card, and those that can't be because their files are wrong.
 */
static size_t count(const struct tui_app *app)
{
    const struct tui_fleet *fleet = app->model->fleet;
    const struct tui_card_page *cards = tui_model_cards(app->model);
    struct tui_flat *flat = &app->work->flat;
    bool served[TUI_SERVED_MAX] = {false};
    size_t next = 0;

    tui_flat_clear(flat);
    for (size_t i = 0; fleet && i < fleet->model_count; i++) {
        size_t at = find_card(cards, next, fleet->models[i].id);
        tui_flat_add(flat, i, at);
        if (at == NONE)
            continue;
        next = at + 1;
        served[at] = true;
    }
    for (size_t i = 0; fleet && cards && i < cards->count; i++) {
        if (!served[i])
            tui_flat_add(flat, NONE, i);
    }
    return flat->count;
}

static void id(const struct tui_app *app, size_t index, char ret_id[TUI_NAME_SIZE])
{
    const struct tui_served *served = served_at(app, index);

    memcpy(ret_id, served ? served->id : card_at(app, index)->id, TUI_NAME_SIZE);
}

/* Agents that have it, or with `pinned` those on which it is pinned, each once. */
static size_t agents_with(const struct tui_served *served, bool pinned)
{
    const char *last = "";
    size_t agents = 0;

    for (size_t i = 0; i < served->resident_count; i++) {
        const struct tui_resident *resident = served->residents[i];
        if ((pinned ? !resident->pinned : strcmp(resident->state, "resident") != 0) ||
            strcmp(resident->agent, last) == 0)
            continue;
        last = resident->agent;
        agents++;
    }
    return agents;
}

/* "ready" where an agent has it, "loading" where one gets it, "cold" where none has. */
static const char *state_of(const struct tui_served *served, const struct tui_card *card)
{
    const char *state = "cold";

    if (card && strcmp(card->state, "invalid") == 0)
        return "invalid";
    for (size_t i = 0; served && i < served->resident_count; i++) {
        if (strcmp(served->residents[i]->state, "resident") == 0)
            return "ready";
        state = "loading";
    }
    return state;
}

/* "ember-01*, ember-02": a star where it is pinned, a word where it isn't there yet. */
static void where(const struct tui_served *served, char *ret_text, size_t size)
{
    const char *last = "";
    size_t used = 0;

    ret_text[0] = 0;
    for (size_t i = 0; i < served->resident_count && used < size; i++) {
        const struct tui_resident *resident = served->residents[i];
        bool there = strcmp(resident->state, "resident") == 0;
        if (strcmp(resident->agent, last) == 0)
            continue;
        last = resident->agent;
        used += (size_t)snprintf(ret_text + used, size - used, "%s%s%s%s%s%s", used > 0 ? ", " : "",
                                 resident->agent, resident->pinned ? "*" : "", there ? "" : " (",
                                 there ? "" : resident->state, there ? "" : ")");
    }
}

static void text_value(const struct tui_app *app, size_t index, enum field field,
                       struct tui_value *ret_value)
{
    const struct tui_served *served = served_at(app, index);
    const struct tui_card *card = card_at(app, index);

    switch (field) {
    case MODEL:
        ret_value->text = served ? served->id : card->id;
        break;
    case STATE:
        ret_value->text = state_of(served, card);
        ret_value->number = tui_state_rank(ret_value->text);
        break;
    case WHERE:
        if (!served)
            break;
        where(served, ret_value->room, TUI_VALUE_SIZE);
        ret_value->text = ret_value->room;
        break;
    case NOTE:
        if (card)
            ret_value->text = card->error[0] ? card->error : card->description;
        break;
    default:
        break;
    }
}

static double percentile(const struct tui_served *served, uint64_t us)
{
    return served->total.count > 0 ? (double)us : NAN;
}

static double number_value(const struct tui_served *served, enum field field)
{
    uint64_t lookups = served->hits + served->misses;

    switch (field) {
    case AGENTS:
        return (double)agents_with(served, false);
    case PINNED:
        return (double)agents_with(served, true);
    case RATE:
        return served->done_per_s;
    case QUEUED:
        return (double)served->queued;
    case RUNNING:
        return (double)served->running;
    case P50:
        return percentile(served, served->total.p50_us);
    case P95:
        return percentile(served, served->total.p95_us);
    case P99:
        return percentile(served, served->total.p99_us);
    case LOAD:
        return served->load_ms * 1000;
    case SIZE:
        return (double)served->bytes;
    case HITRATE:
        return lookups > 0 ? (double)served->hits / (double)lookups : NAN;
    case HITS:
        return (double)served->hits;
    case MISSES:
        return (double)served->misses;
    case DONE:
        return (double)served->done;
    case FAILED:
        return (double)served->failed;
    default:
        return NAN;
    }
}

static void value(const struct tui_app *app, size_t index, size_t field,
                  struct tui_value *ret_value)
{
    const struct tui_served *served = served_at(app, index);

    if (fields[field].kind == TUI_FIELD_TEXT)
        text_value(app, index, (enum field)field, ret_value);
    else if (served)
        ret_value->number = number_value(served, (enum field)field);
    else if (field == SIZE)
        ret_value->number = (double)card_at(app, index)->bytes;
}

static void adorn(const struct tui_app *app, size_t index, size_t column, struct tui_shown *shown)
{
    const struct tui_served *served = served_at(app, index);
    bool invalid = strcmp(state_of(served, card_at(app, index)), "invalid") == 0;

    switch ((enum field)columns[column].field) {
    case MODEL:
        shown->role = TUI_ROLE_STRONG;
        break;
    case STATE:
        shown->role = tui_state_role(shown->text);
        break;
    case QUEUED:
        /* Jobs wait, and nobody has it: the load is what they wait for. */
        if (served && served->queued > 0 && agents_with(served, false) == 0)
            shown->role = TUI_ROLE_WARN;
        break;
    case FAILED:
        if (served && served->failed > 0)
            shown->role = TUI_ROLE_WARN;
        break;
    case NOTE:
        shown->role = invalid ? TUI_ROLE_BAD : TUI_ROLE_DIM;
        break;
    case SIZE:
    case LOAD:
    case DONE:
        shown->role = TUI_ROLE_DIM;
        break;
    default:
        break;
    }
}

static int page(const struct tui_app *app, struct tui_rect body)
{
    (void)app;
    return tui_table_page(body);
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    static const struct tui_tally tally = {"model", "models", STATE};
    static const struct tui_table table = {.columns = columns,
                                           .count = COLUMNS,
                                           .adorn = adorn,
                                           .empty = "no models: `stokerd` serves those in its "
                                                    "model folder"};

    tui_table_draw(&table, app, canvas, tui_table_title(app, canvas, body, &tally, NULL));
}

static void want(const struct tui_app *app, struct tui_want *ret_want)
{
    (void)app;
    ret_want->polls[TUI_POLL_MODELS] = true;
}

const struct tui_view_ops tui_view_models = {
    .count = count,
    .id = id,
    .fields = fields,
    .value = value,
    .page = page,
    .draw = draw,
    .want = want,
};
