# Every error of the package is made here, so that a script can catch it by class and read from it
# the argument and the row at fault.

#' Raise a classed error
#'
#' @param class One of "invalid", "convergence", "cancelled", "io", "memory".
#' @param message One or two sentences: what is wrong, where, and what is accepted.
#' @param argument Name of the argument at fault, or `NULL`.
#' @param index 1-based row or element at fault, or `NULL`.
#' @noRd
abort <- function(class, message, argument = NULL, index = NULL, ...) {
    stop(structure(
        class = c(paste0("osseosurv_", class), "osseosurv_error", "error", "condition"),
        list(message = message, call = user_call(), argument = argument, index = index, ...)
    ))
}

abort_invalid <- function(message, argument = NULL, index = NULL, ...) {
    abort("invalid", message, argument, index, ...)
}

warn <- function(class, message, argument = NULL, index = NULL) {
    warning(structure(
        class = c(paste0("osseosurv_", class), "osseosurv_warning", "warning", "condition"),
        list(message = message, call = user_call(), argument = argument, index = index)
    ))
}

# Called from C with the core's error record; `index` is 0-based there and NA for none.
abort_core <- function(class, message, index) {
    row <- if (is.na(index)) NULL else index + 1
    if (!is.null(row)) message <- sprintf("%s; element %.0f", message, row)
    abort(class, paste0(message, "."), index = row)
}

# The call the user typed: the outermost one into this package.
user_call <- function() {
    home <- topenv()
    for (k in seq_len(sys.nframe())) {
        if (identical(topenv(environment(sys.function(k))), home)) return(sys.call(k))
    }
    NULL
}

# Argument checks. Each returns its argument, ready to use, or raises `osseosurv_invalid`.

# Numbers in their own right: a `Surv` object is numeric to R but is no vector of numbers, and the bits of an integer64,
# as a database gives them, are no doubles.
is_number <- function(x) is.numeric(x) && !inherits(x, c("Surv", "integer64", "factor"))

check_number <- function(x, argument, lower = -Inf, upper = Inf, open = FALSE) {
    inside <- is_number(x) && length(x) == 1 && !is.na(x) &&
        (if (open) x > lower && x < upper else x >= lower && x <= upper)
    if (!inside) {
        abort_invalid(sprintf("`%s` must be one number %s; got %s.", argument,
                              range_text(lower, upper, open), value_text(x)), argument)
    }
    as.double(x)
}

# Numeric vector without missing values, each within bounds.
check_numbers <- function(x, argument, lower = -Inf, upper = Inf, whole = FALSE, open = FALSE) {
    if (!is_number(x)) {
        abort_invalid(sprintf("`%s` must be numeric; got %s.", argument, value_text(x)), argument)
    }
    inside <- !is.na(x) & (if (open) x > lower & x < upper else x >= lower & x <= upper)
    if (whole) inside <- inside & x == round(x)
    if (!all(inside)) {
        at <- which(!inside)[1]
        abort_invalid(sprintf("`%s` must hold %s %s; element %d is %s.", argument,
                              if (whole) "whole numbers" else "numbers",
                              range_text(lower, upper, open), at, format(x[at])), argument, at)
    }
    as.double(x)
}

check_conf_level <- function(x) check_number(x, "conf.level", 0, 1, open = TRUE)

check_choice <- function(x, argument, choices) {
    if (!is.character(x) || length(x) != 1 || is.na(x) || !x %in% choices) {
        abort_invalid(sprintf("`%s` must be one of %s; got %s.", argument,
                              paste0("\"", choices, "\"", collapse = ", "), value_text(x)), argument)
    }
    x
}

check_flag <- function(x, argument) {
    if (!isTRUE(x) && !isFALSE(x)) {
        abort_invalid(sprintf("`%s` must be TRUE or FALSE; got %s.", argument, value_text(x)), argument)
    }
    x
}

range_text <- function(lower, upper, open) {
    if (is.infinite(lower) && is.infinite(upper)) return("(finite or Inf)")
    if (is.infinite(upper)) return(sprintf(if (open) "above %g" else ">= %g", lower))
    if (is.infinite(lower)) return(sprintf(if (open) "below %g" else "<= %g", upper))
    sprintf(if (open) "between %g and %g, both excluded" else "between %g and %g", lower, upper)
}

value_text <- function(x) {
    if (is.null(x)) return("NULL")
    if (inherits(x, "integer64")) return("integer64, to be converted with as.double()")
    if (length(x) != 1) return(sprintf("%s of length %d", class(x)[1], length(x)))
    if (is.character(x)) return(sprintf("\"%s\"", x))
    if (is.atomic(x) && !inherits(x, c("Surv", "integer64"))) format(x) else class(x)[1]
}

# For generics of this package, where no method is.
abort_no_method <- function(x, accepted) {
    abort_invalid(sprintf("`x` must be %s; got %s.", accepted, value_text(x)), "x")
}
