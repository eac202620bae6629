// The coordinator's signature: an Ed25519 key of its own, made at the first start and kept in the
// state folder, for what an operator may want to show later without a coordinator.
#ifndef AGENT_SEAL_H
#define AGENT_SEAL_H

#include <stddef.h>

#include "agent/core/agent_status.h"

#define AGENT_SEAL_KEY_HEX 64        // characters of a public key
#define AGENT_SEAL_SIGNATURE_HEX 128 // of a signature

struct agent_seal;

// Reads `dir`/identity.pem, or makes it (0600). BLOCKS. AGENT_ERR_CORRUPT (no such key is in it),
// AGENT_ERR_IO, AGENT_ERR_NOMEM; the text names the file and the way out.
enum agent_status agent_seal_open(const char *dir, struct agent_seal **ret_seal,
                                  struct agent_error *err);
void agent_seal_close(struct agent_seal *seal); // takes NULL

const char *agent_seal_public_key(const struct agent_seal *seal); // hex; lives as the seal

// AGENT_ERR_NOMEM: the library could not; nothing was written.
enum agent_status agent_seal_sign(const struct agent_seal *seal, const void *bytes, size_t size,
                                  char ret_hex[AGENT_SEAL_SIGNATURE_HEX + 1]);

#endif
