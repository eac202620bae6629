/* Choices on disk. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "device/choices.h"
#include "device/file.h"
#include "error.h"

#define MAGIC "stoker-choices 1 "
#define KEY_DIGITS 32
#define PATH_BYTES 4096
#define LOCK_TRIES 100
#define LOCK_WAIT_MS 20

/* One line of a text that isn't terminated. */
struct line {
    const char *text;
    size_t bytes; /* without the end of line */
};

/* False at the end, and where a line has no end. */
static bool next_line(const char **at, const char *end, struct line *ret_line)
{
    const char *newline = memchr(*at, '\n', (size_t)(end - *at));
    if (newline == NULL)
        return false;
    *ret_line = (struct line){*at, (size_t)(newline - *at)};
    *at = newline + 1;
    return true;
}

static bool read_hex(const char *text, size_t digits, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (size_t i = 0; i < digits; i++) {
        const char *digit = strchr("0123456789abcdef", text[i]);
        if (text[i] == '\0' || digit == NULL)
            return false;
        number = number << 4 | (uint64_t)(digit - "0123456789abcdef");
    }
    *ret_number = number;
    return true;
}

static bool read_key(const char *text, XXH128_hash_t *ret_key)
{
    uint64_t high, low;
    if (!read_hex(text, 16, &high) || !read_hex(text + 16, 16, &low))
        return false;
    *ret_key = (XXH128_hash_t){low, high};
    return true;
}

static bool read_choice(struct line line, struct cx_choices *choices)
{
    char name[CX_CANDIDATE_NAME_BYTES] = "";
    XXH128_hash_t key;
    if (line.bytes <= KEY_DIGITS + 1 || line.bytes - KEY_DIGITS - 1 >= sizeof name ||
        line.text[KEY_DIGITS] != ' ' || !read_key(line.text, &key) || choices->n == CX_CHOICES_MAX)
        return false;
    memcpy(name, line.text + KEY_DIGITS + 1, line.bytes - KEY_DIGITS - 1);
    return cx_choice_name_ok(name) && cx_choices_set(choices, key, name);
}

/* "end N HASH": the count and checksum of the lines before, which begin at TEXT. */
static bool is_end(struct line line, const char *text, uint32_t n)
{
    char wanted[64];
    XXH64_hash_t hash = XXH3_64bits(text, (size_t)(line.text - text));
    int length = snprintf(wanted, sizeof wanted, "end %" PRIu32 " %016" PRIx64, n, (uint64_t)hash);
    return line.bytes == (size_t)length && memcmp(line.text, wanted, line.bytes) == 0;
}

enum cx_choices_result cx_choices_parse(const char *text, size_t bytes, XXH128_hash_t identity,
                                        struct cx_choices *ret_choices)
{
    const size_t magic_n = strlen(MAGIC);
    const char *at = text, *end = text + bytes;
    struct cx_choices choices = {NULL, 0, 0};
    struct line line;
    XXH128_hash_t found;
    if (bytes > CX_CHOICES_FILE_BYTES_MAX || !next_line(&at, end, &line) ||
        line.bytes != magic_n + KEY_DIGITS || memcmp(line.text, MAGIC, magic_n) != 0 ||
        !read_key(line.text + magic_n, &found))
        return CX_CHOICES_DAMAGED;
    if (!XXH128_isEqual(found, identity))
        return CX_CHOICES_FOREIGN;
    while (next_line(&at, end, &line)) {
        if (at == end && is_end(line, text, choices.n)) {
            *ret_choices = choices;
            return CX_CHOICES_READ;
        }
        if (!read_choice(line, &choices))
            break;
    }
    cx_choices_finish(&choices);
    return CX_CHOICES_DAMAGED;
}

enum cx_choices_result cx_choices_load(const char *path, XXH128_hash_t identity,
                                       struct cx_choices *ret_choices)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? CX_CHOICES_NONE : CX_CHOICES_DAMAGED;
    enum cx_choices_result result = CX_CHOICES_DAMAGED;
    char *text = NULL;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
        info.st_size <= CX_CHOICES_FILE_BYTES_MAX)
        text = malloc((size_t)info.st_size);
    if (text != NULL && cx_file_read(fd, text, (size_t)info.st_size))
        result = cx_choices_parse(text, (size_t)info.st_size, identity, ret_choices);
    free(text);
    close(fd);
    return result;
}

static char *format(const struct cx_choices *choices, XXH128_hash_t identity, size_t *ret_bytes)
{
    char *text = malloc(CX_CHOICES_FILE_BYTES_MAX);
    if (text == NULL)
        return NULL;
    size_t room = CX_CHOICES_FILE_BYTES_MAX, n = 0;
    n += (size_t)snprintf(text, room, MAGIC "%016" PRIx64 "%016" PRIx64 "\n",
                          (uint64_t)identity.high64, (uint64_t)identity.low64);
    for (uint32_t i = 0; i < choices->n; i++)
        n += (size_t)snprintf(text + n, room - n, "%016" PRIx64 "%016" PRIx64 " %s\n",
                              (uint64_t)choices->list[i].key.high64,
                              (uint64_t)choices->list[i].key.low64, choices->list[i].name);
    n += (size_t)snprintf(text + n, room - n, "end %" PRIu32 " %016" PRIx64 "\n", choices->n,
                          (uint64_t)XXH3_64bits(text, n));
    *ret_bytes = n;
    return text;
}

/* Waits for a bounded time: the holder may be stopped. Without the lock the file stays whole all
 * the same, only another's newest choices could be lost. */
static int lock(const char *folder)
{
    const struct timespec pause = {0, LOCK_WAIT_MS * 1000000L};
    char path[PATH_BYTES];
    int n = snprintf(path, sizeof path, "%s/lock", folder);
    if (n < 0 || (size_t)n >= sizeof path)
        return -1;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    for (int i = 0; fd >= 0 && i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return fd;
        nanosleep(&pause, NULL);
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

enum cx_status cx_choices_store(const char *folder, const char *path, XXH128_hash_t identity,
                                const struct cx_choices *added, struct cx_error *err)
{
    struct cx_choices all = {NULL, 0, 0};
    struct cx_file_part part = {NULL, 0};
    char *text = NULL;
    enum cx_status status = CX_OK;
    if (!cx_file_make_folders(folder))
        return cx_error_set(err, CX_IO, "choices folder %s: %s", folder, strerror(errno));
    int lock_fd = lock(folder);
    cx_choices_load(path, identity, &all);
    for (uint32_t i = 0; i < added->n && status == CX_OK; i++)
        if (!cx_choices_set(&all, added->list[i].key, added->list[i].name))
            status = cx_error_set(err, CX_MEMORY, "no memory for choices");
    if (status == CX_OK) {
        text = format(&all, identity, &part.bytes);
        part.data = text;
        if (text == NULL)
            status = cx_error_set(err, CX_MEMORY, "no memory for choices");
        else if (!cx_file_replace(folder, path, &part, 1))
            status = cx_error_set(err, CX_IO, "choices file %s: %s", path, strerror(errno));
    }
    if (lock_fd >= 0)
        close(lock_fd);
    free(text);
    cx_choices_finish(&all);
    return status;
}
