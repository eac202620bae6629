/* Any bytes as a file of choices. What is read from it is bounded and well formed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "device/choices.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of the exact size, so that a sanitizer sees a read past its end. */
    char *text = malloc(size > 0 ? size : 1);
    struct cx_choices choices = {NULL, 0, 0};
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    if (cx_choices_parse(text, size, (XXH128_hash_t){2, 1}, &choices) != CX_CHOICES_READ &&
        choices.n != 0)
        abort();
    for (uint32_t i = 0; i < choices.n; i++)
        if (!cx_choice_name_ok(choices.list[i].name))
            abort();
    cx_choices_finish(&choices);
    free(text);
    return 0;
}
