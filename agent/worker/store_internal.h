/* The inside of struct store, shared by its two files. */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <openssl/evp.h>

#include "store.h"

struct store {
    char files[STORE_PATH_MAX];
    char models[STORE_PATH_MAX];
    uint64_t bytes_max;
    EVP_MD_CTX *digest;
    struct store_file part; /* what is being fetched */
    char part_path[STORE_PATH_MAX];
    int part_fd; /* -1: nothing is */
    uint64_t part_length;
    uint8_t buffer[1 << 16];
};

/* Writes "WHAT PATH: errno's text"; returns -1. */
int agent_store_fail(char *ret_error, const char *what, const char *path);
void agent_store_file_path(const struct store *store, const uint8_t *sha256, char *ret_path);

#endif
