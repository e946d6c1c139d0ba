#ifndef OSS_GLUE_RISK_H
#define OSS_GLUE_RISK_H

#include "glue.h"
#include "../core/risk_table.h"

/* The rows of a right-censored call; entry, weight and stratum may be R NULL. */
oss_risk_rows glue_risk_rows(SEXP entry, SEXP time, SEXP status, SEXP weight, SEXP stratum,
                             SEXP n_cause, SEXP n_stratum);

/* Builds the table in R memory: list(time, n.risk, n.event, n.censor, size), n.event cause by
 * cause, size the number of times of each stratum. The caller protects it; `table` points into it.
 * row_time (NULL allowed): [n] the table row of each data row's exit. */
SEXP glue_risk_table(const oss_risk_rows *rows, oss_risk_table *table, uint32_t *row_time);

#endif
