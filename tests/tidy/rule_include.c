/* Who may include what, in which order, and how a header guards itself. */
#include "tidy.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* compute <- agent -> net <- tui. A room reaches another one through its include/ only. */
static const struct {
    const char *room;
    const char *may_see[4];
} rooms[] = {
    {"compute/", {"compute/", NULL}},
    {"net/", {"net/", NULL}},
    {"agent/", {"agent/", "compute/include/", "net/include/", NULL}},
    {"tui/", {"tui/", "net/include/", NULL}},
};

/* The folder that owns a library, and the other one that may look at it. */
static const struct {
    const char *header;
    const char *owner;
    const char *other;
} owners[] = {
    {"CL/", "compute/device/", "tests/compute/"},
    {"clblast", "compute/device/", "tests/compute/"},
    {"protobuf-c/", "compute/onnx/", "tests/compute/"},
    {"nng/", "net/", "tests/net/"},
    {"sqlite3.h", "agent/ledger/", "tests/"},
    {"systemd/", "agent/", "tests/agent/"},
    {"ini.h", "agent/", "tui/console/"},
    {"curses.h", "tui/console/", "tests/tui/"},
    {"term.h", "tui/console/", "tests/tui/"},
    {"ncurses", "tui/console/", "tests/tui/"},
    {"png.h", "tui/", "tests/tui/"},
    {"zlib.h", "tui/console/record/", "tests/tui/"},
    {"jpeglib.h", "tui/", "tests/tui/"},
    {"vterm", "tests/", "tests/"},
    {"criterion/", "tests/", "tests/"},
};

static const char *const impure[] = {
    "CL/",           "nng/",         "arpa/",        "fcntl.h",      "net/",
    "netdb.h",       "netinet/",     "poll.h",       "pthread.h",    "signal.h",
    "sys/epoll.h",   "sys/random.h", "sys/select.h", "sys/socket.h", "sys/time.h",
    "sys/timerfd.h", "sys/un.h",     "threads.h",    "time.h",       "unistd.h",
};

static void check_room(const struct tidy_tree *tree, const struct tidy_file *file, size_t room,
                       struct tidy_report *report)
{
    struct tidy_include include;
    for (size_t at = 0; tidy_next_include(file, &at, &include);) {
        const struct tidy_file *target = tidy_resolve(tree, file, &include);
        if (!target || tidy_has_ending(target->path, ".def"))
            continue;
        bool allowed = false;
        for (size_t i = 0; rooms[room].may_see[i]; i++)
            allowed = allowed || tidy_has_start(target->path, rooms[room].may_see[i]);
        if (!allowed)
            tidy_add(report, file, include.line, "%s may not see %s", rooms[room].room,
                     target->path);
    }
}

void tidy_rule_rooms(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        for (size_t room = 0; room < sizeof rooms / sizeof rooms[0]; room++) {
            if (tidy_has_start(tree->files[f].path, rooms[room].room))
                check_room(tree, &tree->files[f], room, report);
        }
    }
}

static void check_owner(const struct tidy_file *file, const struct tidy_include *include,
                        struct tidy_report *report)
{
    for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
        if (tidy_has_start(include->target, owners[i].header) &&
            !tidy_has_start(file->path, owners[i].owner) &&
            !tidy_has_start(file->path, owners[i].other))
            tidy_add(report, file, include->line, "only %s includes <%s>", owners[i].owner,
                     include->target);
    }
}

void tidy_rule_third_party(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        struct tidy_include include;
        for (size_t at = 0; tidy_next_include(&tree->files[f], &at, &include);) {
            if (!include.quoted)
                check_owner(&tree->files[f], &include, report);
        }
    }
}

void tidy_rule_pure_core(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        const struct tidy_file *file = &tree->files[f];
        if (!tidy_has_start(file->path, "agent/core/"))
            continue;
        struct tidy_include include;
        for (size_t at = 0; tidy_next_include(file, &at, &include);) {
            for (size_t i = 0; i < sizeof impure / sizeof impure[0]; i++) {
                if (!include.quoted && tidy_has_start(include.target, impure[i]))
                    tidy_add(report, file, include.line, "the core may not use <%s>",
                             include.target);
            }
        }
    }
}

enum kind { KIND_OWN, KIND_SYSTEM, KIND_THIRD_PARTY, KIND_PROJECT };

static const char *const kind_names[] = {"own", "system", "third-party", "project"};

struct order {
    bool started;    /* an include of this run has been seen */
    bool new_group;  /* a blank line stood before */
    bool may_be_own; /* the first include of a file may be the header it implements */
    enum kind kind;
    char last[256];
};

static enum kind kind_of(const struct tidy_include *include, const struct order *order)
{
    if (include->quoted)
        return order->may_be_own ? KIND_OWN : KIND_PROJECT;
    return tidy_is_third_party(include->target) ? KIND_THIRD_PARTY : KIND_SYSTEM;
}

static void check_order(const struct tidy_file *file, const struct tidy_include *include,
                        struct order *order, struct tidy_report *report)
{
    enum kind kind = kind_of(include, order);
    bool same_group = order->started && !order->new_group;
    if (same_group && kind == KIND_PROJECT && order->kind == KIND_OWN)
        order->kind = KIND_PROJECT; /* a list of project headers, with none of its own */
    if (same_group && kind != order->kind)
        tidy_add(report, file, include->line, "a blank line is missing before %s headers",
                 kind_names[kind]);
    else if (same_group && strcmp(order->last, include->target) >= 0)
        tidy_add(report, file, include->line, "%s does not sort after %s", include->target,
                 order->last);
    else if (order->started && order->new_group && kind <= order->kind)
        tidy_add(report, file, include->line, "%s headers after %s ones", kind_names[kind],
                 kind_names[order->kind]);
    order->started = true;
    order->new_group = false;
    order->may_be_own = false;
    order->kind = kind;
    memcpy(order->last, include->target, sizeof order->last);
}

static bool is_blank(const char *text, size_t from, size_t to)
{
    while (from < to && isspace((unsigned char)text[from]))
        from++;
    return from == to;
}

static void check_file_order(const struct tidy_tree *tree, const struct tidy_file *file,
                             struct tidy_report *report)
{
    struct order order = {.may_be_own = true};
    struct tidy_include include = {0};
    size_t at = 0;
    bool more = tidy_next_include(file, &at, &include);
    for (size_t line = 1; more && line <= file->line_count; line++) {
        size_t from = file->line_at[line - 1], to = file->line_at[line];
        if (line == include.line) {
            if (!include.quoted && tidy_resolve(tree, file, &include))
                tidy_add(report, file, line, "a project header stands in quotes");
            else if (!tidy_has_ending(include.target, ".def"))
                check_order(file, &include, &order, report);
            more = tidy_next_include(file, &at, &include);
        } else if (is_blank(file->text, from, to)) {
            order.new_group = true;
        } else if (!is_blank(file->code, from, to)) {
            order = (struct order){.may_be_own = !order.started && order.may_be_own};
        }
    }
}

void tidy_rule_include_order(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        if (tidy_is_c(&tree->files[f]))
            check_file_order(tree, &tree->files[f], report);
    }
}

/* "config_value.h" ends a guard as CONFIG_VALUE_H; a room or folder may stand before it. */
static void guard_ending(const char *path, char ret_guard[256])
{
    const char *name = tidy_basename(path);
    size_t i = 0;
    for (; name[i] && i < 255; i++)
        ret_guard[i] =
            isalnum((unsigned char)name[i]) ? (char)toupper((unsigned char)name[i]) : '_';
    ret_guard[i] = '\0';
}

/* Reads `#ifndef GUARD` + `#define GUARD` at the top. */
static bool read_guard(const struct tidy_file *file, char ret_guard[256])
{
    char defined[256];
    return sscanf(file->code, " #ifndef %255[A-Z0-9_] #define %255[A-Z0-9_]", ret_guard, defined) ==
               2 &&
           strcmp(ret_guard, defined) == 0;
}

void tidy_rule_guard(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        const struct tidy_file *file = &tree->files[f];
        char guard[256], ending[256], other[256];
        if (!tidy_has_ending(file->path, ".h"))
            continue;
        guard_ending(file->path, ending);
        if (!read_guard(file, guard)) {
            tidy_add(report, file, 1, "no #ifndef …%s and #define at the top", ending);
            continue;
        }
        if (!tidy_has_ending(guard, ending))
            tidy_add(report, file, 1, "the guard %s does not end with %s", guard, ending);
        for (size_t g = 0; g < f; g++) {
            if (tidy_has_ending(tree->files[g].path, ".h") && read_guard(&tree->files[g], other) &&
                strcmp(guard, other) == 0)
                tidy_add(report, file, 1, "%s has the same guard", tree->files[g].path);
        }
    }
}
