/* An NPY file that is taken has exactly the data that its shape says. */
#include <stdint.h>
#include <stdlib.h>

#include "input/tensor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[TUI_ERROR_BYTES] = "";
    struct tui_tensor tensor;
    size_t bytes;

    if (!tui_npy_parse(data, size, &tensor, error)) {
        if (error[0] == '\0')
            abort();
        return 0;
    }
    if (!tui_tensor_bytes(tensor.dtype, tensor.rank, tensor.dims, &bytes) ||
        bytes != tensor.n_bytes || bytes > size)
        abort();
    free(tensor.data);
    return 0;
}
