#include "device/choices.h"

#include <stdlib.h>
#include <string.h>

bool cx_choice_name_ok(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.");
    return n > 0 && n < CX_CANDIDATE_NAME_BYTES && name[n] == '\0';
}

static struct cx_choice *find(const struct cx_choices *choices, XXH128_hash_t key)
{
    for (uint32_t i = 0; i < choices->n; i++)
        if (XXH128_isEqual(choices->list[i].key, key))
            return &choices->list[i];
    return NULL;
}

const char *cx_choices_find(const struct cx_choices *choices, XXH128_hash_t key)
{
    const struct cx_choice *choice = find(choices, key);
    return choice != NULL ? choice->name : NULL;
}

void cx_choices_remove(struct cx_choices *choices, XXH128_hash_t key)
{
    struct cx_choice *choice = find(choices, key);
    if (choice == NULL)
        return;
    size_t behind = (size_t)(&choices->list[choices->n] - choice) - 1;
    memmove(choice, choice + 1, behind * sizeof *choice);
    choices->n--;
}

bool cx_choices_set(struct cx_choices *choices, XXH128_hash_t key, const char *name)
{
    struct cx_choice choice = {.key = key};
    if (choices->n == choices->room) {
        uint32_t room = choices->room == 0 ? 64 : choices->room * 2;
        struct cx_choice *grown = realloc(choices->list, room * sizeof *grown);
        if (grown == NULL)
            return false;
        choices->list = grown;
        choices->room = room;
    }
    strncpy(choice.name, name, sizeof choice.name - 1);
    cx_choices_remove(choices, key);
    if (choices->n == CX_CHOICES_MAX)
        cx_choices_remove(choices, choices->list[0].key);
    choices->list[choices->n++] = choice;
    return true;
}

void cx_choices_finish(struct cx_choices *choices)
{
    free(choices->list);
    memset(choices, 0, sizeof *choices);
}
