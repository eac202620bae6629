/*
 * A day of the console in seconds: its model, application and views without a terminal, fed with
 * what a coordinator sends in so long, by an accelerated clock. One line a figure: name value unit.
 *
 *   console_soak GOLDEN_DIR [AGENTS [HOURS]]
 *
 * Deltas come 4 times a second, whole snapshots every 10 s, events, jobs and the other polls once a
 * second, all with numbers that move; twice a second a frame is drawn, and now and then a key
 * pressed. Resident memory is printed after two hours, when the hour that graphs reach back is
 * full, and at the end; it fails when that grew by more than a twentieth.
 */
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "model/update.h"
#include "views/chrome.h"

#define ROWS 100
#define COLS 300
#define AGENTS_A_DELTA 256
#define GROWTH_MAX 1.05

struct soak {
    struct tui_app *app;
    struct tui_canvas canvas;
    char *agents[TUI_AGENTS_MAX]; /* as JSON, up to the number that moves */
    int agent_count, next_agent;
    char *head, *polls[TUI_POLL_COUNT];
    char *text; /* of the message that is being made */
    size_t size;
    uint64_t seq, event_seq;
};

static char *read_file(const char *folder, const char *name)
{
    char path[1024];
    size_t len = 0;
    char *text = calloc(1, 65536);

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (!file || !text || (len = fread(text, 1, 65535, file)) == 0) {
        fprintf(stderr, "console_soak: can't read %s\n", path);
        exit(1);
    }
    fclose(file);
    return text;
}

static double resident_mib(void)
{
    char line[256];
    long kib = -1;

    malloc_trim(0);
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof(line), file))
        sscanf(line, "VmRSS: %ld", &kib);
    if (file)
        fclose(file);
    return (double)kib / 1024;
}

/* The golden snapshot taken apart: what stands before the agents, and each agent without its end.
 */
static void take_apart(struct soak *soak, const char *folder, int agents)
{
    char *text = read_file(folder, "snapshot.json");
    cJSON *root = cJSON_Parse(text);
    cJSON *list = cJSON_DetachItemFromObject(root, "agents");
    int known = cJSON_GetArraySize(list);

    soak->agent_count = agents;
    cJSON_SetNumberValue(cJSON_GetObjectItem(cJSON_GetObjectItem(root, "totals"), "agents"),
                         agents);
    cJSON_DeleteItemFromObject(root, "time_ms");
    for (int i = 0; i < agents; i++) {
        char name[32];
        cJSON *agent = cJSON_Duplicate(cJSON_GetArrayItem(list, i % known), 1);
        snprintf(name, sizeof(name), "node-%04d", i);
        cJSON_ReplaceItemInObject(agent, "name", cJSON_CreateString(name));
        cJSON_DeleteItemFromObject(agent, "done");
        soak->agents[i] = cJSON_PrintUnformatted(agent);
        soak->agents[i][strlen(soak->agents[i]) - 1] = 0;
        cJSON_Delete(agent);
    }
    soak->head = cJSON_PrintUnformatted(root);
    soak->head[strlen(soak->head) - 1] = 0;
    soak->size = strlen(soak->head) + (size_t)agents * 4096 + 4096;
    soak->text = malloc(soak->size);
    cJSON_Delete(list);
    cJSON_Delete(root);
    free(text);
}

static void apply(struct soak *soak, enum tui_update_kind kind, const char *text, size_t len,
                  bool published)
{
    struct tui_update *update = tui_update_parse(kind, text, len, soak->app->now_ms);

    if (!update || update->kind == TUI_UPDATE_MALFORMED) {
        fprintf(stderr, "console_soak: a message of kind %d can't be read\n", kind);
        exit(1);
    }
    update->published = published;
    update->asked.job = 88122;
    tui_app_update(soak->app, update);
}

static void feed_fleet(struct soak *soak, bool whole)
{
    int count = whole || soak->agent_count < AGENTS_A_DELTA ? soak->agent_count : AGENTS_A_DELTA;
    size_t len = (size_t)snprintf(
        soak->text, soak->size, "%s,\"seq\":%llu,\"epoch\":1,\"time_ms\":%llu,\"agents\":[",
        soak->head, (unsigned long long)++soak->seq, (unsigned long long)soak->app->clock_ms);

    for (int i = 0; i < count; i++) {
        int agent = (whole ? i : soak->next_agent + i) % soak->agent_count;
        len += (size_t)snprintf(soak->text + len, soak->size - len, "%s%s,\"done\":%llu}",
                                i > 0 ? "," : "", soak->agents[agent],
                                (unsigned long long)(soak->seq * 17 + (uint64_t)agent));
    }
    soak->next_agent = (soak->next_agent + count) % soak->agent_count;
    len += (size_t)snprintf(soak->text + len, soak->size - len, "]}");
    apply(soak, whole ? TUI_UPDATE_FLEET : TUI_UPDATE_DELTA, soak->text, len, !whole);
}

static void feed_events(struct soak *soak)
{
    int len = snprintf(
        soak->text, soak->size,
        "{\"ok\":true,\"next\":%llu,\"events\":[{\"seq\":%llu,\"time_ms\":%llu,"
        "\"kind\":\"agent.suspect\",\"severity\":\"warning\",\"agent\":\"node-0001\","
        "\"text\":\"silent for %llu ms\"}]}",
        (unsigned long long)soak->event_seq + 1, (unsigned long long)soak->event_seq + 1,
        (unsigned long long)soak->app->clock_ms, (unsigned long long)soak->event_seq % 977);

    soak->event_seq++;
    apply(soak, TUI_UPDATE_EVENTS, soak->text, (size_t)len, false);
}

static void feed_polls(struct soak *soak)
{
    static const char refused[] = "{\"ok\":false,\"error\":{\"code\":\"not_found\"}}";

    for (int i = 0; i < TUI_POLL_COUNT; i++) {
        const char *text = soak->polls[i] ? soak->polls[i] : refused;
        apply(soak, (enum tui_update_kind)(TUI_UPDATE_POLL + i), text, strlen(text), false);
    }
}

/* One quarter of a second. */
static void step(struct soak *soak, uint64_t tick)
{
    static const char keys[] = "1j2jk3j4jo5j6j7j8j9?q1";

    soak->app->now_ms += 250;
    soak->app->clock_ms += 250;
    feed_fleet(soak, tick % 40 == 0);
    if (tick % 4 == 0) {
        feed_events(soak);
        feed_polls(soak);
    }
    if (tick % 8 == 0)
        tui_app_key(soak->app, (uint32_t)keys[tick / 8 % (sizeof(keys) - 1)]);
    if (tick % 2 == 0)
        tui_chrome_draw(soak->app, &soak->canvas);
}

static void load_polls(struct soak *soak, const char *folder)
{
#define TUI_POLL(name, lower, op, type, members, limit, help) \
    if (strcmp(op, "job") != 0 && !strchr(op, '.'))           \
        soak->polls[TUI_POLL_##name] = read_file(folder, op ".json");
#include "feed/polls.def"
#undef TUI_POLL
}

static void finish(struct soak *soak)
{
    for (int i = 0; i < soak->agent_count; i++)
        cJSON_free(soak->agents[i]);
    for (int i = 0; i < TUI_POLL_COUNT; i++)
        free(soak->polls[i]);
    cJSON_free(soak->head);
    free(soak->text);
    tui_canvas_finish(&soak->canvas);
    tui_app_destroy(soak->app);
}

int main(int argc, char **argv)
{
    static struct soak soak;
    int agents = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 50;
    uint64_t hours = argc > 3 ? strtoull(argv[3], NULL, 10) : 24;
    double settled = 0;

    if (argc < 2 || agents < 1 || agents > TUI_AGENTS_MAX || hours < 3) {
        fprintf(stderr, "usage: console_soak GOLDEN_DIR [AGENTS [HOURS, 3 or more]]\n");
        return 2;
    }
    setlocale(LC_CTYPE, "C.UTF-8");
    soak.app = tui_app_create();
    if (!soak.app || !tui_canvas_resize(&soak.canvas, ROWS, COLS))
        return 1;
    soak.app->now_ms = 1000;
    soak.app->clock_ms = 1780000000000;
    soak.app->glyphs = TUI_GLYPHS_BRAILLE;
    take_apart(&soak, argv[1], agents);
    load_polls(&soak, argv[1]);
    feed_fleet(&soak, true);
    clock_t began = clock();
    for (uint64_t tick = 0; tick < hours * 3600 * 4; tick++) {
        step(&soak, tick);
        if (tick == 2 * 3600 * 4 - 1)
            settled = resident_mib();
    }
    double end = resident_mib();
    printf("soak%d_memory_2h %.2f MiB\n", agents, settled);
    printf("soak%d_memory_%lluh %.2f MiB\n", agents, (unsigned long long)hours, end);
    printf("soak%d_cpu %.2f %%\n", agents,
           100.0 * (double)(clock() - began) / CLOCKS_PER_SEC / (double)(hours * 3600));
    finish(&soak);
    return end > settled * GROWTH_MAX;
}
