# How every survival estimator reads its input. `Surv(...)` is read by its arguments and not evaluated:
# that saves most of the time of a large call, and entry >= exit or left > right, which Surv() turns
# into NA, can still be named by row.

#' Read a survival formula, a `Surv` call or a `Surv` object
#'
#' @param call Frame of the estimator (`environment()` in it), with its arguments `formula`, `data` (data frame, list,
#'   environment or `NULL`), `subset`, `weights`, `na.action`, `group` (vector of labels for the vector path, or `NULL`).
#' @param kind "right" (one event; entry allowed), "competing" (status a factor; entry allowed), or
#'   "interval" (left and right ends).
#' @param frame Environment of the caller of the estimator.
#' @param roles What the right-hand side means. "strata": every term stratifies, inside `strata()` or not. "groups": the
#'   terms inside `strata()` stratify, the others make the groups that are compared (vector path: `group` and `strata`).
#' @param carry Names of further arguments of the estimator that hold a value for each row: columns of `data` or vectors;
#'   `cluster` also a one-sided formula.
#' @return List: `kind`; `n` rows analysed; `entry` (or `NULL`), `time`, `status` (integer, 0 censored) for
#'   right-censored data; `causes` (labels, in order of `status`); `left`, `right` (right `Inf`: not seen;
#'   left 0: left-censored) for interval-censored; `weight` (double, or `NULL`: 1 each); `stratum` (integer
#'   codes, or `NULL`: one stratum), `strata` (labels, `""` if none); with roles "groups" `group` (integer codes, or
#'   `NULL`: none named) and `groups` (labels); `carried` (named list, those given; a row where one is missing is left
#'   out as any other); `row` (rows of the data analysed, or `NULL`: all); `endpoint` (text for
#'   the estimand card); `notes`. Covariates of a regression: `read_regression()`.
#' @noRd
read_survival <- function(call, kind = "right", frame = parent.frame(2), roles = "strata", carry = character()) {
    data <- check_data(call$data)
    check_na_action(call$na.action)
    source <- locate(substitute(formula, call), call, frame)
    parts <- read_response(source$lhs, data, source$env, kind)
    sides <- read_roles(source$rhs, data, source$env, call, roles)
    for (side in sides) for (name in names(side)) check_length(side[[name]], parts$n, name)
    carried <- read_carried(carry, call, data, frame, parts$n)
    kept <- read_kept(call, data, frame, parts$n, c(parts$values, unlist(unname(sides), recursive = FALSE), carried))
    row <- kept$row
    if (!is.null(row)) {
        parts <- keep_response(parts, row)
        sides <- lapply(sides, lapply, take_rows, row)
        carried <- lapply(carried, take_rows, row)
    }
    values <- switch(kind,
                     interval = read_interval(parts, row),
                     read_right(parts, kind, row))
    c(list(kind = kind, n = kept$n), values,
      list(weight = kept$weight, row = row, endpoint = parts$endpoint, notes = kept$notes),
      if (length(carry)) list(carried = carried),
      read_strata(sides$strata),
      if (roles == "groups") stats::setNames(read_strata(sides$group), c("group", "groups")))
}

read_carried <- function(carry, call, data, frame, n) {
    out <- list()
    for (name in carry) {
        out[[name]] <- if (name == "cluster") {
            read_labels(call$cluster, data, frame, n, "cluster")
        } else {
            value <- masked(do.call(substitute, list(as.name(name), call)), call[[name]], data, frame, name)
            if (!is.null(value)) check_length(value, n, name)
            if (!is.null(value) && !is.atomic(value)) {
                abort_invalid(sprintf("`%s` must be a vector or a column of `data`; got %s.", name, value_text(value)), name)
            }
            value
        }
    }
    out
}

check_data <- function(data) {
    if (!is.null(data) && !is.list(data) && !is.environment(data)) {
        abort_invalid(sprintf("`data` must be a data frame, a list or an environment; got %s.", value_text(data)),
                      "data")
    }
    data
}

#' Which rows are analysed
#'
#' @param columns Named list of what is read from every row: vectors and matrices.
#' @return List: `row` (rows kept, or `NULL`: all), `n` (how many), `weight` (of the rows kept, or `NULL`: 1 each),
#'   `notes`.
#' @noRd
read_kept <- function(call, data, frame, n, columns) {
    weight <- masked(substitute(weights, call), call$weights, data, frame, "weights")
    if (!is.null(weight)) {
        weight <- read_weights(weight, n)
        columns <- c(columns, list(weights = weight))
    }
    keep <- read_subset(masked(substitute(subset, call), call$subset, data, frame, "subset"), n)
    missing <- missing_rows(columns, keep, call$na.action)
    notes <- character()
    if (any(missing)) {
        keep <- if (is.null(keep)) !missing else keep & !missing
        notes <- sprintf("%d row%s with missing values left out.", sum(missing), if (sum(missing) > 1) "s" else "")
    }
    if (!is.null(weight) && any(weight == 0, na.rm = TRUE)) {
        idle <- !is.na(weight) & weight == 0 & (if (is.null(keep)) TRUE else keep)
        keep <- if (is.null(keep)) !idle else keep & !idle
        notes <- c(notes, sprintf("%d row%s of weight 0 left out.", sum(idle), if (sum(idle) > 1) "s" else ""))
    }
    row <- if (is.null(keep)) NULL else which(keep)
    if (!is.null(row)) {
        weight <- weight[row]
        n <- length(row)
    }
    if (n == 0) {
        abort_invalid("There are no rows to analyse: give at least one row without missing values.", "data")
    }
    list(row = row, n = n, weight = weight, notes = notes)
}

keep_response <- function(parts, row) {
    status <- keep_coding(parts$values$status, row)
    parts$values <- lapply(parts$values, `[`, row)
    if (!is.null(status)) parts$values$status <- status
    parts
}

take_rows <- function(x, row) if (is.matrix(x)) x[row, , drop = FALSE] else x[row]

# Whether status is coded 0/1 or 1/2 is read from all rows, as `Surv()` does: a subset without an event in 1/2 holds
# only 1, and those rows are censored.
keep_coding <- function(status, row) {
    kept <- status[row]
    if (!is.numeric(kept) || !length(kept) || any(kept != 1)) return(NULL)
    if (identical(as.double(range(status, na.rm = TRUE)), c(1, 2))) kept - 1L
}

# What the user wrote is evaluated; an error in it is the user's, and is named after the argument it stands in.
readable <- function(code, argument) {
    withCallingHandlers(code, error = function(e) {
        if (inherits(e, "osseosurv_error")) return()
        abort_invalid(sprintf("`%s` cannot be evaluated (%s): give its variables in `data`, or define them.", argument,
                              conditionMessage(e)), argument)
    })
}

# An argument in which the columns of `data` go before the caller's variables. Without any of them it is an argument like
# any other, evaluated where it was written, however many functions (lapply() among them) lie between.
masked <- function(expression, value, data, frame, argument) {
    if (is.null(expression)) return(NULL)
    if (!any(all.names(expression) %in% names(data))) return(readable(value, argument))
    # `d$w` handed on by lapply() has the name of a column, but is found only where it was written.
    readable(tryCatch(eval(expression, data, frame),
                      error = function(first) tryCatch(value, error = function(second) stop(first))), argument)
}

check_na_action <- function(na.action) {
    if (is.null(na.action)) return()
    known <- list(NULL, "na.omit", "na.exclude", "na.fail", stats::na.omit, stats::na.exclude, stats::na.fail)
    if (!any(vapply(known, identical, NA, na.action))) {
        abort_invalid("`na.action` must be na.omit or na.fail: rows with missing values cannot be kept.", "na.action")
    }
}

# Where the response stands: in a formula, in a Surv() call, or in an object.
locate <- function(response, call, frame) {
    if (identical(response, quote(expr = ))) {
        abort_invalid("`formula` is required: write `Surv(time, status) ~ 1`, or give a `Surv` object.", "formula")
    }
    if (is_surv_call(response)) return(list(lhs = response, rhs = 1, env = frame))
    value <- readable(call$formula, "formula")
    if (inherits(value, "Surv")) return(list(lhs = value, rhs = 1, env = frame))
    if (!inherits(value, "formula")) {
        abort_invalid(sprintf("`formula` must be a formula or a `Surv` object; got %s.", value_text(value)), "formula")
    }
    if (length(value) != 3) {
        abort_invalid("`formula` needs a response: write `Surv(time, status) ~ 1`.", "formula")
    }
    list(lhs = value[[2]], rhs = value[[3]], env = environment(value) %||% frame)
}

is_surv_call <- function(x) {
    is.call(x) && (identical(x[[1]], quote(Surv)) || identical(x[[1]], quote(survival::Surv)) ||
                   identical(x[[1]], quote(osseosurv::Surv)))
}

# The parts of the response by role: values (evaluated), labels (as the user wrote them), shape.
read_response <- function(lhs, data, env, kind) {
    if (is_surv_call(lhs)) {
        arguments <- as.list(readable(match.call(Surv, lhs, expand.dots = FALSE), "formula"))[-1]
        type <- if (is.null(arguments$type)) NULL else readable(eval(arguments$type, data, env), "formula")
        shape <- if (is.null(type) || is.character(type) && length(type) == 1) surv_shape(arguments, type)
        if (!is.null(shape)) {
            values <- readable(lapply(arguments[shape$roles], eval, data, env), "formula")
            labels <- vapply(arguments[shape$roles], as_written, "")
            names(values) <- names(labels) <- shape$names
            for (name in names(values)) {
                if (!is.atomic(values[[name]]) || inherits(values[[name]], c("Surv", "integer64"))) {
                    abort_invalid(sprintf("`%s` must be a vector of numbers; got %s.", labels[[name]],
                                          value_text(values[[name]])), labels[[name]])
                }
            }
            values <- lapply(values, drop_class)
            n <- length(values[[1]])
            for (name in names(values)) check_length(values[[name]], n, labels[[name]])
            return(list(values = values, labels = labels, shape = shape$shape, n = n,
                        states = levels(values$status), endpoint = endpoint_text(labels, shape$shape)))
        }
    }
    value <- if (is.language(lhs)) readable(eval(lhs, data, env), "formula") else lhs
    if (!inherits(value, "Surv")) {
        abort_invalid(sprintf("The response must be a `Surv` object, as in `Surv(time, status)`; got %s.",
                              value_text(value)), "formula")
    }
    from_surv(value)
}

# Which arguments of Surv() play which role; NULL where only Surv() itself can tell.
surv_shape <- function(arguments, type) {
    if (!is.null(arguments$origin)) return(NULL)
    given <- names(arguments)
    if (identical(type, "interval2") && all(c("time", "time2") %in% given)) {
        return(list(roles = c("time", "time2"), names = c("left", "right"), shape = "interval"))
    }
    if (is.null(type) || type %in% c("right", "counting", "mstate")) {
        if (all(c("time", "time2", "event") %in% given)) {
            return(list(roles = c("time", "time2", "event"), names = c("entry", "time", "status"), shape = "right"))
        }
        status <- if ("event" %in% given) "event" else if ("time2" %in% given) "time2"
        if ("time" %in% given && !is.null(status) && !identical(type, "counting")) {
            return(list(roles = c("time", status), names = c("time", "status"), shape = "right"))
        }
        if ("time" %in% given && is.null(status)) {
            return(list(roles = "time", names = "time", shape = "right"))
        }
    }
    NULL
}

from_surv <- function(value) {
    type <- attr(value, "type")
    columns <- unclass(value)
    column <- function(name) as.vector(columns[, name])
    state <- function(code) factor(attr(value, "states")[code + 1], attr(value, "states"))
    values <- switch(type,
        right = list(time = column("time"), status = column("status")),
        counting = list(entry = column("start"), time = column("stop"), status = column("status")),
        mright = list(time = column("time"), status = multi_state(column("status"), value)),
        mcounting = list(entry = column("start"), time = column("stop"), status = multi_state(column("status"), value)),
        left = list(left = ifelse(column("status") == 1, column("time"), 0), right = column("time")),
        interval = interval_ends(column("time1"), column("time2"), column("status")))
    shape <- if ("left" %in% names(values)) "interval" else "right"
    labels <- stats::setNames(names(values), names(values))
    list(values = values, labels = labels, shape = shape, n = nrow(value), states = levels(values$status),
         endpoint = endpoint_text(labels, shape))
}

multi_state <- function(code, value) {
    states <- attr(value, "states")
    structure(as.integer(code) + 1L, levels = c("(censored)", states), class = "factor")
}

# Status of an interval Surv: 0 right-censored, 1 exact, 2 left-censored, 3 interval.
interval_ends <- function(time1, time2, status) {
    list(left = ifelse(status == 2, 0, time1),
         right = ifelse(status == 0, Inf, ifelse(status == 3, time2, time1)))
}

endpoint_text <- function(labels, shape) {
    if (shape == "interval") {
        sprintf("event known to lie in (%s, %s]", labels[["left"]], labels[["right"]])
    } else if ("status" %in% names(labels)) {
        sprintf("event given by `%s`", labels[["status"]])
    } else {
        "event in every row"
    }
}

# A difftime is read in its own unit, a factor keeps its levels.
drop_class <- function(x) {
    if (is.factor(x) || is.null(attributes(x))) return(x)
    if (is_number(x) || inherits(x, "difftime")) as.vector(unclass(x)) else x
}

check_length <- function(x, n, name) {
    size <- if (is.matrix(x)) nrow(x) else length(x)
    if (size != n) {
        abort_invalid(sprintf("`%s` has %d elements but the response has %d rows.", name, size, n), name)
    }
}

read_subset <- function(subset, n) {
    if (is.null(subset)) return(NULL)
    if (is.logical(subset) && length(subset) == n) return(!is.na(subset) & subset)
    if (is_number(subset) && all(subset %in% seq_len(n)) && !anyDuplicated(subset)) return(seq_len(n) %in% subset)
    abort_invalid(sprintf("`subset` must be a condition with one value for each of the %d rows, or row numbers, each once.", n),
                  "subset")
}

read_weights <- function(weight, n) {
    check_length(weight, n, "weights")
    if (!is_number(weight)) {
        abort_invalid(sprintf("`weights` must be numeric; got %s.", value_text(weight)), "weights")
    }
    bad <- which(!is.na(weight) & (weight < 0 | weight != round(weight) | weight > 2^53))
    if (length(bad)) {
        abort_invalid(sprintf("`weights` must be whole numbers from 0 to 2^53 (each counts equal rows); row %d is %s.", bad[1],
                              format(weight[bad[1]])), "weights", bad[1])
    }
    as.double(weight)
}

# NaN is a fault, not a missing value. An interval's missing ends mean "not seen" and "not known since".
missing_rows <- function(columns, keep, na.action) {
    missing <- FALSE
    for (name in names(columns)) {
        x <- columns[[name]]
        if (is.factor(x)) x <- as.integer(x) # anyNA() of a factor goes the long way
        if (!anyNA(x)) next
        if (is.matrix(x)) x <- x[cbind(seq_len(nrow(x)), max.col(is.na(x), "first"))]
        bad <- is.double(x) & is.nan(x) & (if (is.null(keep)) TRUE else keep)
        if (any(bad)) {
            at <- which(bad)[1]
            abort_invalid(sprintf("`%s` must be a number; row %d is NaN.", name, at), name, at)
        }
        missing <- missing | (if (name %in% c("left", "right")) FALSE else is.na(x))
    }
    if (anyNA(columns$left) && anyNA(columns$right)) {
        missing <- missing | (is.na(columns$left) & is.na(columns$right))
    }
    if (!is.null(keep)) missing <- missing & keep
    refuse <- identical(na.action, "na.fail") || identical(na.action, stats::na.fail)
    if (refuse && any(missing)) {
        at <- which(missing)[1]
        abort_invalid(sprintf("Row %d has a missing value and `na.action` is na.fail.", at), "data", at)
    }
    missing
}

row_number <- function(at, row) if (is.null(row)) at else row[at]

# Times >= 0 and finite (or Inf where allowed), in plain doubles.
read_times <- function(x, label, row, infinite = FALSE) {
    if (!is.numeric(x)) abort_invalid(sprintf("`%s` must be numeric; got %s.", label, value_text(x)), label)
    if (!is.double(x)) x <- as.double(x)
    bad <- .Call(ffi_first_bad_time, x, infinite)
    if (bad > 0) {
        at <- row_number(bad, row)
        abort_invalid(sprintf("`%s` must be a number >= 0%s; row %d is %s.", label, if (infinite) " or Inf" else "",
                              at, format(x[bad])), label, at)
    }
    x
}

read_right <- function(parts, kind, row) {
    if (parts$shape != "right") {
        abort_invalid("The response is interval-censored: use turnbull(), or give `Surv(time, status)`.", "formula")
    }
    values <- parts$values
    labels <- parts$labels
    time <- read_times(values$time, labels[["time"]], row)
    entry <- NULL
    if (!is.null(values$entry)) {
        entry <- read_times(values$entry, labels[["entry"]], row)
        bad <- which(entry >= time)
        if (length(bad)) {
            at <- row_number(bad[1], row)
            abort_invalid(sprintf("Entry `%s` must lie before exit `%s`; row %d has %s and %s.", labels[["entry"]],
                                  labels[["time"]], at, format(entry[bad[1]]), format(time[bad[1]])),
                          labels[["entry"]], at)
        }
    }
    status <- values$status %||% rep.int(1L, length(time))
    label <- if (is.null(values$status)) "status" else labels[["status"]]
    status <- switch(kind, competing = competing_codes(status, label), event_codes(status, label, row))
    list(entry = entry, time = time, status = status, causes = if (kind == "competing") parts$states[-1] else NULL)
}

competing_codes <- function(status, label) {
    if (!is.factor(status)) {
        abort_invalid(sprintf(paste("`%s` must be a factor whose first level is censored and whose other levels are",
                                    "the causes; got %s."), label, value_text(status)), label)
    }
    if (nlevels(status) < 2) {
        abort_invalid(sprintf("`%s` needs a level for censored and at least one for a cause.", label), label)
    }
    as.integer(status) - 1L
}

# 0/1, FALSE/TRUE, or 1/2 as in `survival`.
event_codes <- function(status, label, row) {
    if (is.logical(status)) return(as.integer(status))
    if (is.factor(status)) {
        abort_invalid(sprintf(paste("`%s` is a factor: use cumulative_incidence() for several causes, or a condition",
                                    "such as `%s == \"%s\"`."), label, label, levels(status)[nlevels(status)]), label)
    }
    if (!is.numeric(status)) {
        abort_invalid(sprintf("`%s` must be 0/1, FALSE/TRUE or 1/2; got %s.", label, value_text(status)), label)
    }
    codes <- .Call(ffi_event_codes, status)
    if (is.double(codes)) {
        bad <- codes
        at <- row_number(bad, row)
        abort_invalid(sprintf("`%s` must be 0/1, FALSE/TRUE or 1/2; row %d is %s.", label, at, format(status[bad])),
                      label, at)
    }
    codes
}

read_interval <- function(parts, row) {
    values <- parts$values
    labels <- parts$labels
    if (parts$shape == "right") {
        if (!is.null(values$entry)) {
            abort_invalid(paste("The entry of `Surv(entry, time, status)` is not read for interval-censored data: turnbull() has",
                                "the argument `entry`."), "formula")
        }
        right <- read_right(parts, "right", row)
        return(list(left = right$time, right = ifelse(right$status == 1L, right$time, Inf)))
    }
    left <- values$left
    right <- values$right
    if (anyNA(left)) left[is.na(left)] <- 0
    if (anyNA(right)) right[is.na(right)] <- Inf
    left <- read_times(left, labels[["left"]], row)
    right <- read_times(right, labels[["right"]], row, infinite = TRUE)
    if (any(left > right)) {
        bad <- which(left > right)[1]
        at <- row_number(bad, row)
        abort_invalid(sprintf("Left end `%s` must not exceed right end `%s`; row %d has %s and %s.", labels[["left"]],
                              labels[["right"]], at, format(left[bad]), format(right[bad])), labels[["left"]], at)
    }
    list(left = left, right = right)
}
