#include "model/backlog.h"

#include <stdlib.h>
#include <string.h>

#include "model/poll.h"

/* Part of a page: jobs from..to-1. */
struct part {
    const struct tui_job_page *page;
    size_t from, to;
};

/* The first whose id is less; `count` if there is none. */
static size_t first_before(const struct tui_job_page *page, uint64_t id)
{
    size_t i = 0;

    while (i < page->count && page->jobs[i].id >= id)
        i++;
    return i;
}

/* NULL when memory ran out. */
static struct tui_job_page *join(const struct part *parts, size_t part_count)
{
    struct tui_job_page *page;
    size_t count = 0;

    for (size_t i = 0; i < part_count; i++)
        count += parts[i].to - parts[i].from;
    page = calloc(1, sizeof(*page) + count * sizeof(page->jobs[0]));
    for (size_t i = 0; page && i < part_count; i++) {
        size_t more = parts[i].to - parts[i].from;
        memcpy(&page->jobs[page->count], &parts[i].page->jobs[parts[i].from],
               more * sizeof(page->jobs[0]));
        page->count += more;
    }
    return page;
}

static bool is_full(enum tui_poll poll, const struct tui_job_page *page)
{
    return page->count >= tui_poll_limit(poll);
}

void tui_backlog_newest(const struct tui_polled *polled, enum tui_keep keep,
                        struct tui_update *update)
{
    const struct tui_job_page *old = polled->record;
    struct tui_job_page *fresh = update->record;

    if (!fresh)
        return;
    fresh->end = !is_full(TUI_POLL_JOBS, fresh);
    /* A page that isn't full is all that there is. */
    if (!old || fresh->end || keep == TUI_KEEP_NEWEST_PAGE || old->count == 0 ||
        memcmp(&polled->asked.jobs, &update->asked.jobs, sizeof(polled->asked.jobs)) != 0)
        return;
    uint64_t oldest = fresh->jobs[fresh->count - 1].id;
    struct part parts[] = {{fresh, 0, fresh->count}, {old, first_before(old, oldest), old->count}};
    size_t count = fresh->count + parts[1].to - parts[1].from;
    size_t excess = count > TUI_JOBS_KEPT_MAX ? count - TUI_JOBS_KEPT_MAX : 0;
    if (keep == TUI_KEEP_OLDEST)
        parts[0].from = excess;
    else
        parts[1].to -= excess;
    struct tui_job_page *page = join(parts, 2);
    if (!page)
        return;
    page->total = fresh->total;
    page->end = old->end && parts[1].to == old->count;
    page->gaps = old->gaps || (old->jobs[0].id < oldest && parts[0].from < parts[0].to);
    free(fresh);
    update->record = page;
}

void tui_backlog_older(struct tui_polled *polled, struct tui_update *update)
{
    struct tui_job_page *older = update->record;
    struct tui_job_page *old = polled->record;
    uint64_t before = update->asked.before;

    update->record = NULL;
    /* The list may have begun anew, or end elsewhere, since this was asked. */
    if (older && old && old->count > 0 && old->jobs[old->count - 1].id == before &&
        memcmp(&polled->asked.jobs, &update->asked.jobs, sizeof(polled->asked.jobs)) == 0) {
        size_t room = old->count < TUI_JOBS_KEPT_MAX ? TUI_JOBS_KEPT_MAX - old->count : 0;
        size_t from = first_before(older, before);
        size_t more = older->count - from < room ? older->count - from : room;
        struct part parts[] = {{old, 0, old->count}, {older, from, from + more}};
        struct tui_job_page *page = join(parts, 2);
        if (page) {
            page->total = old->total;
            page->gaps = old->gaps;
            page->end =
                from + more == older->count && (more == 0 || !is_full(TUI_POLL_JOBS_OLDER, older));
            free(old);
            polled->record = page;
        }
    }
    free(older);
}
