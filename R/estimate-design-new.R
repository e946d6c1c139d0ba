#' The columns of a regression for new data
#'
#' @param recipe From `read_regression()`.
#' @param newdata Data frame with the variables of the formula; for a fit of the vector path a matrix or data frame with
#'   its columns.
#' @param frame Where other names of the formula are looked up.
#' @param any_stratum `TRUE`: newdata may be without the variables of the strata.
#' @return List: `x`, a row for each row of `newdata`; `offset`, one number a row; `stratum`, integer codes into the
#'   labels of the fit, `NULL` where newdata does not say.
#' @noRd
new_design <- function(recipe, newdata, frame, any_stratum = FALSE) {
    if (is.matrix(newdata)) newdata <- as.data.frame(newdata)
    if (!is.data.frame(newdata)) {
        abort_invalid(sprintf("`newdata` must be a data frame; got %s.", value_text(newdata)), "newdata")
    }
    if (!nrow(newdata)) abort_invalid("`newdata` has no rows.", "newdata")
    x <- if (!is.null(recipe$matrix)) {
        new_columns(recipe$matrix, newdata)
    } else if (!is.null(recipe$terms)) {
        new_model_matrix(recipe, newdata, frame)
    } else {
        new_main_effects(recipe, newdata, frame)
    }
    bad <- which(!is.finite(rowSums(x)))
    if (length(bad)) {
        abort_invalid(sprintf("`newdata` must have no missing or infinite covariates; row %d has.", bad[1]), "newdata",
                      bad[1])
    }
    offset <- numeric(nrow(newdata))
    for (expression in recipe$offset) offset <- offset + new_value(expression, newdata, frame)
    if (anyNA(offset)) abort_invalid("`newdata` must have no missing offset.", "newdata")
    by <- if (length(recipe$strata)) unlist(lapply(recipe$strata, all.vars)) else if (length(recipe$strata_labels) > 1) "strata"
    named <- all(by %in% names(newdata)) || !any_stratum
    list(x = x, offset = offset, stratum = if (named) new_strata(recipe, newdata, frame))
}

new_columns <- function(name, newdata) {
    absent <- setdiff(name, names(newdata))
    if (length(absent)) {
        abort_invalid(sprintf("`newdata` has no column `%s`.", absent[1]), "newdata")
    }
    x <- as.matrix(newdata[name])
    if (!is.numeric(x)) abort_invalid("`newdata` must have numeric columns.", "newdata")
    dimnames(x) <- NULL
    x
}

new_value <- function(expression, newdata, frame) {
    value <- readable(eval(expression, newdata, frame), "newdata")
    if (length(value) == 1 && nrow(newdata) > 1) value <- rep(value, nrow(newdata))
    check_length(value, nrow(newdata), as_written(expression))
    value
}

new_main_effects <- function(recipe, newdata, frame) {
    variables <- lapply(recipe$expressions, new_value, newdata, frame)
    for (name in names(variables)) {
        levels <- recipe$levels[[name]]
        if (is.null(levels)) {
            if (!is.numeric(variables[[name]])) {
                abort_invalid(sprintf("`%s` must be numeric in `newdata`, as it was in the data; got %s.", name,
                                      value_text(variables[[name]])), "newdata")
            }
            next
        }
        unknown <- which(!as.character(variables[[name]]) %in% levels)
        if (length(unknown)) {
            abort_invalid(sprintf("`%s` must be one of %s in `newdata`; row %d is %s.", name,
                                  paste0("\"", levels, "\"", collapse = ", "), unknown[1],
                                  format(variables[[name]][unknown[1]])), "newdata", unknown[1])
        }
    }
    if (!length(variables)) return(matrix(0, nrow(newdata), 0))
    main_effect_columns(variables, recipe$levels)$x
}

new_model_matrix <- function(recipe, newdata, frame) {
    terms <- recipe$terms
    attr(terms, ".Environment") <- frame
    class(terms) <- c("terms", "formula")
    built <- readable({
        rows <- stats::model.frame(terms, newdata, na.action = stats::na.pass, xlev = recipe$xlevels)
        stats::model.matrix(terms, rows, contrasts.arg = recipe$contrasts)
    }, "newdata")
    x <- built[, recipe$keep, drop = FALSE]
    attributes(x) <- list(dim = dim(x))
    x
}

new_strata <- function(recipe, newdata, frame) {
    labels <- recipe$strata_labels
    if (!length(recipe$strata) && length(labels) == 1) return(rep.int(1L, nrow(newdata)))
    terms <- if (length(recipe$strata)) {
        do.call(c, lapply(recipe$strata, read_terms, newdata, frame))
    } else {
        list(strata = new_value(quote(strata), newdata, frame))
    }
    terms <- lapply(terms, function(x) if (is.factor(x)) as.character(x) else x)
    grouped <- read_strata(terms[!duplicated(names(terms))])
    code <- match(grouped$strata, labels)[grouped$stratum %||% rep.int(1L, nrow(newdata))]
    if (anyNA(code)) {
        at <- which(is.na(code))[1]
        abort_invalid(sprintf("`newdata` must name strata of the fit (%s); row %d is %s.", paste(labels, collapse = "; "), at,
                              grouped$strata[grouped$stratum[at] %||% 1L]), "newdata", at)
    }
    code
}
