/* Recordings: what was written is read, whatever happened to the file in between. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "record/marks.h"
#include "record/packer.h"
#include "record/player.h"
#include "record/thin.h"

#define WALL_MS 1700000000000
#define MINUTES 20
#define SNAPSHOTS (MINUTES * 60 * 4)

static char dir[64];
static char path[128];
static char before[160];

static void setup(void)
{
    snprintf(dir, sizeof(dir), "/tmp/stoker-record-XXXXXX");
    cr_assert(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/box", dir);
    snprintf(before, sizeof(before), "%s.1", path);
}

static void teardown(void)
{
    unlink(path);
    unlink(before);
    rmdir(dir);
}

TestSuite(record, .init = setup, .fini = teardown);

static int add(struct tui_packer *packer, const char *kind, int64_t at_ms, const char *text)
{
    struct tui_record record = {.at_ms = at_ms,
                                .wall_ms = WALL_MS + at_ms,
                                .token = 7,
                                .flags = TUI_RECORD_PUBLISHED,
                                .text = text,
                                .len = (uint32_t)strlen(text)};

    snprintf(record.kind, sizeof(record.kind), "%s", kind);
    snprintf(record.asked, sizeof(record.asked), "{\"op\":\"%s\"}", kind);
    return tui_packer_add(packer, &record);
}

/* A snapshot whose list of agents is long; throughput is its number. */
static int add_snapshot(struct tui_packer *packer, unsigned int seq)
{
    static char text[8192];
    int used = snprintf(text, sizeof(text),
                        "{\"seq\":%u,\"epoch\":3,\"time_ms\":%u,\"totals\":{\"done\":%u},"
                        "\"rates\":{\"done_per_s\":%u},\"agents\":[",
                        seq, seq, seq, seq);

    for (int i = 0; i < 40; i++)
        used += snprintf(text + used, sizeof(text) - (size_t)used,
                         "%s{\"name\":\"ember-%02d\",\"state\":\"ready\",\"done\":%u}",
                         i > 0 ? "," : "", i, seq * 7919 + (unsigned int)i);
    snprintf(text + used, sizeof(text) - (size_t)used, "]}");
    return add(packer, "snapshot", 1000 + (int64_t)seq * TUI_SAMPLE_MS, text);
}

static void event_text(char *ret_text, size_t size, const char *severity, int64_t at_ms)
{
    snprintf(
        ret_text, size,
        "{\"ok\":true,\"next\":9,\"events\":[{\"seq\":8,\"time_ms\":%lld,\"kind\":\"agent.lost\","
        "\"severity\":\"%s\",\"agent\":\"ember-04\",\"text\":\"silent\"}]}",
        (long long)(WALL_MS + at_ms), severity);
}

/* Twenty minutes with a warning in the third and an act in the tenth. `end`: with an end. */
static void write_recording(unsigned int count, uint64_t bytes_max, bool end)
{
    struct tui_packer packer;
    char text[512];

    cr_assert_eq(tui_packer_open(&packer, path, "{\"address\":\"tcp://10.0.0.5:7411\"}", bytes_max),
                 0);
    for (unsigned int i = 0; i < count; i++) {
        int64_t at_ms = 1000 + (int64_t)i * TUI_SAMPLE_MS;
        cr_assert_eq(add_snapshot(&packer, i), 0);
        if (i == 3 * 240) {
            event_text(text, sizeof(text), "warning", at_ms);
            cr_assert_eq(add(&packer, "events", at_ms, text), 0);
        }
        if (i == 10 * 240)
            cr_assert_eq(
                add(&packer, "request", at_ms,
                    "{\"v\":1,\"op\":\"drain\",\"by\":\"ada@ops\",\"agent\":\"ember-03\"}"),
                0);
        if (i % 8 == 7)
            cr_assert_eq(tui_packer_flush(&packer, i % 120 == 119), 0);
    }
    if (end)
        cr_assert_eq(tui_packer_end(&packer), 0);
    else
        cr_assert_eq(tui_packer_flush(&packer, false), 0);
    tui_packer_close(&packer);
}

static struct tui_recording *reopen(void)
{
    struct tui_recording *recording = NULL;
    char error[TUI_TEXT_SIZE] = "";

    cr_assert(tui_recording_open(path, &recording, error), "%s", error);
    return recording;
}

static size_t count_records(struct tui_recording *recording)
{
    struct tui_cursor cursor = {0};
    struct tui_record record;
    size_t count = 0;

    tui_cursor_set(&cursor, recording, &recording->data, 0);
    while (tui_cursor_next(&cursor, &record))
        count += strcmp(record.kind, TUI_RECORD_ABOUT) != 0;
    tui_cursor_finish(&cursor);
    return count;
}

static off_t size_of(const char *file)
{
    struct stat info;

    return stat(file, &info) == 0 ? info.st_size : 0;
}

Test(record, what_was_written_is_read)
{
    write_recording(100, 1u << 30, true);
    struct tui_recording *recording = reopen();
    struct tui_cursor cursor = {0};
    struct tui_record record;
    char missing[TUI_TEXT_SIZE];

    cr_assert_eq(count_records(recording), 100);
    tui_cursor_set(&cursor, recording, &recording->data, 0);
    cr_assert(tui_cursor_next(&cursor, &record));
    cr_assert_str_eq(record.kind, TUI_RECORD_ABOUT);
    cr_assert(tui_cursor_next(&cursor, &record));
    cr_assert_str_eq(record.kind, "snapshot");
    cr_assert_str_eq(record.asked, "{\"op\":\"snapshot\"}");
    cr_assert_eq(record.at_ms, 1000);
    cr_assert_eq(record.wall_ms, WALL_MS + 1000);
    cr_assert_eq(record.token, 7);
    cr_assert_eq(record.flags, TUI_RECORD_PUBLISHED);
    cr_assert_eq(memcmp(record.text, "{\"seq\":0,", 9), 0);
    tui_cursor_finish(&cursor);
    tui_recording_missing(recording, missing);
    cr_assert_str_eq(missing, "", "nothing is missing");
    tui_recording_close(recording);
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0600, "a recording is its owner's alone");
}

Test(record, an_existing_file_is_left_alone)
{
    struct tui_packer packer;

    write_recording(8, 1u << 30, true);
    off_t size = size_of(path);
    cr_assert_neq(tui_packer_open(&packer, path, "{\"address\":\"tcp://10.0.0.5:7411\"}", 1u << 30),
                  0);
    cr_assert_eq(size_of(path), size);
}

Test(record, a_recording_cut_off_anywhere_is_read_up_to_there)
{
    write_recording(64, 1u << 30, true);
    off_t size = size_of(path);

    for (off_t cut = size - 1; cut > TUI_RECORD_FILE_BYTES + 800; cut -= 97) {
        struct tui_recording *recording = NULL;
        char error[TUI_TEXT_SIZE];
        char missing[TUI_TEXT_SIZE];
        cr_assert_eq(truncate(path, cut), 0);
        if (!tui_recording_open(path, &recording, error)) {
            cr_assert(strstr(error, "nothing in it that can be read"), "%s", error);
            continue;
        }
        cr_assert_eq(count_records(recording) % 8, 0, "whole frames only");
        cr_assert_not(recording->ended);
        tui_recording_missing(recording, missing);
        cr_assert(strstr(missing, "not ended"), "%s", missing);
        tui_recording_close(recording);
    }
}

Test(record, damage_costs_only_what_it_hit)
{
    write_recording(640, 1u << 30, true);
    off_t size = size_of(path);
    char missing[TUI_TEXT_SIZE];
    int fd = open(path, O_WRONLY);

    cr_assert_eq(pwrite(fd, "garbage all over", 16, size / 2), 16);
    /* A head, too: the next is found behind it. */
    cr_assert_eq(pwrite(fd, "xxxx", 4, TUI_RECORD_FILE_BYTES), 4);
    close(fd);
    struct tui_recording *recording = reopen();
    size_t count = count_records(recording);
    cr_assert_geq(count, 640 - 3 * 8);
    cr_assert_lt(count, 640);
    tui_recording_missing(recording, missing);
    cr_assert(strstr(missing, "damaged and passed over"), "%s", missing);
    tui_recording_close(recording);
}

Test(record, a_newer_format_is_named_and_other_files_are_refused)
{
    struct tui_recording *recording = NULL;
    char error[TUI_TEXT_SIZE];
    int fd;

    write_recording(8, 1u << 30, true);
    fd = open(path, O_WRONLY);
    cr_assert_eq(pwrite(fd, "\x02", 1, 7), 1);
    cr_assert_not(tui_recording_open(path, &recording, error));
    cr_assert(strstr(error, "format 2, and this program reads format 1"), "%s", error);
    cr_assert_eq(pwrite(fd, "PNG", 3, 0), 3);
    close(fd);
    cr_assert_not(tui_recording_open(path, &recording, error));
    cr_assert(strstr(error, "no recording"), "%s", error);
    cr_assert_not(tui_recording_open("/dev/null", &recording, error));
}

Test(record, a_bound_keeps_the_newest)
{
    const uint64_t bound = 256u << 10;
    char missing[TUI_TEXT_SIZE];

    write_recording(SNAPSHOTS, bound, true);
    cr_assert_leq((uint64_t)(size_of(path) + size_of(before)), bound + (64u << 10));
    cr_assert_gt(size_of(before), 0);
    struct tui_recording *recording = reopen();
    cr_assert_gt(recording->data.at[recording->data.count - 1].head.last_ms,
                 (SNAPSHOTS - 10) * TUI_SAMPLE_MS);
    cr_assert_eq(recording->data.at[0].file, 0, "the file before is part of it");
    cr_assert_eq(recording->damaged_bytes, 0);
    tui_recording_missing(recording, missing);
    cr_assert(strstr(missing, "the beginning is gone"), "%s", missing);
    tui_recording_close(recording);
}

Test(record, a_thin_snapshot_has_no_long_lists)
{
    char long_list[TUI_THIN_LIST_BYTES + 200];
    char text[sizeof(long_list) + 200];
    char thin[sizeof(text)];

    memset(long_list, 'x', sizeof(long_list));
    long_list[sizeof(long_list) - 1] = 0;
    snprintf(
        text, sizeof(text),
        "{\"a\":\"]\\\"[\",\"agents\":[\"%s]\",{\"b\":[1]}],\"caches\":{\"m\":[1,2]},\"c\":[3]}",
        long_list);
    size_t len = tui_thin(text, strlen(text), thin);
    thin[len] = 0;
    cr_assert_str_eq(thin, "{\"a\":\"]\\\"[\",\"agents\":[],\"caches\":{\"m\":[1,2]},\"c\":[3]}");
}

static void on_update(void *user, struct tui_update *update)
{
    tui_model_apply(user, update);
}

static void on_note(void *user, const char *text)
{
    (void)user;
    cr_assert_str_eq(text, "ada@ops: drain ember-03");
}

static struct tui_player *play(void)
{
    struct tui_player *player = tui_player_create(reopen());

    cr_assert(player);
    return player;
}

static struct tui_model *seek(struct tui_player *player, int64_t to_ms)
{
    struct tui_model *model = NULL;

    tui_player_seek(player, to_ms);
    for (int slices = 0; !model; slices++) {
        cr_assert_lt(slices, 10000);
        model = tui_player_build(player, 100000);
    }
    return model;
}

static void assert_same(const struct tui_model *played, const struct tui_model *sought)
{
    const struct tui_series *a = &played->history.metrics[TUI_METRIC_DONE];
    const struct tui_series *b = &sought->history.metrics[TUI_METRIC_DONE];

    cr_assert_eq(played->fleet->seq, sought->fleet->seq);
    cr_assert_eq(sought->fleet->agent_count, 40, "the agents are there");
    cr_assert_eq(played->fleet_at_ms, sought->fleet_at_ms);
    cr_assert_eq(tui_model_event_count(played), tui_model_event_count(sought));
    cr_assert_eq(sought->snapshots_lost, 0, "no gaps where none were");
    cr_assert_eq(a->next, b->next);
    for (uint64_t slot = a->first; slot < a->next; slot += 4) {
        struct tui_bucket x = tui_series_over(a, slot, 4);
        struct tui_bucket y = tui_series_over(b, slot, 4);
        cr_assert_eq(x.count, y.count, "slot %llu", (unsigned long long)slot);
        cr_assert_float_eq(x.max, y.max, 1e-6);
    }
}

static void seek_is_as_playing(bool end)
{
    const int64_t stops[] = {1000, 61130, 13 * 60000, MINUTES * 60000 - 4000, MINUTES * 60000};
    struct tui_model *played = tui_model_create();
    const struct tui_player_sink sink = {on_update, on_note, played};

    write_recording(SNAPSHOTS, 1u << 30, end);
    struct tui_player *player = play();
    struct tui_player *other = play();
    for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
        while (!tui_player_advance(player, stops[i], 1u << 20, &sink))
            ;
        struct tui_model *sought = seek(other, stops[i]);
        cr_assert_eq(tui_player_at_ms(other), stops[i]);
        assert_same(played, sought);
        tui_model_destroy(sought);
    }
    tui_model_destroy(played);
    tui_player_destroy(player);
    tui_player_destroy(other);
}

Test(record, jumping_shows_what_playing_shows)
{
    seek_is_as_playing(true);
}

Test(record, and_so_it_does_without_an_end)
{
    seek_is_as_playing(false);
}

Test(record, steps_and_marks_are_found_both_ways)
{
    char text[TUI_TEXT_SIZE];

    write_recording(SNAPSHOTS, 1u << 30, true);
    struct tui_player *player = play();
    cr_assert_eq(tui_player_first(player), 1000);
    cr_assert_eq(tui_player_snapshot(player, 1), 1250);
    tui_model_destroy(seek(player, 60100));
    cr_assert_eq(tui_player_snapshot(player, 1), 60250);
    cr_assert_eq(tui_player_snapshot(player, -1), 60000);
    cr_assert_eq(tui_player_mark(player, 1, text), 3 * 60000 + 1000);
    cr_assert_str_eq(text, "agent.lost ember-04 silent");
    tui_model_destroy(seek(player, 3 * 60000 + 1000));
    cr_assert_eq(tui_player_mark(player, 1, text), 10 * 60000 + 1000);
    cr_assert_str_eq(text, "ada@ops: drain ember-03");
    tui_model_destroy(seek(player, 15 * 60000));
    cr_assert_eq(tui_player_mark(player, 1, text), 15 * 60000, "there is none: stay");
    cr_assert_str_eq(text, "");
    cr_assert_eq(tui_player_mark(player, -1, text), 10 * 60000 + 1000);
    tui_player_destroy(player);
}

Test(record, old_news_and_plans_are_no_marks)
{
    char text[512];
    struct tui_record record = {.kind = "events", .text = text};

    event_text(text, sizeof(text), "warning", -1);
    record.len = (uint32_t)strlen(text);
    cr_assert_eq(tui_record_marks(&record, WALL_MS, NULL), 0);
    cr_assert_eq(tui_record_marks(&record, WALL_MS - 1, NULL), 1);
    snprintf(record.kind, sizeof(record.kind), "request");
    record.text = "{\"op\":\"drain\",\"agent\":\"a\",\"by\":\"ada\",\"plan\":true}";
    record.len = (uint32_t)strlen(record.text);
    cr_assert_eq(tui_record_marks(&record, 0, NULL), 0);
    record.text = "{\"op\":\"job\",\"id\":88121}";
    record.len = (uint32_t)strlen(record.text);
    cr_assert_eq(tui_record_marks(&record, 0, NULL), 0, "what a dialog asks before is no act");
}

Test(record, an_act_is_told_with_all_that_it_was_done_to)
{
    char text[TUI_TEXT_SIZE];
    struct tui_record record = {.kind = "request",
                                .text = "{\"op\":\"unload\",\"by\":\"ada\",\"model\":\"yolo\","
                                        "\"agent\":\"ember-01\",\"reason\":\"room\"}"};

    record.len = (uint32_t)strlen(record.text);
    cr_assert_eq(tui_record_marks(&record, 0, text), 1);
    cr_assert_str_eq(text, "ada: unload yolo on ember-01 (room)");
}

Test(record, neither_half_of_an_older_recording_is_written_over)
{
    struct tui_packer packer;
    FILE *older = fopen(before, "w");

    cr_assert(older);
    fclose(older);
    cr_assert_eq(tui_packer_open(&packer, path, "{}", 1 << 20), EEXIST);
    cr_assert_neq(access(path, F_OK), 0, "nothing was begun");
}

Test(record, what_is_shorter_than_a_recording_can_be_is_none)
{
    struct tui_recording *recording = NULL;
    char error[TUI_TEXT_SIZE];
    FILE *empty = fopen(path, "w");

    cr_assert(empty);
    fclose(empty);
    cr_assert_not(tui_recording_open(path, &recording, error));
    cr_assert(strstr(error, "it is no recording of Stoker's"), "%s", error);
}
