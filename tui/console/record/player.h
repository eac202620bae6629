/*
 * Plays a recording: where it stands in time, what comes next, and what the model was at any
 * moment. No thread and no clock of its own.
 */
#ifndef TUI_CONSOLE_RECORD_PLAYER_H
#define TUI_CONSOLE_RECORD_PLAYER_H

#include "model/model.h"
#include "record/recording.h"

struct tui_player;

/* Takes the recording over, and stands at its start. NULL when memory ran out. */
struct tui_player *tui_player_create(struct tui_recording *recording);
void tui_player_destroy(struct tui_player *player);

struct tui_recording *tui_player_recording(struct tui_player *player);

/* What it is a recording of, by its first record: the coordinator's address, "" if that is not to
 * be had. */
void tui_player_about(struct tui_player *player, char ret_address[TUI_ADDRESS_SIZE]);

/* Where it stands. */
int64_t tui_player_at_ms(const struct tui_player *player);

/*
 * Goes on until `to_ms`, through `bytes_max` bytes of messages at most. Each that is one for the
 * model is handed to on_update, which takes it over; an act or a gap is put into words (on_note).
 * Returns true when it has arrived, false when there is more to go.
 */
struct tui_player_sink {
    void (*on_update)(void *user, struct tui_update *update);
    void (*on_note)(void *user, const char *text); /* may be NULL */
    void *user;
};
bool tui_player_advance(struct tui_player *player, int64_t to_ms, size_t bytes_max,
                        const struct tui_player_sink *sink);

/*
 * Begins to stand at `to_ms` (clamped to the recording): what the model was then is made anew, in
 * slices. tui_player_seeking is true until it is ready; tui_player_build does one slice, and
 * returns the finished model, the caller's, or NULL.
 */
void tui_player_seek(struct tui_player *player, int64_t to_ms);
bool tui_player_seeking(const struct tui_player *player);
struct tui_model *tui_player_build(struct tui_player *player, size_t bytes_max);

/* The time of the next snapshot (direction 1) or the one before (-1); where it stands if there is
 * none. */
int64_t tui_player_snapshot(struct tui_player *player, int direction);

/* The time of the first whole snapshot; the start if there is none. */
int64_t tui_player_first(struct tui_player *player);

/* The time of the next mark or the one before, and what it is; where it stands, and "", if there is
 * none. */
int64_t tui_player_mark(struct tui_player *player, int direction, char ret_text[TUI_TEXT_SIZE]);

/* The newest message of the last seconds that answered exactly this; NULL if nobody asked it. */
struct tui_update *tui_player_answer(struct tui_player *player, const char *kind,
                                     const char *asked);

#endif
