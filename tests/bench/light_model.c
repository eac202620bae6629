/* light_model LIGHT.onnx OUT.onnx [BATCH]: fills in the weights that a light model leaves out, and
 * declares it for a batch. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/compute/random_weights.h"

#define BATCH_MAX 4096

int main(int argc, char **argv)
{
    long batch = argc > 3 ? strtol(argv[3], NULL, 10) : 1;
    if (argc < 3 || argc > 4 || batch < 1 || batch > BATCH_MAX) {
        fputs("usage: light_model LIGHT.onnx OUT.onnx [BATCH]\n", stderr);
        return 2;
    }
    size_t size = 0;
    uint8_t *bytes = random_weights(argv[1], batch, &size);
    if (bytes == NULL) {
        fprintf(stderr, "light_model: %s: can't be read, or has a weight of unknown use\n",
                argv[1]);
        return 1;
    }
    FILE *file = fopen(argv[2], "wb");
    bool written = file != NULL && fwrite(bytes, 1, size, file) == size;
    if (file != NULL)
        written = fclose(file) == 0 && written;
    if (!written)
        fprintf(stderr, "light_model: %s: %s\n", argv[2], strerror(errno));
    free(bytes);
    return written ? 0 : 1;
}
