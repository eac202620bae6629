/* Any bytes can be a recording: as a file, as the contents of a sound frame, as a message. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zlib.h>

#include "record/player.h"
#include "record/thin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_update(void *user, struct tui_update *update)
{
    tui_model_apply(user, update);
}

static void walk(int fd)
{
    const int fds[2] = {-1, fd};
    struct tui_recording *recording;
    char text[TUI_TEXT_SIZE];

    if (!tui_recording_open_fds(fds, &recording, text))
        return;
    struct tui_player *player = tui_player_create(recording);
    struct tui_model *model = tui_model_create();
    const struct tui_player_sink sink = {on_update, NULL, model};
    if (!player || !model)
        abort();
    for (int i = 0; i < 100 && !tui_player_advance(player, INT64_MAX, 4096, &sink); i++)
        ;
    int64_t at_ms = tui_player_mark(player, -1, text);
    tui_player_seek(player, at_ms);
    for (int i = 0; i < 100 && tui_player_seeking(player); i++)
        tui_model_destroy(tui_player_build(player, 4096));
    tui_player_snapshot(player, 1);
    tui_player_snapshot(player, -1);
    tui_update_destroy(tui_player_answer(player, "job", "{}"));
    tui_recording_wall_ms(recording, at_ms);
    tui_recording_missing(recording, text);
    tui_model_destroy(model);
    tui_player_destroy(player);
}

static void put(int fd, const void *bytes, size_t len)
{
    if (write(fd, bytes, len) != (ssize_t)len)
        abort();
}

/* The bytes as the records of a frame whose sums are right. */
static void put_frame(int fd, enum tui_record_type type, const uint8_t *data, size_t size)
{
    unsigned char head[TUI_RECORD_FRAME_BYTES];
    uLongf packed = compressBound(size);
    unsigned char *bytes = malloc(packed);

    if (!bytes || compress(bytes, &packed, data, size) != Z_OK)
        abort();
    struct tui_record_frame frame = {
        .type = (uint8_t)type,
        .flags = TUI_RECORD_HAS_FLEET,
        .marks = 1,
        .packed = (uint32_t)packed,
        .raw = (uint32_t)size,
        .first_ms = 1,
        .last_ms = 1000,
        .crc = (uint32_t)crc32(0, bytes, (uInt)packed),
    };
    tui_record_put_frame(head, &frame);
    put(fd, head, sizeof(head));
    put(fd, bytes, packed);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char head[TUI_RECORD_FILE_BYTES];
    const struct tui_record_file file = {.session = 1};
    char *thin = malloc(size + 1);
    int fd = memfd_create("file", 0);

    if (fd < 0 || !thin)
        abort();
    put(fd, data, size);
    walk(fd);
    fd = memfd_create("frames", 0);
    if (fd < 0)
        abort();
    tui_record_put_file(head, &file);
    put(fd, head, sizeof(head));
    put_frame(fd, TUI_RECORD_DATA, data, size);
    put_frame(fd, TUI_RECORD_THIN, data, size);
    put_frame(fd, TUI_RECORD_DATA, data, size / 2);
    walk(fd);
    if (tui_thin((const char *)data, size, thin) > size)
        abort();
    free(thin);
    return 0;
}
