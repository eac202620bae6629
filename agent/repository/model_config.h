/* NAME/config.ini: what a model needs said about it beyond its file. */
#ifndef AGENT_MODEL_CONFIG_H
#define AGENT_MODEL_CONFIG_H

#include "agent/repository/repository.h"

/* Sets the defaults, reads `path` where it exists and the labels it names beside it. A mistake is
 * put into model->error as "config.ini:LINE: …". */
void agent_model_config_read(const char *path, struct agent_model *model);

#endif
