# The right-hand side of a survival formula: which of its terms stratify, which are compared.

# The right-hand side by role: lists of evaluated terms.
read_roles <- function(rhs, data, env, call, roles) {
    vectors <- Filter(Negate(is.null), list(group = call$group, strata = if (roles == "groups") call$strata))
    if (length(vectors) && !identical(rhs, 1)) {
        abort_invalid(sprintf("`%s` goes with a `Surv` object; in a formula write the groups on its right-hand side.",
                              names(vectors)[1]), names(vectors)[1])
    }
    if (roles == "strata") {
        return(list(strata = if (length(vectors)) vectors else read_terms(rhs, data, env)))
    }
    if (length(vectors)) {
        return(list(group = vectors[names(vectors) == "group"], strata = vectors[names(vectors) == "strata"]))
    }
    split <- split_strata(rhs)
    strata <- unlist(lapply(split$strata, read_terms, data, env), recursive = FALSE)
    list(group = read_terms(split$rest, data, env), strata = strata)
}

# strata() terms joined by `+`, apart from the rest.
split_strata <- function(rhs) {
    if (is.call(rhs) && identical(rhs[[1]], quote(`(`))) return(split_strata(rhs[[2]]))
    if (is_strata_call(rhs)) return(list(strata = list(rhs), rest = 1))
    if (is.call(rhs) && identical(rhs[[1]], quote(`+`)) && length(rhs) == 3) {
        left <- split_strata(rhs[[2]])
        right <- split_strata(rhs[[3]])
        rest <- if (identical(left$rest, 1)) right$rest
                else if (identical(right$rest, 1)) left$rest
                else call("+", left$rest, right$rest)
        return(list(strata = c(left$strata, right$strata), rest = rest))
    }
    if (has_strata_call(rhs)) {
        abort_invalid(sprintf("`strata()` must be joined to the other terms of `formula` by `+`; got `%s`.",
                              deparse1(rhs)), "formula")
    }
    list(strata = list(), rest = rhs)
}

is_strata_call <- function(x) {
    is.call(x) && (identical(x[[1]], quote(strata)) || identical(x[[1]], quote(survival::strata)) ||
                   identical(x[[1]], quote(osseosurv::strata)))
}

has_strata_call <- function(x) is.call(x) && (is_strata_call(x) || any(vapply(as.list(x)[-1], has_strata_call, NA)))

# Right-hand side: variables joined by +, * or :, or inside strata(); named as the user wrote them.
read_terms <- function(rhs, data, env) {
    if (identical(rhs, 1) || identical(rhs, 1L)) return(list())
    if (!is.language(rhs)) {
        abort_invalid(sprintf("The right-hand side of `formula` must be 1 or name groups; got %s.", value_text(rhs)),
                      "formula")
    }
    if (is.call(rhs)) {
        head <- rhs[[1]]
        if (identical(head, quote(`(`))) return(read_terms(rhs[[2]], data, env))
        if (length(rhs) == 3 && (identical(head, quote(`+`)) || identical(head, quote(`*`)) ||
                                 identical(head, quote(`:`)))) {
            terms <- c(read_terms(rhs[[2]], data, env), read_terms(rhs[[3]], data, env))
            return(terms[!duplicated(names(terms))])
        }
        if (identical(head, quote(`-`))) {
            abort_invalid("`formula` must join its groups by `+`; `-` has no meaning for them.", "formula")
        }
        if (identical(head, quote(offset)) || identical(head, quote(cluster)) ||
            identical(head, quote(survival::cluster)) || identical(head, quote(tt))) {
            abort_invalid(sprintf("`formula` takes groups on its right-hand side; `%s` is not one.", deparse1(rhs)),
                          "formula")
        }
        if (is_strata_call(rhs)) {
            plain <- is.null(names(rhs)) || all(names(rhs) == "")
            if (!plain) return(list(strata = strip_label(readable(eval(rhs, data, env), "formula"))))
            return(do.call(c, lapply(as.list(rhs)[-1], read_terms, data, env)))
        }
    }
    if (identical(rhs, quote(.))) {
        abort_invalid("`formula` must name its groups; `.` is not read.", "formula")
    }
    stats::setNames(list(readable(eval(rhs, data, env), "formula")), as_written(rhs))
}

as_written <- function(expression) if (is.symbol(expression)) as.character(expression) else deparse1(expression)

strip_label <- function(x) structure(as.integer(x), levels = levels(x), class = "factor")

#' Strata from the right-hand side
#'
#' @param terms Named list of vectors of equal length.
#' @return List: `stratum`, integer codes of the combinations present, the first variable varying slowest,
#'   or `NULL` for one; `strata`, their labels.
#' @noRd
read_strata <- function(terms) {
    if (!length(terms)) return(list(stratum = NULL, strata = ""))
    code <- NULL
    for (name in names(terms)) {
        one <- group_codes(terms[[name]], name)
        text <- if (name == "strata") one$levels else paste0(name, "=", one$levels)
        if (is.null(code)) {
            code <- one$code
            labels <- text
        } else {
            joint <- (code - 1) * length(text) + one$code
            present <- sort(unique(joint))
            code <- match(joint, present)
            labels <- paste(labels[(present - 1) %/% length(text) + 1], text[(present - 1) %% length(text) + 1], sep = ", ")
        }
    }
    list(stratum = code, strata = labels)
}

group_codes <- function(x, name) {
    if (is.factor(x)) {
        used <- tabulate(x, nlevels(x)) > 0
        if (all(used)) return(list(code = as.integer(x), levels = levels(x)))
        warn("empty_level", sprintf("`%s` has no rows with level %s; the level is dropped.", name,
                                    paste0("\"", levels(x)[!used], "\"", collapse = ", ")), name)
        return(list(code = cumsum(used)[x], levels = levels(x)[used]))
    }
    if (!is.atomic(x)) abort_invalid(sprintf("`%s` must be a vector of groups; got %s.", name, value_text(x)), name)
    whole_codes(x) %||% {
        values <- sort(unique(x))
        list(code = match(x, values), levels = as.character(values))
    }
}

# Whole numbers close together, as groups mostly are, are counted: hashing a million of them takes longer than their test.
whole_codes <- function(x) {
    if (!is.integer(x) || length(x) < 1000 || is.object(x)) return(NULL)
    ends <- range(x)
    if (anyNA(ends) || as.double(ends[2]) - ends[1] > 1e4) return(NULL)
    place <- x - (ends[1] - 1L)
    used <- tabulate(place, ends[2] - ends[1] + 1L) > 0
    code <- if (all(used)) place else cumsum(used)[place]
    list(code = code, levels = as.character(which(used) + (ends[1] - 1L)))
}
