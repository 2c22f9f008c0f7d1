/* dbt_project.yml: the project's name, its folders, its variables, and configuration by folder. */
#ifndef AGGREGATE_PROJECT_YML_H
#define AGGREGATE_PROJECT_YML_H

#include "project.h"

/* Read p->file into the project. 0, or -1 with a message. */
int project_yml_read(struct project *p);

#endif
