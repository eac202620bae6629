#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/faults/history.h"

double history_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void history_pause_ms(long ms)
{
    struct timespec span = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&span, NULL);
}

cJSON *history_ask(struct net_client *client, const char *text, double patience_s)
{
    double by_s = history_now_s() + patience_s;
    while (history_now_s() < by_s) {
        char *answer = NULL;
        size_t size = 0;
        if (net_client_request(client, text, strlen(text), 5000, &answer, &size, NULL) != NET_OK) {
            history_pause_ms(5);
            continue;
        }
        cJSON *reply = cJSON_ParseWithLength(answer, size);
        const cJSON *error = cJSON_GetObjectItem(reply, "error");
        const char *code = cJSON_GetStringValue(cJSON_GetObjectItem(error, "code"));
        free(answer);
        if (code == NULL)
            return reply;
        bool later = strcmp(code, "busy") == 0 || strcmp(code, "unavailable") == 0;
        if (!later)
            fprintf(stderr, "history: %s: %s\n", code,
                    cJSON_GetStringValue(cJSON_GetObjectItem(error, "message")));
        cJSON_Delete(reply);
        if (!later)
            return NULL;
        history_pause_ms(5);
    }
    fprintf(stderr, "history: no answer for %.0f s\n", patience_s);
    return NULL;
}
