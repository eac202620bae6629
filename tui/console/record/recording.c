#include "record/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "model/figure.h"

static bool read_at(int fd, uint64_t offset, unsigned char *ret_bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = pread(fd, ret_bytes, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        ret_bytes += n;
        offset += (uint64_t)n;
        len -= (size_t)n;
    }
    return true;
}

static bool add_frame(struct tui_recording_frames *frames, const struct tui_recording_frame *frame)
{
    if (frames->count == frames->size) {
        size_t size = frames->size == 0 ? 256 : frames->size * 2;
        struct tui_recording_frame *at = realloc(frames->at, size * sizeof(*at));
        if (!at)
            return false;
        frames->at = at;
        frames->size = size;
    }
    frames->at[frames->count++] = *frame;
    return true;
}

/* Takes a frame over. One from before its predecessor would send every search astray. */
static bool take_frame(struct tui_recording *recording, const struct tui_recording_frame *frame)
{
    struct tui_recording_frames *frames;

    recording->ended = frame->head.type == TUI_RECORD_END;
    if (frame->head.type == TUI_RECORD_DATA)
        frames = &recording->data;
    else if (frame->head.type == TUI_RECORD_THIN)
        frames = &recording->thin;
    else
        return true;
    if (frames->count == TUI_RECORD_FRAMES_MAX ||
        (frames->count > 0 && (frames->at[frames->count - 1].head.first_ms > frame->head.first_ms ||
                               frames->at[frames->count - 1].head.last_ms > frame->head.last_ms))) {
        recording->damaged_bytes += TUI_RECORD_FRAME_BYTES + frame->head.packed;
        return true;
    }
    return add_frame(frames, frame);
}

/* The offset of the next head of a frame at or after `from`; `size` if there is none. */
static uint64_t find_head(int fd, uint64_t from, uint64_t size)
{
    unsigned char bytes[65536];
    struct tui_record_frame frame;

    while (from + TUI_RECORD_FRAME_BYTES <= size) {
        size_t len = size - from < sizeof(bytes) ? (size_t)(size - from) : sizeof(bytes);
        if (!read_at(fd, from, bytes, len))
            return size;
        for (size_t i = 0; i + TUI_RECORD_FRAME_BYTES <= len; i++) {
            if (tui_record_get_frame(bytes + i, &frame))
                return from + i;
        }
        from += len - TUI_RECORD_FRAME_BYTES + 1;
    }
    return size;
}

/* False only when memory ran out. */
static bool scan(struct tui_recording *recording, unsigned int file, uint64_t size)
{
    unsigned char bytes[TUI_RECORD_FRAME_BYTES];
    struct tui_recording_frame frame = {.file = file};
    int fd = recording->fds[file];
    uint64_t at = TUI_RECORD_FILE_BYTES;

    recording->damaged_bytes += recording->cut_bytes; /* of the file before this one */
    recording->cut_bytes = 0;
    while (at < size) {
        if (size - at < sizeof(bytes) || !read_at(fd, at, bytes, sizeof(bytes))) {
            recording->cut_bytes = size - at;
            return true;
        }
        if (!tui_record_get_frame(bytes, &frame.head)) {
            uint64_t next = find_head(fd, at + 1, size);
            recording->damaged_bytes += next - at;
            at = next;
            continue;
        }
        frame.offset = at + sizeof(bytes);
        if (frame.head.packed > size - frame.offset) {
            recording->cut_bytes = size - at;
            recording->ended = false;
            return true;
        }
        if (!take_frame(recording, &frame))
            return false;
        at = frame.offset + frame.head.packed;
    }
    return true;
}

static bool load(struct tui_recording *recording, char ret_error[TUI_TEXT_SIZE])
{
    unsigned char bytes[TUI_RECORD_FILE_BYTES];
    struct tui_record_file first = {0};
    struct tui_record_file file;
    bool any = false;
    struct stat info;
    uint8_t version = 0;

    for (unsigned int i = 0; i < 2; i++) {
        int fd = recording->fds[i];
        if (fd < 0)
            continue;
        if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) ||
            !read_at(fd, 0, bytes, sizeof(bytes)) || !tui_record_get_file(bytes, &file, &version)) {
            if (i == 0)
                continue; /* a FILE.1 of something else */
            snprintf(ret_error, TUI_TEXT_SIZE,
                     version != 0 && version != TUI_RECORD_VERSION
                         ? "it is of format %u, and this program reads format %d: use a newer one"
                         : "it is no recording of Stoker's",
                     (unsigned int)version, TUI_RECORD_VERSION);
            return false;
        }
        if (any && (file.session != first.session || file.segment != first.segment + 1)) {
            /* The file before this one belongs to another recording. */
            recording->data.count = recording->thin.count = 0;
            recording->damaged_bytes = 0;
            any = false;
        }
        first = any ? first : file;
        any = true;
        if (!scan(recording, i, (uint64_t)info.st_size)) {
            snprintf(ret_error, TUI_TEXT_SIZE, "out of memory");
            return false;
        }
    }
    recording->earlier_lost = first.segment > 0;
    if (recording->data.count == 0) {
        snprintf(ret_error, TUI_TEXT_SIZE, "there is nothing in it that can be read");
        return false;
    }
    recording->first_ms = recording->data.at[0].head.first_ms;
    recording->last_ms = recording->data.at[recording->data.count - 1].head.last_ms;
    return true;
}

bool tui_recording_open_fds(const int fds[2], struct tui_recording **ret_recording,
                            char ret_error[TUI_TEXT_SIZE])
{
    struct tui_recording *recording = calloc(1, sizeof(*recording));

    if (!recording) {
        snprintf(ret_error, TUI_TEXT_SIZE, "out of memory");
        for (int i = 0; i < 2; i++) {
            if (fds[i] >= 0)
                close(fds[i]);
        }
        return false;
    }
    recording->fds[0] = fds[0];
    recording->fds[1] = fds[1];
    if (!load(recording, ret_error)) {
        tui_recording_close(recording);
        return false;
    }
    *ret_recording = recording;
    return true;
}

bool tui_recording_open(const char *path, struct tui_recording **ret_recording,
                        char ret_error[TUI_TEXT_SIZE])
{
    char why[TUI_TEXT_SIZE];
    char before[4096];
    int fds[2] = {-1, -1};

    fds[1] = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fds[1] < 0) {
        snprintf(ret_error, TUI_TEXT_SIZE, "can't open %.150s: %s", path, strerror(errno));
        return false;
    }
    if ((size_t)snprintf(before, sizeof(before), "%s.1", path) < sizeof(before))
        fds[0] = open(before, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (tui_recording_open_fds(fds, ret_recording, why))
        return true;
    snprintf(ret_error, TUI_TEXT_SIZE, "can't replay %.100s: %.120s", path, why);
    return false;
}

void tui_recording_close(struct tui_recording *recording)
{
    if (!recording)
        return;
    for (int i = 0; i < 2; i++) {
        if (recording->fds[i] >= 0)
            close(recording->fds[i]);
    }
    free(recording->data.at);
    free(recording->thin.at);
    free(recording);
}

size_t tui_recording_find(const struct tui_recording_frames *frames, int64_t at_ms)
{
    size_t low = 0;
    size_t high = frames->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (frames->at[middle].head.last_ms < at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int64_t tui_recording_wall_ms(const struct tui_recording *recording, int64_t at_ms)
{
    size_t i = tui_recording_find(&recording->data, at_ms);
    const struct tui_record_frame *head;

    if (i == recording->data.count)
        i--;
    head = &recording->data.at[i].head;
    /* Between two frames the earlier one's clock counts. */
    if (head->first_ms > at_ms && i > 0)
        head = &recording->data.at[i - 1].head;
    return (int64_t)((uint64_t)head->first_wall_ms + (uint64_t)(at_ms - head->first_ms));
}

void tui_recording_missing(const struct tui_recording *recording, char ret_text[TUI_TEXT_SIZE])
{
    char damaged[TUI_FIGURE_SIZE];
    char cut[TUI_FIGURE_SIZE];

    tui_figure_bytes(damaged, sizeof(damaged), recording->damaged_bytes);
    tui_figure_bytes(cut, sizeof(cut), recording->cut_bytes);
    snprintf(ret_text, TUI_TEXT_SIZE, "%s%s%s%s%s%s%s",
             recording->earlier_lost ? "the beginning is gone: it was as long as it may be; " : "",
             recording->damaged_bytes > 0 ? damaged : "",
             recording->damaged_bytes > 0 ? " are damaged and passed over; " : "",
             recording->cut_bytes > 0 ? "the last " : "", recording->cut_bytes > 0 ? cut : "",
             recording->cut_bytes > 0 ? " are cut off; " : "",
             recording->ended ? "" : "it was not ended: the last seconds may be missing; ");
    size_t len = strlen(ret_text);
    if (len >= 2 && len < TUI_TEXT_SIZE - 1)
        ret_text[len - 2] = 0;
}

void tui_cursor_set(struct tui_cursor *cursor, struct tui_recording *recording,
                    struct tui_recording_frames *frames, size_t frame)
{
    cursor->recording = recording;
    cursor->frames = frames;
    cursor->frame = frame;
    cursor->len = cursor->at = 0;
}

/* False where its bytes are not what was written. */
static bool read_frame(struct tui_cursor *cursor, const struct tui_recording_frame *frame)
{
    unsigned char *packed = malloc(frame->head.packed + 1u);
    uLongf len = frame->head.raw;
    bool ok = false;

    cursor->len = cursor->at = 0;
    if (frame->head.raw > cursor->size) {
        unsigned char *bytes = realloc(cursor->bytes, frame->head.raw);
        if (!bytes) {
            free(packed);
            return false;
        }
        cursor->bytes = bytes;
        cursor->size = frame->head.raw;
    }
    if (packed && cursor->bytes &&
        read_at(cursor->recording->fds[frame->file], frame->offset, packed, frame->head.packed) &&
        crc32(0, packed, frame->head.packed) == frame->head.crc &&
        uncompress(cursor->bytes, &len, packed, frame->head.packed) == Z_OK) {
        cursor->len = len;
        ok = true;
    }
    free(packed);
    return ok;
}

bool tui_cursor_next(struct tui_cursor *cursor, struct tui_record *ret_record)
{
    while (!tui_record_get(cursor->bytes, cursor->len, &cursor->at, ret_record)) {
        /* What is left of a frame that ends in the middle of a record. */
        cursor->recording->damaged_bytes += cursor->len - cursor->at;
        cursor->at = cursor->len;
        if (cursor->frame >= cursor->frames->count)
            return false;
        struct tui_recording_frame *frame = &cursor->frames->at[cursor->frame++];
        if (!read_frame(cursor, frame) && !frame->counted) {
            frame->counted = true;
            cursor->recording->damaged_bytes += frame->head.packed;
        }
    }
    return true;
}

void tui_cursor_finish(struct tui_cursor *cursor)
{
    free(cursor->bytes);
    *cursor = (struct tui_cursor){0};
}
