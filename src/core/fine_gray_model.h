#ifndef OSS_FINE_GRAY_MODEL_H
#define OSS_FINE_GRAY_MODEL_H

/* What the parts of the Fine-Gray model share: the rows in the order of stratum and time, the
 * events of each stratum, and the product-limit estimates that the weights come from. */

#include "fine_gray.h"

/* Per group of censoring its times of change, those of group g at start[g] .. start[g + 1] - 1. */
typedef struct {
    size_t *start;   /* [n_group + 1] */
    uint32_t *index; /* [m] number of the time, ascending within a group */
    double *events;  /* [m] weighted rows that change at it */
    double *risk;    /* [m] weighted rows that could */
    double *product; /* [m + n_group] of the factors before it, in [1/2, 1) times a power of 2; one
                        more for each group behind its last */
    int *power;
    uint32_t *nulls; /* how many factors before it were 0: the product starts again after each */
    size_t *hint;    /* [n_group] where the last search ended */
} oss_product_limit;

struct oss_fine_gray {
    size_t n, p, n_stratum, n_group, n_cluster, n_time;
    int firth;
    double total;    /* of the weights */
    double *time;    /* [n_time] */
    uint32_t *row;   /* [n] input row of each row here: by stratum, then time */
    uint32_t *exit;  /* [m] number of the time */
    uint32_t *entry; /* the same, or NULL: at risk at times after it */
    unsigned char *kind;
    double *weight;  /* or NULL */
    uint32_t *group; /* from 0, or NULL */
    int *cluster;    /* the caller's, by input row; or NULL */
    double *offset;  /* or NULL */
    double *x;       /* [n * p] row by row, centred and scaled */
    double *centre, *scale;
    size_t *row_start; /* [n_stratum + 1] */

    size_t n_event;
    size_t *event_start; /* [n_stratum + 1] */
    uint32_t *event_time;
    double *event_weight;
    uint32_t *bin;   /* [n] events of the stratum up to the exit, counted over all strata */
    uint32_t *first; /* the same up to the entry, or NULL */

    /* Cells: event by group, of the groups that have rows of kind 2 in the stratum. */
    size_t *n_local;       /* [n_stratum] */
    size_t *cell_start;    /* [n_stratum + 1] */
    uint32_t *local;       /* [n] the row's group among them, or NULL: all 0 */
    size_t *local_start;   /* [n_stratum + 1] */
    uint32_t *local_group; /* the groups themselves */
    double *ratio;         /* [cells] weight at the event over that at the event before */
    double *join;          /* [n] a kind 2 row's weight at event `bin`; 0 for others */
    uint32_t *last_time;   /* [n_group] largest exit */

    oss_product_limit censoring, entering;

    /* Of the last evaluation. */
    double *risk;    /* [n] weight * exp(linear predictor - shift) */
    double *sums;    /* [n_event * (p + 1)] S0, S1; then jump of the hazard, mean covariates */
    double *joining; /* [cells * (p + 1)] */
    double *later;   /* [cells] sum over events from here of weight ratio * jump */
    double *hazard;  /* [n_event + n_stratum] cumulative, 0 first */
    double shift;
    double *mean_before, *mean_later; /* of the mean covariates, for the penalty only */
    double *work;                     /* [5 * p * p + 8 * p] */
};

static inline size_t oss_fg_cell(const oss_fine_gray *m, size_t s, size_t event, size_t local)
{
    return m->cell_start[s] + (event - m->event_start[s]) * m->n_local[s] + local;
}

static inline size_t oss_fg_local(const oss_fine_gray *m, size_t i)
{
    return m->local ? m->local[i] : 0;
}

static inline double oss_fg_weight(const oss_fine_gray *m, size_t i)
{
    return m->weight ? m->weight[i] : 1;
}

/* First change of group g at the time numbered `target` or later. */
size_t oss_product_limit_seek(const oss_product_limit *curve, size_t g, uint32_t target);

OSS_CHECKED oss_status oss_fg_weights(oss_fine_gray *model, oss_error *err);
void oss_product_limit_free(oss_product_limit *curve);

/* Cumulative sums over events of jump * column[k] (k < n_column, rows of `stride` doubles an
 * event): before[(event + stratum) * n_column], 0 first in each stratum; and from the event on with
 * the weights carried along: later[cell * n_column]. */
void oss_fg_accumulate(const oss_fine_gray *model, size_t n_column, const double *column,
                       size_t stride, double *before, double *later);

#endif
