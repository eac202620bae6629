// make_certificates FOLDER: a CA, and of it coordinator.crt (for localhost), agent.crt and
// operator.crt, each with its .key. Called again, it leaves the CA alone and renews the others.
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/net/certificates.h"

#define DAY 86400L

int main(int argc, char **argv)
{
    struct certificate ca;
    if (argc != 2) {
        fprintf(stderr, "usage: make_certificates FOLDER\n");
        return 2;
    }
    snprintf(ca.cert, sizeof ca.cert, "%s/ca.crt", argv[1]);
    snprintf(ca.key, sizeof ca.key, "%s/ca.key", argv[1]);
    bool again = access(ca.cert, F_OK) == 0;
    if (!again)
        ca = certificate_make(argv[1], "ca", "ca.example", NULL, 365 * DAY);
    certificate_make(argv[1], "coordinator", "localhost", &ca, again ? 100 * DAY : 10 * DAY);
    certificate_make(argv[1], "agent", "agent.example", &ca, 100 * DAY);
    certificate_make(argv[1], "operator", "operator.example", &ca, 100 * DAY);
    return 0;
}
