#ifndef OSS_BIVARIATE_H
#define OSS_BIVARIATE_H

/* Two interval-censored times of one unit: the rectangles in which the pair lies, the maximal
 * intersections of these (the only places where mass can stand: Betensky and Finkelstein 1999, Stat
 * Med 18:3089), and the nonparametric maximum likelihood of the masses.
 *
 * Maximal intersections are the regions where the number of rectangles that cover a point has a
 * local maximum, once all ends are told apart (Maathuis 2005, J Comput Graph Stat 14:352). Within
 * one, where the mass lies is not known; and the masses themselves need not be unique. */

#include "status.h"

/* More distinct rectangles than this are refused: time and memory grow with their square. */
#define OSS_RECTANGLES_MOST 2000

/* Ends are places as in interval_table.h: a rectangle is [x0, x1] x [y0, y1], both ends included.
 */
typedef struct {
    uint32_t x0, x1, y0, y1;
} oss_rectangle;

typedef struct {
    size_t n;            /* distinct rectangles */
    oss_rectangle *row;  /* [n] ascending */
    double *weight;      /* [n] summed over equal ones */
    size_t m;            /* maximal intersections */
    oss_rectangle *cell; /* [m] ascending */
    double *mass;        /* [m] after the solve */
    double *gradient;    /* [m] sum over the rows that cover it of weight / (mass of the row) */
    double loglik, kkt;  /* as in npmle.h: no distribution has more than loglik + kkt */
    size_t iterations;
    int converged;
} oss_bivariate;

/* n rectangles (x0 <= x1, y0 <= y1) with weights > 0 (NULL: 1 each). *fit is NULL on failure. */
OSS_CHECKED oss_status oss_bivariate_new(size_t n, const oss_rectangle *row, const double *weight,
                                         oss_bivariate **fit, oss_error *err);
void oss_bivariate_free(oss_bivariate *fit); /* NULL allowed */

/* Fills the masses and what follows them. Newton on a growing support, as in npmle.h. */
OSS_CHECKED oss_status oss_bivariate_solve(oss_bivariate *fit, double tolerance,
                                           size_t max_iterations, const oss_hook *hook,
                                           oss_error *err);

/* Does the rectangle hold the cell? */
static inline int oss_rectangle_covers(const oss_rectangle *row, const oss_rectangle *cell)
{
    return row->x0 <= cell->x0 && cell->x1 <= row->x1 && row->y0 <= cell->y0 && cell->y1 <= row->y1;
}

#endif
