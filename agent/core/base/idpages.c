#include "idpages.h"

#include <stdlib.h>
#include <string.h>

void agent_idpages_finish(struct agent_idpages *ids)
{
    for (size_t i = 0; i < ids->pages.capacity; i++)
        free(ids->pages.entries[i].value);
    agent_idmap_finish(&ids->pages);
    free(ids->spare);
    *ids = (struct agent_idpages){.last = NULL};
}

static struct agent_idpage *find(const struct agent_idpages *ids, uint64_t number)
{
    if (ids->last != NULL && ids->last->number == number)
        return ids->last;
    return agent_idmap_get(&ids->pages, number);
}

void *agent_idpages_get(const struct agent_idpages *ids, uint64_t id)
{
    const struct agent_idpage *page = find(ids, id / AGENT_IDPAGE_IDS);
    return page != NULL ? page->values[id % AGENT_IDPAGE_IDS] : NULL;
}

static struct agent_idpage *make(struct agent_idpages *ids, uint64_t number)
{
    struct agent_idpage *page = ids->spare;
    if (page == NULL)
        page = malloc(sizeof *page);
    if (page == NULL)
        return NULL;
    ids->spare = NULL;
    memset(page, 0, sizeof *page);
    page->number = number;
    if (!agent_idmap_put(&ids->pages, number, page)) {
        ids->spare = page;
        return NULL;
    }
    ids->last = page;
    return page;
}

bool agent_idpages_put(struct agent_idpages *ids, uint64_t id, void *value)
{
    struct agent_idpage *page = find(ids, id / AGENT_IDPAGE_IDS);
    if (page == NULL)
        page = make(ids, id / AGENT_IDPAGE_IDS);
    if (page == NULL)
        return false;
    page->values[id % AGENT_IDPAGE_IDS] = value;
    page->used++;
    ids->count++;
    return true;
}

void agent_idpages_remove(struct agent_idpages *ids, uint64_t id)
{
    struct agent_idpage *page = find(ids, id / AGENT_IDPAGE_IDS);
    page->values[id % AGENT_IDPAGE_IDS] = NULL;
    ids->count--;
    if (--page->used > 0)
        return;
    agent_idmap_remove(&ids->pages, page->number);
    if (ids->last == page)
        ids->last = NULL;
    free(ids->spare);
    ids->spare = page;
}
