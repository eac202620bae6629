#include "record/packer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <zlib.h>

#include "model/update.h"
#include "record/marks.h"
#include "record/thin.h"

#define PACK_LEVEL 3
/* A THIN frame is worth its place when it stands for some dozens of DATA frames. */
#define THIN_BYTES (256u << 10)

static int write_all(struct tui_packer *packer, const unsigned char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(packer->fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Half a frame at the end would only make a reader wonder. */
static int write_whole(struct tui_packer *packer, const unsigned char *bytes, size_t len)
{
    int failure = write_all(packer, bytes, len);

    if (failure == 0) {
        packer->segment_bytes += len;
        packer->file_bytes += len;
        return 0;
    }
    if (ftruncate(packer->fd, (off_t)packer->segment_bytes) == 0)
        lseek(packer->fd, (off_t)packer->segment_bytes, SEEK_SET);
    return failure;
}

static int create(struct tui_packer *packer, int flags)
{
    unsigned char bytes[TUI_RECORD_FILE_BYTES];

    /* What a cluster does is nobody else's to read. */
    packer->fd = open(packer->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND | flags, 0600);
    if (packer->fd < 0)
        return errno;
    packer->segment_bytes = 0;
    tui_record_put_file(bytes, &packer->file);
    return write_whole(packer, bytes, sizeof(bytes));
}

/* Where the file goes when it is full; 0 or errno. */
static int name_before(const struct tui_packer *packer, char *ret_path, size_t size)
{
    return (size_t)snprintf(ret_path, size, "%s.1", packer->path) < size ? 0 : ENAMETOOLONG;
}

/* The older half of another recording must not be lost to this one either. */
static int check_before(const struct tui_packer *packer)
{
    char before[4096];
    int failure = name_before(packer, before, sizeof(before));

    if (failure == 0 && faccessat(AT_FDCWD, before, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        failure = EEXIST;
    return failure;
}

int tui_packer_open(struct tui_packer *packer, const char *path, const char *about,
                    uint64_t bytes_max)
{
    int failure;

    *packer = (struct tui_packer){.fd = -1, .path = path, .about = about, .bytes_max = bytes_max};
    if (getrandom(&packer->file.session, sizeof(packer->file.session), 0) < 0)
        return errno;
    failure = check_before(packer);
    if (failure == 0)
        failure = create(packer, O_EXCL);
    if (failure != 0) {
        if (packer->fd >= 0)
            unlink(path);
        tui_packer_close(packer);
    }
    return failure;
}

void tui_packer_close(struct tui_packer *packer)
{
    if (packer->fd >= 0)
        close(packer->fd);
    packer->fd = -1;
    free(packer->data.bytes);
    free(packer->thin.bytes);
    free(packer->packed);
    packer->data = packer->thin = (struct tui_gather){0};
    packer->packed = NULL;
}

static int grow(unsigned char **bytes, size_t *size, size_t need)
{
    size_t larger = *size < 65536 ? 65536 : *size;

    while (larger < need)
        larger *= 2;
    if (larger == *size)
        return 0;
    unsigned char *moved = realloc(*bytes, larger);
    if (!moved)
        return ENOMEM;
    *bytes = moved;
    *size = larger;
    return 0;
}

/* Puts FILE in the place of FILE.1 and goes on in a new one. */
static int rotate(struct tui_packer *packer)
{
    char before[4096];
    uint64_t kept = packer->segment_bytes;
    int failure = name_before(packer, before, sizeof(before));

    if (failure != 0)
        return failure;
    if (rename(packer->path, before) != 0)
        return errno;
    close(packer->fd);
    packer->fd = -1;
    packer->rotated = packer->rotated || packer->file.segment > 0;
    packer->file.segment++;
    packer->file_bytes = kept;
    return create(packer, O_EXCL);
}

static int write_frame(struct tui_packer *packer, struct tui_gather *gather,
                       enum tui_record_type type)
{
    uLongf packed = compressBound(gather->len);
    int failure = grow(&packer->packed, &packer->packed_size, TUI_RECORD_FRAME_BYTES + packed);

    if (failure != 0)
        return failure;
    if (compress2(packer->packed + TUI_RECORD_FRAME_BYTES, &packed, gather->bytes, gather->len,
                  PACK_LEVEL) != Z_OK)
        return ENOMEM;
    gather->frame.type = (uint8_t)type;
    gather->frame.packed = (uint32_t)packed;
    gather->frame.raw = (uint32_t)gather->len;
    gather->frame.crc = (uint32_t)crc32(0, packer->packed + TUI_RECORD_FRAME_BYTES, (uInt)packed);
    tui_record_put_frame(packer->packed, &gather->frame);
    failure = write_whole(packer, packer->packed, TUI_RECORD_FRAME_BYTES + packed);
    gather->len = 0;
    gather->frame = (struct tui_record_frame){0};
    return failure;
}

int tui_packer_flush(struct tui_packer *packer, bool thin)
{
    int failure = 0;

    if (packer->data.len > 0)
        failure = write_frame(packer, &packer->data, TUI_RECORD_DATA);
    thin = thin || packer->thin.len >= THIN_BYTES || packer->segment_bytes >= packer->bytes_max / 2;
    if (failure == 0 && thin && packer->thin.len > 0)
        failure = write_frame(packer, &packer->thin, TUI_RECORD_THIN);
    if (failure == 0 && packer->segment_bytes >= packer->bytes_max / 2)
        failure = rotate(packer);
    return failure;
}

static int gather_record(struct tui_gather *gather, const struct tui_record *record)
{
    size_t need = tui_record_size(record);
    int failure = grow(&gather->bytes, &gather->size, gather->len + need);

    if (failure != 0)
        return failure;
    if (gather->len == 0) {
        gather->frame.first_ms = record->at_ms;
        gather->frame.first_wall_ms = record->wall_ms;
    }
    /* Messages of two threads may cross by a moment. */
    if (record->at_ms > gather->frame.last_ms)
        gather->frame.last_ms = record->at_ms;
    if (record->at_ms < gather->frame.first_ms)
        gather->frame.first_ms = record->at_ms;
    tui_record_put(gather->bytes + gather->len, record);
    gather->len += need;
    return 0;
}

static int add_thin(struct tui_packer *packer, const struct tui_record *record)
{
    struct tui_record thin = *record;
    char *text;
    int failure;

    if (!tui_thin_wants(record->kind))
        return 0;
    if (!tui_thin_is_fleet(record->kind))
        return gather_record(&packer->thin, record);
    text = malloc(record->len + 1);
    if (!text)
        return ENOMEM;
    thin.len = (uint32_t)tui_thin(record->text, record->len, text);
    thin.text = text;
    failure = gather_record(&packer->thin, &thin);
    free(text);
    return failure;
}

static void add_marks(struct tui_record_frame *frame, size_t marks)
{
    marks += frame->marks;
    frame->marks = (uint16_t)(marks < UINT16_MAX ? marks : UINT16_MAX);
}

/* At the beginning of each file, what it is a recording of. */
static int add_about(struct tui_packer *packer, const struct tui_record *first)
{
    struct tui_record about = {.kind = TUI_RECORD_ABOUT,
                               .at_ms = first->at_ms,
                               .wall_ms = first->wall_ms,
                               .text = packer->about,
                               .len = (uint32_t)strlen(packer->about)};

    if (packer->segment_bytes > TUI_RECORD_FILE_BYTES || packer->data.len > 0)
        return 0;
    return gather_record(&packer->data, &about);
}

int tui_packer_add(struct tui_packer *packer, const struct tui_record *record)
{
    int failure = 0;

    if (record->len > TUI_MESSAGE_BYTES_MAX)
        return 0;
    if (record->at_ms > packer->last_ms)
        packer->last_ms = record->at_ms;
    if (packer->began_wall_ms == 0)
        packer->began_wall_ms = record->wall_ms;
    if (packer->data.len >= TUI_RECORD_GATHER_BYTES)
        failure = tui_packer_flush(packer, false);
    if (failure == 0)
        failure = add_about(packer, record);
    if (failure == 0)
        failure = gather_record(&packer->data, record);
    if (failure == 0)
        failure = add_thin(packer, record);
    if (strcmp(record->kind, tui_update_kind_name(TUI_UPDATE_FLEET)) == 0)
        packer->data.frame.flags |= TUI_RECORD_HAS_FLEET;
    if (failure == 0) {
        add_marks(&packer->thin.frame, tui_record_events(record));
        add_marks(&packer->data.frame, tui_record_marks(record, packer->began_wall_ms, NULL));
    }
    return failure;
}

int tui_packer_end(struct tui_packer *packer)
{
    unsigned char bytes[TUI_RECORD_FRAME_BYTES];
    struct tui_record_frame end = {
        .type = TUI_RECORD_END, .first_ms = packer->last_ms, .last_ms = packer->last_ms};
    int failure = tui_packer_flush(packer, true);

    if (failure != 0)
        return failure;
    end.crc = (uint32_t)crc32(0, NULL, 0);
    tui_record_put_frame(bytes, &end);
    failure = write_whole(packer, bytes, sizeof(bytes));
    if (failure == 0 && fdatasync(packer->fd) != 0 && errno != EINVAL)
        failure = errno;
    return failure;
}
