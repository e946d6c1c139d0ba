# How every survival regression reads its input: the response as read_survival() does, the covariates as a numeric
# matrix with the columns and names that model.matrix() gives. Main effects are read straight from their columns, which
# saves the model frame, most of the time of a large call; everything else goes through it.

#' Read a survival regression
#'
#' @param call Frame of the estimator (`environment()` in it), with its arguments `formula`, `data`, `subset`,
#'   `weights`, `na.action`; where the estimator has them `cluster` and `censoring` (one-sided formulas or vectors) and,
#'   for the vector path, `x` (numeric matrix or vector of covariates) and `strata` (vector).
#' @param kind,frame As in `read_survival()`.
#' @return The list of `read_survival()` (`stratum` and `strata` from `strata()` terms), and `x` (double matrix, rows
#'   analysed by columns without intercept), `columns` (list of vectors, one element a column: `name`, `term`, `level`
#'   and `reference`, `NA` for numbers and interactions), `offset` (double, or `NULL`: 0), `cluster` (integer codes
#'   1, 2, ..., or `NULL`), `n_cluster`, `censoring` (the same, groups of
#'   censoring), `recipe` (to build the columns for new data; see `new_design()`).
#' @noRd
read_regression <- function(call, kind = "right", frame = parent.frame(2)) {
    data <- check_data(call$data)
    check_na_action(call$na.action)
    source <- locate(substitute(formula, call), call, frame)
    parts <- read_response(source$lhs, data, source$env, kind)
    n <- parts$n
    design <- if (is.null(call$x) && is.null(call$strata)) {
        read_main_effects(source, data, n) %||% read_model_frame(source, data, n)
    } else {
        read_matrix(source$rhs, call$x, call$strata, n)
    }
    cluster <- read_labels(call$cluster, data, frame, n, "cluster")
    censoring <- read_labels(call$censoring, data, frame, n, "censoring")
    kept <- read_kept(call, data, frame, n, c(parts$values, design$variables, design$strata,
                                              list(offset = design$offset, cluster = cluster, censoring = censoring)))
    row <- kept$row
    strata <- design$strata
    if (!is.null(row)) {
        parts <- keep_response(parts, row)
        strata <- lapply(strata, take_rows, row)
        design$offset <- design$offset[row]
        cluster <- cluster[row]
        censoring <- censoring[row]
    }
    values <- switch(kind,
                     interval = read_interval(parts, row),
                     read_right(parts, kind, row))
    built <- design$build(row)
    if (!ncol(built$x)) built$x <- matrix(0, kept$n, 0)
    check_finite(built$x, built$columns$name, row)
    if (!is.null(design$offset)) check_finite(as.matrix(design$offset), "offset", row)
    if (!is.null(cluster)) cluster <- match(cluster, unique(cluster))
    if (!is.null(censoring)) censoring <- match(censoring, unique(censoring))
    grouped <- read_strata(strata)
    recipe <- c(built$recipe, list(strata = design$strata_terms, strata_labels = grouped$strata,
                              offset = design$terms_of_offset))
    c(list(kind = kind, n = kept$n), values, built[c("x", "columns")],
      list(offset = design$offset, weight = kept$weight, row = row, cluster = cluster,
           n_cluster = if (is.null(cluster)) 0L else max(cluster), censoring = censoring,
           endpoint = parts$endpoint, notes = kept$notes,
           recipe = recipe),
      grouped)
}

# The terms joined by `+`; NULL where the right-hand side is more than that.
addends <- function(rhs) {
    if (is.numeric(rhs)) return(if (rhs %in% 0:1) list())
    if (!is.call(rhs)) return(if (!identical(rhs, quote(.))) list(rhs))
    head <- rhs[[1]]
    if (identical(head, quote(`(`))) return(addends(rhs[[2]]))
    if (identical(head, quote(`+`)) && length(rhs) == 3) {
        left <- addends(rhs[[2]])
        right <- addends(rhs[[3]])
        return(if (!is.null(left) && !is.null(right)) c(left, right))
    }
    if (is.symbol(head) && as.character(head) %in% c("+", "-", "*", ":", "^", "/", "%in%")) return(NULL)
    list(rhs)
}

is_call_of <- function(x, name) {
    is.call(x) && (identical(x[[1]], as.name(name)) || identical(x[[1]], call("::", quote(survival), as.name(name))))
}

refused_terms <- c("cluster", "tt", "frailty", "pspline", "ridge")

refuse_term <- function(expression) {
    remedy <- if (is_call_of(expression, "cluster")) "give `cluster = ~id`" else "leave it out"
    abort_invalid(sprintf("`formula` cannot hold `%s`: %s.", deparse1(expression), remedy), "formula")
}

# Main effects of plain numbers, factors, text and logicals, strata() and offset(); NULL for anything else.
read_main_effects <- function(source, data, n) {
    leaves <- addends(source$rhs)
    if (is.null(leaves)) return(NULL)
    variables <- strata <- list()
    strata_terms <- terms_of_offset <- expressions <- list()
    offset <- NULL
    treatment <- identical(getOption("contrasts")[[1]], "contr.treatment")
    for (leaf in leaves) {
        for (name in refused_terms) if (is_call_of(leaf, name)) refuse_term(leaf)
        if (is_strata_call(leaf)) {
            strata <- c(strata, read_terms(leaf, data, source$env))
            strata_terms <- c(strata_terms, list(leaf))
            next
        }
        value <- readable(eval(if (is_call_of(leaf, "offset")) leaf[[2]] else leaf, data, source$env), "formula")
        if (is_call_of(leaf, "offset")) {
            offset <- add_offset(offset, value, n)
            terms_of_offset <- c(terms_of_offset, list(leaf[[2]]))
            next
        }
        plain <- is.null(dim(value)) && is.null(attr(value, "contrasts")) &&
            (is_number(value) && (!is.object(value) || identical(class(value), "AsIs")) ||
             treatment && (is.logical(value) || is.character(value) || identical(class(value), "factor")))
        if (!plain) return(NULL)
        name <- deparse1(leaf, backtick = TRUE)
        check_length(value, n, name)
        variables[[name]] <- value
        expressions[[name]] <- leaf
    }
    for (name in names(strata)) check_length(strata[[name]], n, name)
    list(variables = variables, strata = strata[!duplicated(names(strata))], strata_terms = strata_terms,
         offset = offset, terms_of_offset = terms_of_offset, build = function(row) {
             if (!is.null(row)) variables <- lapply(variables, function(x) x[row])
             levels <- lapply(stats::setNames(nm = names(variables)),
                              function(name) used_levels(variables[[name]], name))
             c(main_effect_columns(variables, levels), list(recipe = list(expressions = expressions, levels = levels)))
         })
}

add_offset <- function(offset, value, n) {
    if (!is_number(value)) abort_invalid(sprintf("The offset must be numeric; got %s.", value_text(value)), "offset")
    check_length(value, n, "offset")
    as.double(value) + (offset %||% 0)
}

# Levels of a factor, text or logical that are present; NULL for numbers.
used_levels <- function(x, name) {
    if (is.factor(x)) {
        used <- tabulate(x, nlevels(x)) > 0
        if (!all(used)) warn_empty_level(name, levels(x)[!used])
        levels(x)[used]
    } else if (!is.numeric(x)) {
        as.character(sort(unique(x)))
    }
}

warn_empty_level <- function(name, unused) {
    warn("empty_level", sprintf("`%s` has no rows with level %s; the level is dropped.", name,
                                paste0("\"", unused, "\"", collapse = ", ")), name)
}

# One column a number, one a level but the first of a factor.
main_effect_columns <- function(variables, levels) {
    columns <- list(name = character(), term = character(), level = character(), reference = character())
    values <- list()
    for (name in names(variables)) {
        x <- variables[[name]]
        own <- levels[[name]]
        if (is.null(own)) {
            values <- c(values, list(if (is.double(x) && is.null(attributes(x))) x else as.double(x)))
        } else {
            codes <- if (is.factor(x)) match(levels(x), own)[x] else match(as.character(x), own)
            values <- c(values, lapply(seq_along(own)[-1], function(k) as.double(codes == k)))
        }
        level <- if (is.null(own)) NA_character_ else own[-1]
        columns$name <- c(columns$name, if (is.null(own)) name else paste0(name, level, recycle0 = TRUE))
        columns$term <- c(columns$term, rep.int(name, length(level)))
        columns$level <- c(columns$level, level)
        columns$reference <- c(columns$reference, if (is.null(own)) NA else rep.int(own[1], length(level)))
    }
    x <- if (length(values)) do.call(cbind, values) else matrix(0, 0, 0)
    dimnames(x) <- NULL
    list(x = x, columns = columns)
}

# Everything that a model formula can say: interactions, polynomials, contrasts, interactions with strata.
read_model_frame <- function(source, data, n) {
    rhs <- plain_strata(source$rhs)
    # A Cox model has no intercept to leave out: `- 1` must not change how factors are coded.
    formula <- as.call(list(quote(`~`), if (is.language(source$lhs)) source$lhs else quote(response), call("+", rhs, 1)))
    home <- new.env(parent = source$env)
    home$strata <- survival::strata
    formula <- stats::as.formula(formula, home)
    terms <- readable(stats::terms(formula, c("strata", refused_terms), data = if (is.data.frame(data)) data), "formula")
    terms_read <- terms
    special <- attr(terms, "specials")
    expressions <- as.list(attr(terms, "variables"))[-1]
    for (name in refused_terms) if (!is.null(special[[name]])) refuse_term(expressions[[special[[name]][1]]])
    factors <- attr(terms, "factors")
    by_strata <- if (length(factors)) colSums(factors[special$strata, , drop = FALSE] > 0) > 0 else logical()
    alone <- by_strata & attr(terms, "order") == 1
    crossed <- any(by_strata & !alone)
    strata_terms <- expressions[special$strata]
    strata <- do.call(c, lapply(strata_terms, read_terms, data, source$env))
    for (name in names(strata)) check_length(strata[[name]], n, name)
    offset <- NULL
    for (at in attr(terms, "offset")) {
        value <- readable(eval(expressions[[at]][[2]], data, source$env), "formula")
        offset <- add_offset(offset, value, n)
    }
    if (any(!alone)) {
        terms <- if (crossed || !any(alone)) stats::delete.response(terms) else stats::drop.terms(terms, which(alone))
        frame <- readable(stats::model.frame(terms, data, na.action = stats::na.pass), "formula")
        if (nrow(frame) != n) {
            abort_invalid(sprintf("The right-hand side has %d rows but the response has %d.", nrow(frame), n), "formula")
        }
    } else {
        frame <- data.frame(row.names = seq_len(n))
        terms <- NULL
    }
    aside <- if (crossed) which(alone) else integer()
    list(variables = lapply(as.list(frame), function(x) if (is.atomic(x)) x else seq_len(n)), strata = strata,
         strata_terms = strata_terms, offset = offset,
         terms_of_offset = lapply(expressions[attr(terms_read, "offset")], `[[`, 2),
         build = function(row) model_matrix_columns(frame, row, terms, aside))
}

# survival::strata(x) as strata(x), so that terms() knows it.
plain_strata <- function(x) {
    if (!is.call(x)) return(x)
    if (is_strata_call(x)) x[[1]] <- quote(strata)
    if (length(x) > 1) x[-1] <- lapply(as.list(x)[-1], plain_strata)
    x
}

model_matrix_columns <- function(frame, row, terms, aside) {
    columns <- list(name = character(), term = character(), level = character(), reference = character())
    if (is.null(terms)) return(list(x = matrix(0, 0, 0), columns = columns, recipe = list(expressions = list())))
    used <- attr(frame, "terms")
    if (!is.null(row)) frame <- frame[row, , drop = FALSE]
    for (name in names(frame)) {
        if (is.factor(frame[[name]]) && any(tabulate(frame[[name]], nlevels(frame[[name]])) == 0)) {
            unused <- setdiff(levels(frame[[name]]), as.character(unique(frame[[name]])))
            if (!grepl("^strata\\(", name)) warn_empty_level(name, unused)
            frame[[name]] <- droplevels(frame[[name]])
        }
    }
    attr(frame, "terms") <- used
    x <- readable(stats::model.matrix(used, frame), "formula")
    assign <- attr(x, "assign")
    contrasts <- attr(x, "contrasts")
    keep <- which(!assign %in% c(0L, aside))
    label <- attr(used, "term.labels")[assign[keep]]
    name <- colnames(x)[keep]
    coded <- label %in% names(frame)[vapply(frame, function(v) is.factor(v) || is.character(v) || is.logical(v), NA)]
    first <- vapply(label[coded], function(l) as.character(sort(unique(frame[[l]])))[1], "")
    columns <- list(name = name, term = label, level = rep.int(NA_character_, length(name)),
                    reference = rep.int(NA_character_, length(name)))
    columns$level[coded] <- substring(name[coded], nchar(label[coded]) + 1)
    columns$reference[coded] <- first
    values <- x[, keep, drop = FALSE]
    attributes(values) <- list(dim = dim(values))
    storage.mode(values) <- "double"
    bare <- used
    attributes(bare)[c("class", ".Environment")] <- NULL
    list(x = values, columns = columns,
         recipe = list(terms = bare, xlevels = stats::.getXlevels(used, frame), contrasts = contrasts, keep = keep))
}

read_matrix <- function(rhs, x, strata, n) {
    if (!identical(rhs, 1)) {
        abort_invalid("`x` and `strata` go with a `Surv` object; in a formula write them on its right-hand side.", "x")
    }
    if (is.null(x)) x <- matrix(0, n, 0)
    if (is.null(dim(x))) x <- matrix(x, ncol = 1, dimnames = list(NULL, "x"))
    if (!is.matrix(x) || !(is.numeric(x) || is.logical(x))) {
        abort_invalid(sprintf("`x` must be a numeric matrix with a row for each row of the response; got %s.", value_text(x)),
                      "x")
    }
    if (nrow(x) != n) {
        abort_invalid(sprintf("`x` has %d rows but the response has %d.", nrow(x), n), "x")
    }
    name <- colnames(x) %||% paste0("x", seq_len(ncol(x)), recycle0 = TRUE)
    if (!is.double(x)) storage.mode(x) <- "double"
    if (!is.null(strata)) check_length(strata, n, "strata")
    none <- rep.int(NA_character_, length(name))
    list(variables = list(x = x), strata = if (!is.null(strata)) list(strata = strata), build = function(row) {
        list(x = if (is.null(row)) x else x[row, , drop = FALSE],
             columns = list(name = name, term = name, level = none, reference = none), recipe = list(matrix = name))
    })
}

# `cluster = ~id`, or a vector.
read_labels <- function(x, data, frame, n, argument) {
    if (is.null(x)) return(NULL)
    if (inherits(x, "formula")) {
        if (length(x) != 2) {
            abort_invalid(sprintf("`%s` must be a one-sided formula such as `~patient`.", argument), argument)
        }
        terms <- read_terms(x[[2]], data, environment(x) %||% frame)
        if (!length(terms)) abort_invalid(sprintf("`%s` must name a variable, as in `~patient`.", argument), argument)
        for (name in names(terms)) check_length(terms[[name]], n, name)
        x <- if (length(terms) == 1) terms[[1]] else read_strata(terms)$stratum %||% rep.int(1L, n)
    }
    if (!is.atomic(x)) {
        abort_invalid(sprintf("`%s` must be a one-sided formula or a vector; got %s.", argument, value_text(x)), argument)
    }
    check_length(x, n, argument)
    x
}

check_finite <- function(x, names, row) {
    total <- colSums(x)
    if (all(is.finite(total))) return(invisible())
    for (j in which(!is.finite(total))) {
        bad <- which(!is.finite(x[, j]))
        if (!length(bad)) next
        at <- row_number(bad[1], row)
        abort_invalid(sprintf("`%s` must be a finite number; row %d is %s.", names[j], at, format(x[bad[1], j])), names[j],
                      at)
    }
}
