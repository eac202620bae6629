#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

struct agent_seal {
    EVP_PKEY *key;
    char public_key[AGENT_SEAL_KEY_HEX + 1];
};

static void to_hex(const uint8_t *bytes, size_t size, char *hex)
{
    for (size_t i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

static enum agent_status read_key(const char *path, EVP_PKEY **ret_key, struct agent_error *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL && errno == ENOENT)
        return AGENT_ERR_NOT_FOUND;
    if (file == NULL)
        return agent_error_set(err, AGENT_ERR_IO, "can't read %s: %s", path, strerror(errno));
    struct stat there;
    if (fstat(fileno(file), &there) != 0 || (there.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        fclose(file);
        return agent_error_set(err, AGENT_ERR_IO,
                               "%s can be read by others, who could sign certificates with it: "
                               "chmod 600 it, or move it away to have a new one made",
                               path);
    }
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    if (key == NULL || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(key);
        return agent_error_set(err, AGENT_ERR_CORRUPT,
                               "%s holds no Ed25519 key; restore it from a backup, or move it away "
                               "to have a new one made (certificates then name the new key)",
                               path);
    }
    *ret_key = key;
    return AGENT_OK;
}

static bool sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return ok;
}

// Under another name first, so that a crash leaves no half of a key. What it signs must not outlive
// it: its name is on the disk before it is used.
static enum agent_status make_key(const char *dir, const char *path, EVP_PKEY **ret_key,
                                  struct agent_error *err)
{
    char part[4200];
    snprintf(part, sizeof part, "%s.part", path);
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool ok = key != NULL && file != NULL &&
              PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 &&
              fflush(file) == 0 && fsync(fd) == 0;
    int error = errno;
    if (file != NULL)
        ok = fclose(file) == 0 && ok;
    else if (fd >= 0)
        close(fd);
    if (!ok || rename(part, path) != 0 || !sync_folder(dir)) {
        EVP_PKEY_free(key);
        return agent_error_set(err, key == NULL ? AGENT_ERR_NOMEM : AGENT_ERR_IO,
                               "can't make the coordinator's key %s: %s", path,
                               strerror(ok ? errno : error));
    }
    *ret_key = key;
    return AGENT_OK;
}

enum agent_status agent_seal_open(const char *dir, struct agent_seal **ret_seal,
                                  struct agent_error *err)
{
    char path[4160];
    uint8_t public_key[AGENT_SEAL_KEY_HEX / 2];
    size_t size = sizeof public_key;
    EVP_PKEY *key = NULL;
    snprintf(path, sizeof path, "%s/identity.pem", dir);
    enum agent_status status = read_key(path, &key, err);
    if (status == AGENT_ERR_NOT_FOUND)
        status = make_key(dir, path, &key, err);
    if (status != AGENT_OK)
        return status;
    struct agent_seal *seal = calloc(1, sizeof *seal);
    if (seal == NULL || EVP_PKEY_get_raw_public_key(key, public_key, &size) != 1) {
        EVP_PKEY_free(key);
        free(seal);
        return agent_error_set(err, AGENT_ERR_NOMEM, "out of memory");
    }
    seal->key = key;
    to_hex(public_key, size, seal->public_key);
    *ret_seal = seal;
    return AGENT_OK;
}

void agent_seal_close(struct agent_seal *seal)
{
    if (seal == NULL)
        return;
    EVP_PKEY_free(seal->key);
    free(seal);
}

const char *agent_seal_public_key(const struct agent_seal *seal)
{
    return seal->public_key;
}

enum agent_status agent_seal_sign(const struct agent_seal *seal, const void *bytes, size_t size,
                                  char ret_hex[AGENT_SEAL_SIGNATURE_HEX + 1])
{
    uint8_t signature[AGENT_SEAL_SIGNATURE_HEX / 2];
    size_t signature_size = sizeof signature;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, seal->key) == 1 &&
              EVP_DigestSign(context, signature, &signature_size, bytes, size) == 1;
    EVP_MD_CTX_free(context);
    if (!ok)
        return AGENT_ERR_NOMEM;
    to_hex(signature, signature_size, ret_hex);
    return AGENT_OK;
}
