/* Addresses that a coordinator gives for itself, seen from elsewhere. */
#ifndef TUI_CONSOLE_FEED_ADDRESS_H
#define TUI_CONSOLE_FEED_ADDRESS_H

#include <stddef.h>

/*
 * The address to dial for what a coordinator says it listens on: where its host is the wildcard
 * (0.0.0.0, [::] or none) or loopback, the host that the console reached it by (`reached`, the
 * control address) takes its place. Anything but tcp:// and tls+tcp:// is taken as it is.
 */
void tui_address_reachable(char *ret_address, size_t size, const char *published,
                           const char *reached);

#endif
