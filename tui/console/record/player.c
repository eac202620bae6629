#include "record/player.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "model/json.h"
#include "model/poll.h"
#include "record/marks.h"
#include "record/thin.h"

/* As far as the graphs reach back. */
#define PREROLL_MS 3600000
/* What is asked for once a second has been there in this time. */
#define WHOLE_MS 5000
#define EVENTS_BACK 512 /* that are there after a jump: reading more of them would hold it up */
/* How far back the answer to a question is looked for. */
#define ANSWER_MS 10000

struct tui_player {
    struct tui_recording *recording;
    int64_t at_ms;
    struct tui_cursor cursor;
    struct tui_record next; /* read, but later than at_ms */
    bool has_next;

    /* While it seeks. */
    struct tui_model *model;
    struct tui_cursor thin;
    size_t thin_first;     /* before this frame only events count */
    int64_t thin_until_ms; /* from then on the whole messages count */
    bool seeking, thin_over;
};

struct tui_player *tui_player_create(struct tui_recording *recording)
{
    struct tui_player *player = calloc(1, sizeof(*player));

    if (!player)
        return NULL;
    player->recording = recording;
    player->at_ms = recording->first_ms;
    tui_cursor_set(&player->cursor, recording, &recording->data, 0);
    return player;
}

void tui_player_destroy(struct tui_player *player)
{
    if (!player)
        return;
    tui_cursor_finish(&player->cursor);
    tui_cursor_finish(&player->thin);
    tui_model_destroy(player->model);
    tui_recording_close(player->recording);
    free(player);
}

struct tui_recording *tui_player_recording(struct tui_player *player)
{
    return player->recording;
}

void tui_player_about(struct tui_player *player, char ret_address[TUI_ADDRESS_SIZE])
{
    struct tui_cursor cursor = {0};
    struct tui_record record;
    cJSON *root = NULL;

    tui_cursor_set(&cursor, player->recording, &player->recording->data, 0);
    if (tui_cursor_next(&cursor, &record) && strcmp(record.kind, TUI_RECORD_ABOUT) == 0)
        root = cJSON_ParseWithLength(record.text, record.len);
    tui_json_text(root, "address", ret_address, TUI_ADDRESS_SIZE);
    cJSON_Delete(root);
    tui_cursor_finish(&cursor);
}

int64_t tui_player_at_ms(const struct tui_player *player)
{
    return player->at_ms;
}

/* NULL for what is no message for the model, or can't be one. */
static struct tui_update *update_of(const struct tui_record *record)
{
    enum tui_update_kind kind;
    struct tui_update *update;
    char text[TUI_TEXT_SIZE];

    if (!tui_update_kind_find(record->kind, &kind))
        return NULL;
    if (kind == TUI_UPDATE_SILENCE || kind == TUI_UPDATE_MALFORMED) {
        size_t len = record->len < sizeof(text) - 1 ? record->len : sizeof(text) - 1;
        memcpy(text, record->text, len);
        text[len] = 0;
        return tui_update_silence(text, record->at_ms);
    }
    update = tui_update_parse(kind, record->text, record->len, record->at_ms);
    if (update) {
        update->published = (record->flags & TUI_RECORD_PUBLISHED) != 0;
        update->token = record->token;
        tui_poll_read(record->asked, &update->asked);
    }
    return update;
}

static bool read_next(struct tui_player *player)
{
    if (!player->has_next)
        player->has_next = tui_cursor_next(&player->cursor, &player->next);
    return player->has_next;
}

static void note(const struct tui_player_sink *sink, const struct tui_record *record)
{
    char text[TUI_TEXT_SIZE];

    if (!sink->on_note)
        return;
    if (strcmp(record->kind, TUI_RECORD_LOST) == 0)
        sink->on_note(sink->user, "messages are missing here: they came faster than the disk took "
                                  "them");
    /* Warnings are news that the views show; what an operator did is seen nowhere else. */
    else if (strcmp(record->kind, "request") == 0 && tui_record_marks(record, 0, text) > 0)
        sink->on_note(sink->user, text);
}

bool tui_player_advance(struct tui_player *player, int64_t to_ms, size_t bytes_max,
                        const struct tui_player_sink *sink)
{
    size_t bytes = 0;

    if (to_ms > player->recording->last_ms)
        to_ms = player->recording->last_ms;
    while (read_next(player) && player->next.at_ms <= to_ms) {
        struct tui_update *update;
        if (bytes >= bytes_max) {
            if (player->next.at_ms > player->at_ms)
                player->at_ms = player->next.at_ms;
            return false;
        }
        bytes += player->next.len + 1;
        update = update_of(&player->next);
        if (update)
            sink->on_update(sink->user, update);
        else
            note(sink, &player->next);
        player->has_next = false;
    }
    if (to_ms > player->at_ms)
        player->at_ms = to_ms;
    return true;
}

/* The first DATA frame to be read whole for standing at `at_ms`: a few seconds before, and with a
 * whole snapshot among them. */
static size_t whole_from(const struct tui_recording *recording, int64_t at_ms)
{
    size_t i = tui_recording_find(&recording->data, at_ms - WHOLE_MS);

    if (i == recording->data.count)
        i--;
    while (i > 0 && (recording->data.at[i].head.flags & TUI_RECORD_HAS_FLEET) == 0)
        i--;
    return i;
}

/* The thin frame from which on there are enough events. */
static size_t events_from(const struct tui_recording_frames *thin, size_t before)
{
    size_t events = 0;

    while (before > 0 && events < EVENTS_BACK)
        events += thin->at[--before].head.marks;
    return before;
}

void tui_player_seek(struct tui_player *player, int64_t to_ms)
{
    struct tui_recording *recording = player->recording;
    const struct tui_recording_frames *thin = &recording->thin;
    size_t whole;

    if (to_ms < recording->first_ms)
        to_ms = recording->first_ms;
    if (to_ms > recording->last_ms)
        to_ms = recording->last_ms;
    player->at_ms = to_ms;
    player->has_next = false;
    player->seeking = true;
    tui_model_destroy(player->model);
    player->model = tui_model_create();
    whole = whole_from(recording, to_ms);
    player->thin_first = tui_recording_find(thin, to_ms - PREROLL_MS);
    /* The thin frame of the end is written after what it sums up: a crash may have been faster. */
    int64_t covered = thin->count > 0 ? thin->at[thin->count - 1].head.last_ms : -1;
    if (covered < recording->data.at[whole].head.first_ms) {
        size_t uncovered = tui_recording_find(&recording->data, covered + 1);
        whole = uncovered < whole ? uncovered : whole;
    }
    player->thin_until_ms = recording->data.at[whole].head.first_ms;
    player->thin_over = false;
    tui_cursor_set(&player->thin, recording, &recording->thin,
                   events_from(thin, player->thin_first));
    tui_cursor_set(&player->cursor, recording, &recording->data, whole);
}

bool tui_player_seeking(const struct tui_player *player)
{
    return player->seeking;
}

static void apply(struct tui_player *player, const struct tui_record *record)
{
    struct tui_update *update = update_of(record);

    if (update)
        tui_model_apply(player->model, update);
}

/* Frames without events, far before what the graphs show, are not even unpacked. */
static void skip_thin(const struct tui_player *player, struct tui_cursor *cursor)
{
    if (cursor->at < cursor->len)
        return;
    while (cursor->frame < player->thin_first && cursor->frames->at[cursor->frame].head.marks == 0)
        cursor->frame++;
}

/* False once the thin frames have been read as far as they are wanted. */
static bool build_thin(struct tui_player *player, size_t *bytes, size_t bytes_max)
{
    struct tui_record record;

    while (*bytes < bytes_max) {
        skip_thin(player, &player->thin);
        if (!tui_cursor_next(&player->thin, &record))
            return false;
        if (record.at_ms >= player->thin_until_ms)
            return false;
        *bytes += record.len + 1;
        if (record.at_ms >= player->at_ms - PREROLL_MS ||
            strcmp(record.kind, tui_update_kind_name(TUI_UPDATE_EVENTS)) == 0)
            apply(player, &record);
    }
    return true;
}

struct tui_model *tui_player_build(struct tui_player *player, size_t bytes_max)
{
    struct tui_model *model = player->model;
    size_t bytes = 0;

    if (!player->seeking || !model)
        return NULL;
    if (!player->thin_over && build_thin(player, &bytes, bytes_max))
        return NULL;
    player->thin_over = true;
    while (read_next(player) && player->next.at_ms <= player->at_ms) {
        if (bytes >= bytes_max)
            return NULL;
        bytes += player->next.len + 1;
        apply(player, &player->next);
        player->has_next = false;
    }
    player->seeking = false;
    player->model = NULL;
    return model;
}

/* Whether a record is what is looked for; ret_text as for tui_record_marks. */
typedef bool wanted_fn(const struct tui_player *player, const struct tui_record *record,
                       char *ret_text);

static bool is_snapshot(const struct tui_player *player, const struct tui_record *record,
                        char *ret_text)
{
    (void)player;
    (void)ret_text;
    return tui_thin_is_fleet(record->kind);
}

static bool is_whole(const struct tui_player *player, const struct tui_record *record,
                     char *ret_text)
{
    (void)player;
    (void)ret_text;
    return strcmp(record->kind, tui_update_kind_name(TUI_UPDATE_FLEET)) == 0;
}

static bool is_mark(const struct tui_player *player, const struct tui_record *record,
                    char *ret_text)
{
    int64_t began_ms = player->recording->data.at[0].head.first_wall_ms;

    return tui_record_marks(record, began_ms, ret_text) > 0;
}

/* Looks through one frame: the first that is later than *at_ms, or the last that is earlier. */
static bool look(struct tui_player *player, size_t frame, int direction, wanted_fn *wanted,
                 int64_t *at_ms, char *ret_text)
{
    struct tui_recording_frames one = player->recording->data;
    struct tui_cursor cursor = {0};
    struct tui_record record;
    int64_t from_ms = *at_ms;
    bool found = false;

    one.count = frame + 1;
    tui_cursor_set(&cursor, player->recording, &one, frame);
    while (!(found && direction > 0) && tui_cursor_next(&cursor, &record)) {
        bool beyond = direction > 0 ? record.at_ms > from_ms : record.at_ms < from_ms;
        if (beyond && wanted(player, &record, ret_text)) {
            *at_ms = record.at_ms;
            found = true;
        }
    }
    tui_cursor_finish(&cursor);
    return found;
}

static int64_t look_for(struct tui_player *player, int direction, bool marks, char *ret_text)
{
    const struct tui_recording_frames *data = &player->recording->data;
    size_t i = tui_recording_find(data, player->at_ms);
    int64_t at_ms = player->at_ms;

    if (i == data->count)
        i--;
    while (i < data->count) {
        bool may = !marks || data->at[i].head.marks > 0;
        if (may && look(player, i, direction, marks ? is_mark : is_snapshot, &at_ms, ret_text))
            break;
        i += (size_t)direction; /* past the first it wraps to a number beyond the last */
    }
    return at_ms;
}

int64_t tui_player_snapshot(struct tui_player *player, int direction)
{
    return look_for(player, direction, false, NULL);
}

int64_t tui_player_first(struct tui_player *player)
{
    const struct tui_recording_frames *data = &player->recording->data;
    int64_t at_ms = player->recording->first_ms - 1;

    for (size_t i = 0; i < data->count; i++) {
        if ((data->at[i].head.flags & TUI_RECORD_HAS_FLEET) != 0 &&
            look(player, i, 1, is_whole, &at_ms, NULL))
            return at_ms;
    }
    return player->recording->first_ms;
}

int64_t tui_player_mark(struct tui_player *player, int direction, char ret_text[TUI_TEXT_SIZE])
{
    ret_text[0] = 0;
    return look_for(player, direction, true, ret_text);
}

struct tui_update *tui_player_answer(struct tui_player *player, const char *kind, const char *asked)
{
    struct tui_recording *recording = player->recording;
    struct tui_cursor cursor = {0};
    struct tui_update *update = NULL;
    struct tui_record record;
    size_t from = tui_recording_find(&recording->data, player->at_ms - ANSWER_MS);

    tui_cursor_set(&cursor, recording, &recording->data, from);
    while (tui_cursor_next(&cursor, &record) && record.at_ms <= player->at_ms) {
        if (strcmp(record.kind, kind) == 0 && strcmp(record.asked, asked) == 0) {
            tui_update_destroy(update);
            update = update_of(&record);
        }
    }
    tui_cursor_finish(&cursor);
    return update;
}
