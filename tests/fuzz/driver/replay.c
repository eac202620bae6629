// Drives a libFuzzer entry point without libFuzzer, for compilers that lack it.
//
// usage: fuzz_NAME [--runs N] [--max-len BYTES] FOLDER
//
// Feeds the empty input and every file of FOLDER, then N mutations of them. The order and the
// random numbers are fixed, so a failure repeats. The input that is being tried is written to a
// file only when the process dies on a signal.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CORPUS_MAX = 4096, INPUT_MAX = 1 << 20 };

struct input {
    uint8_t *bytes; // exactly size bytes, so that a sanitizer sees a read past the end
    size_t size;
};

struct corpus {
    struct input inputs[CORPUS_MAX];
    size_t count;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct corpus corpus;
static const uint8_t *trying;
static size_t trying_size;

// Only async-signal-safe calls: the heap may be what is broken.
static void on_crash(int sig)
{
    int fd = open("crash-input", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd >= 0) {
        if (write(fd, trying, trying_size) == (ssize_t)trying_size) {
            static const char note[] = "the input is in ./crash-input\n";
            (void)!write(STDERR_FILENO, note, sizeof note - 1);
        }
        close(fd);
    }
    raise(sig);
}

static void catch_crashes(void)
{
    struct sigaction act = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
    int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction old;
        // A sanitizer's own handler says more than ours.
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            sigaction(signals[i], &act, NULL);
    }
}

static void try_input(const uint8_t *bytes, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1);
    if (!exact)
        abort();
    if (size)
        memcpy(exact, bytes, size);
    trying = exact;
    trying_size = size;
    alarm(10); // a hang is a finding too
    LLVMFuzzerTestOneInput(exact, size);
    alarm(0);
    free(exact);
}

static int read_input(const char *path, struct input *ret_input)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return -errno;
    uint8_t *bytes = malloc(INPUT_MAX);
    size_t size = bytes ? fread(bytes, 1, INPUT_MAX, file) : 0;
    int bad = !bytes || ferror(file) || !feof(file);
    fclose(file);
    if (bad) {
        free(bytes);
        return -EFBIG;
    }
    *ret_input = (struct input){.bytes = bytes, .size = size};
    return 0;
}

static int read_corpus(const char *folder)
{
    struct dirent **entries = NULL;
    int found = scandir(folder, &entries, NULL, alphasort);
    if (found < 0) {
        fprintf(stderr, "%s: %s\n", folder, strerror(errno));
        return -1;
    }
    int rc = 0;
    for (int i = 0; i < found; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (rc == 0 && entries[i]->d_name[0] != '.') {
            rc =
                corpus.count < CORPUS_MAX ? read_input(path, &corpus.inputs[corpus.count]) : -E2BIG;
            if (rc == 0)
                corpus.count++;
            else
                fprintf(stderr, "%s: %s\n", path, strerror(-rc));
        }
        free(entries[i]);
    }
    free(entries);
    return rc;
}

static uint32_t next_random(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

// The values that break length checks: a byte, a 16-bit or a 32-bit number of all ones, one less
// than a power of two, and so on, written in place.
static void poke_number(uint8_t *bytes, size_t size)
{
    static const uint32_t numbers[] = {
        0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
    uint32_t number = numbers[next_random() % (sizeof numbers / sizeof numbers[0])];
    size_t width = (size_t)1 << (next_random() % 3);
    if (width > size)
        return;
    memcpy(bytes + next_random() % (size - width + 1), &number, width);
}

static size_t mutate(uint8_t *bytes, size_t size, size_t max)
{
    unsigned steps = 1 + next_random() % 8;
    for (unsigned i = 0; i < steps; i++) {
        size_t at = size ? next_random() % size : 0;
        size_t run = size ? 1 + next_random() % (size - at < 16 ? size - at : 16) : 0;
        switch (next_random() % 6) {
        case 0: // flip a bit
            if (size)
                bytes[at] ^= (uint8_t)(1u << (next_random() % 8));
            break;
        case 1:
            poke_number(bytes, size);
            break;
        case 2: // cut the end off
            size = at;
            break;
        case 3: // take a run out
            memmove(bytes + at, bytes + at + run, size - at - run);
            size -= run;
            break;
        case 4: // put a run in twice
            if (run && size + run <= max) {
                memmove(bytes + at + run, bytes + at, size - at);
                size += run;
            }
            break;
        default: // put a byte in at the end
            if (size < max)
                bytes[size++] = (uint8_t)next_random();
            break;
        }
    }
    return size;
}

static void try_mutations(unsigned long runs, size_t max)
{
    uint8_t *bytes = malloc(max);
    if (!bytes)
        abort();
    for (unsigned long i = 0; i < runs; i++) {
        size_t size = 0;
        if (corpus.count) {
            const struct input *base = &corpus.inputs[next_random() % corpus.count];
            size = base->size < max ? base->size : max;
            memcpy(bytes, base->bytes, size);
        }
        size = mutate(bytes, size, max);
        try_input(bytes, size);
    }
    free(bytes);
}

int main(int argc, char **argv)
{
    unsigned long runs = 1000;
    unsigned long max_len = 4096;
    const char *folder = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc)
            runs = strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--max-len") == 0 && i + 1 < argc)
            max_len = strtoul(argv[++i], NULL, 10);
        else
            folder = argv[i];
    }
    if (!folder || max_len < 1 || max_len > INPUT_MAX || read_corpus(folder) != 0)
        return EXIT_FAILURE;
    catch_crashes();
    try_input(NULL, 0);
    for (size_t i = 0; i < corpus.count; i++)
        try_input(corpus.inputs[i].bytes, corpus.inputs[i].size);
    try_mutations(runs, max_len);
    printf("%zu inputs of the corpus and %lu mutations\n", corpus.count, runs);
    for (size_t i = 0; i < corpus.count; i++)
        free(corpus.inputs[i].bytes);
    return EXIT_SUCCESS;
}
