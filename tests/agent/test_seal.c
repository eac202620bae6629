// The coordinator's key, which signs certificates: made once, and for nobody else's eyes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <criterion/criterion.h>

#include "agent/coordinator/seal.h"
#include "tests/agent/remove_tree.h"

static char folder[64], path[96];

static void begin(void)
{
    snprintf(folder, sizeof folder, "/tmp/stoker-seal-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/identity.pem", folder);
}

static void finish(void)
{
    remove_tree(folder);
}

TestSuite(seal, .init = begin, .fini = finish);

Test(seal, the_key_is_made_once_and_stays)
{
    struct agent_seal *seal = NULL;
    struct agent_error err = {0};
    char first[AGENT_SEAL_KEY_HEX + 1];
    struct stat there;
    cr_assert_eq(agent_seal_open(folder, &seal, &err), AGENT_OK, "%s", err.text);
    snprintf(first, sizeof first, "%s", agent_seal_public_key(seal));
    agent_seal_close(seal);
    cr_assert_eq(stat(path, &there), 0);
    cr_assert_eq(there.st_mode & 0777, 0600);
    cr_assert_eq(agent_seal_open(folder, &seal, &err), AGENT_OK, "%s", err.text);
    cr_assert_str_eq(agent_seal_public_key(seal), first);
    agent_seal_close(seal);
}

Test(seal, a_key_that_others_can_read_is_not_used)
{
    struct agent_seal *seal = NULL;
    struct agent_error err = {0};
    cr_assert_eq(agent_seal_open(folder, &seal, &err), AGENT_OK, "%s", err.text);
    agent_seal_close(seal);
    cr_assert_eq(chmod(path, 0640), 0);
    cr_assert_eq(agent_seal_open(folder, &seal, &err), AGENT_ERR_IO);
    cr_assert_not_null(strstr(err.text, "chmod 600"), "%s", err.text);
    cr_assert_eq(chmod(path, 0600), 0);
    cr_assert_eq(agent_seal_open(folder, &seal, &err), AGENT_OK, "%s", err.text);
    agent_seal_close(seal);
}

Test(seal, what_is_no_key_is_told)
{
    struct agent_seal *seal = NULL;
    struct agent_error err = {0};
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs("-----BEGIN PRIVATE KEY-----\nnonsense\n", file);
    fclose(file);
    cr_assert_eq(chmod(path, 0600), 0);
    cr_assert_eq(agent_seal_open(folder, &seal, &err), AGENT_ERR_CORRUPT);
    cr_assert_not_null(strstr(err.text, path), "%s", err.text);
}
