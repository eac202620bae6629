/* live.ini in the state folder: what `stoker settings` has changed. */
#ifndef CONFIG_LIVE_H
#define CONFIG_LIVE_H

#include "config_value.h"

void agent_config_live_path(const struct agent_config *config, char *ret_path, size_t size);

#endif
