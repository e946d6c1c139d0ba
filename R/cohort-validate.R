# Holding tables against the contract. Every fault is collected, none is mended; the caller raises
# them all in one error.

fault <- function(table, row = NA, column = NA, value = NA, rule) {
    n <- max(length(row), length(column), length(value))
    if (!length(row) || !length(rule)) n <- 0
    recycle <- function(x) rep_len(x, n)
    data.frame(table = recycle(table), row = recycle(as.integer(row)), column = recycle(as.character(column)),
               value = recycle(as.character(value)), rule = recycle(rule))
}

# Values as the user would recognise them.
shown <- function(x) {
    text <- if (is.numeric(x)) format_numbers(x) else as.character(x)
    text[is.na(x)] <- if (is.numeric(x)) ifelse(is.nan(x[is.na(x)]), "NaN", "NA") else "NA"
    long <- nchar(text, type = "chars", allowNA = TRUE, keepNA = FALSE) > 60
    text[which(long)] <- paste0(substr(text[which(long)], 1, 57), "...")
    text
}

format_numbers <- function(x) formatC(as.double(x), digits = 15, format = "fg", width = 1)

#' Check all tables of a cohort
#'
#' @param tables Named list of what the user gave, `NULL` where nothing.
#' @param from_text The tables come from a file, where numbers may be written as text.
#' @return List of `tables` (ids as text, dates as months, defaults filled in), `faults`, and `dropped`, the
#'   factor columns that lost an empty level.
#' @noRd
validate_tables <- function(tables, from_text = FALSE) {
    faults <- list()
    add <- function(...) faults[[length(faults) + 1]] <<- fault(...)
    dropped <- character()

    for (pair in contract_alternatives) {
        if (all(!vapply(tables[pair], is.null, NA))) {
            add(pair[2], rule = sprintf("give either `%s` or `%s`, not both", pair[1], pair[2]))
        }
    }
    for (table in names(tables)) {
        if (is.null(tables[[table]])) next
        shaped <- check_shape(tables[[table]], table)
        faults <- c(faults, shaped$faults)
        dropped <- c(dropped, shaped$dropped)
        tables[table] <- list(shaped$data)
    }

    patients <- tables$patients
    if (!is.null(patients)) {
        checked <- check_patients(patients, from_text)
        patients <- tables$patients <- checked$data
        faults <- c(faults, checked$faults)
    }
    for (table in setdiff(names(tables), "patients")) {
        if (is.null(tables[[table]])) next
        checked <- check_other(tables[[table]], table, patients, from_text)
        tables[[table]] <- checked$data
        faults <- c(faults, checked$faults)
    }
    faults <- do.call(rbind, c(list(fault("patients", row = integer(), rule = character())), faults))
    list(tables = tables, faults = faults[order(match(faults$table, cohort_tables)), ], dropped = dropped)
}

# A data frame of plain columns with proper names, or faults.
check_shape <- function(data, table) {
    faults <- list()
    add <- function(...) faults[[length(faults) + 1]] <<- fault(table, ...)
    if (!is.data.frame(data)) {
        add(value = class(data)[1], rule = "must be a data frame")
        return(list(data = NULL, faults = faults, dropped = character()))
    }
    data <- as.data.frame(data)
    rownames(data) <- NULL
    bad <- is.na(names(data)) | !nzchar(names(data))
    if (any(bad)) add(column = which(bad), rule = "every column must have a name")
    twice <- unique(names(data)[duplicated(names(data)) & !bad])
    if (length(twice)) add(column = twice, rule = "column names must be unique")
    data <- data[!bad & !duplicated(names(data))]

    plain <- vapply(data, function(v) is.atomic(v) && is.null(dim(v)), NA)
    if (any(!plain)) {
        add(column = names(data)[!plain], value = vapply(data[!plain], function(v) class(v)[1], ""),
            rule = "must be a plain vector: one value a row")
        data <- data[plain]
    }
    missing <- setdiff(contract_of(table)$column[contract_of(table)$filled %in% c("yes", "column")],
                       c(names(data), names(plain)[!plain]))
    if ("patient" %in% names(data)) missing <- setdiff(missing, "reconstruction")
    if (length(missing)) add(column = missing, rule = "this column is required")
    if (table == "patients" && nrow(data) == 0) {
        add(value = "0 rows", rule = "there must be at least one patient")
    }

    dropped <- character()
    for (column in names(data)) {
        if (is.factor(data[[column]]) && nlevels(droplevels(data[[column]])) < nlevels(data[[column]])) {
            dropped <- c(dropped, sprintf("%s$%s", table, column))
            data[[column]] <- droplevels(data[[column]])
        }
    }
    list(data = data, faults = faults, dropped = dropped)
}

check_patients <- function(patients, from_text) {
    n <- nrow(patients)
    named <- if ("reconstruction" %in% names(patients)) "reconstruction" else "patient"
    ids <- check_columns(patients, "patients", c("patient", "reconstruction", "index_date"), NULL, from_text)
    data <- ids$data
    if (is.null(data$reconstruction)) data$reconstruction <- data$patient
    if (is.null(data$entry_mo)) data$entry_mo <- rep(0, n)
    columns <- setdiff(contract_of("patients")$column, c("patient", "reconstruction", "index_date"))
    rest <- check_columns(data, "patients", columns, data$index_date, from_text)
    data <- rest$data
    first <- intersect(c("patient", "reconstruction"), names(data))
    data <- data[c(first, setdiff(names(data), first))]
    faults <- c(ids$faults, rest$faults, check_order(data, "patients"),
                check_keys(data, "patients", named), check_failure_modes(data))
    list(data = data, faults = faults)
}

check_other <- function(data, table, patients, from_text) {
    faults <- list()
    index_date <- NULL
    if (table != "totals") {
        linked <- link_reconstruction(data, table, patients, from_text)
        data <- linked$data
        faults <- linked$faults
        if (!is.null(patients$index_date)) {
            index_date <- patients$index_date[match(data$reconstruction, patients$reconstruction)]
        }
    }
    columns <- setdiff(contract_of(table)$column, "reconstruction")
    rest <- check_columns(data, table, columns, index_date, from_text)
    list(data = rest$data, faults = c(faults, rest$faults, check_order(rest$data, table),
                                      check_keys(rest$data, table), check_union_at_once(rest$data, table)))
}

# An interval (0, 0] is empty: union takes time.
check_union_at_once <- function(data, table) {
    rule <- "union cannot be seen at the implantation itself (month 0)"
    at_once <- switch(table, interfaces = data$right_mo == 0, visits = data$month == 0 & data$union == 1)
    bad <- which(as.logical(at_once))
    list(fault(table, bad, if (table == "visits") "month" else "right_mo", rep("0", length(bad)), rule))
}

# The reconstruction that each row belongs to; `patient` stands for it where each patient has one.
link_reconstruction <- function(data, table, patients, from_text) {
    by <- intersect(c("reconstruction", "patient"), names(data))
    if (!length(by)) return(list(data = data, faults = list()))
    faults <- list()
    add <- function(...) faults[[length(faults) + 1]] <<- fault(table, ...)
    for (column in by) {
        spec <- contract_of(table, "reconstruction")
        spec$column <- column
        checked <- check_column(data[[column]], spec, NULL, from_text)
        data[[column]] <- checked$values
        faults <- c(faults, faults_of(checked, table, column))
    }
    known <- patients$reconstruction
    # Without identifiers in `patients`, itself a fault, there is nothing to link to.
    if (is.null(known) || is.null(patients$patient)) return(list(data = data, faults = faults))
    if ("reconstruction" %in% by) {
        id <- data$reconstruction
        lost <- which(!is.na(id) & !id %in% known)
        if (length(lost)) {
            add(lost, "reconstruction", shown(id[lost]), "no row of `patients` has this reconstruction")
        }
        if ("patient" %in% by) {
            owner <- patients$patient[match(id, known)]
            wrong <- which(!is.na(owner) & !is.na(data$patient) & owner != data$patient)
            if (length(wrong)) {
                add(wrong, "patient", shown(data$patient[wrong]),
                    "`patients` gives this reconstruction to another patient")
            }
        }
    } else {
        id <- data$patient
        lost <- which(!is.na(id) & !id %in% patients$patient)
        if (length(lost)) add(lost, "patient", shown(id[lost]), "no row of `patients` has this patient")
        several <- which(id %in% patients$patient[duplicated(patients$patient)])
        if (length(several)) {
            add(several, "patient", shown(id[several]),
                "this patient has several reconstructions; give `reconstruction`")
        }
        data <- cbind(data.frame(reconstruction = known[match(id, patients$patient)]), data)
    }
    list(data = data, faults = faults)
}

check_columns <- function(data, table, columns, index_date, from_text) {
    faults <- list()
    for (column in intersect(columns, names(data))) {
        checked <- check_column(data[[column]], contract_of(table, column), index_date, from_text)
        data[[column]] <- checked$values
        faults <- c(faults, faults_of(checked, table, column))
    }
    list(data = data, faults = faults)
}

faults_of <- function(checked, table, column) {
    lapply(checked$wrong, function(w) fault(table, w$row, column, w$value, w$rule))
}

# One column: values in the type of the contract, and what is wrong (rows, values, rule).
check_column <- function(values, spec, index_date, from_text) {
    wrong <- list()
    add <- function(row, rule, value = shown(given[row])) {
        if (length(row)) wrong[[length(wrong) + 1]] <<- list(row = row, value = value, rule = rule)
    }
    given <- values
    absent <- which(is.na(given) & !is.nan(if (is.numeric(given)) given else rep(0, length(given))))
    if (spec$filled %in% c("yes", "given")) add(absent, "must not be missing")

    parsed <- contract_parsers[[spec$type]](given, spec, index_date, from_text)
    add(parsed$wrong, parsed$rule %||% contract_rule(spec))
    values <- parsed$values

    if (is.numeric(values) && !inherits(values, "Date")) {
        outside <- which(values < spec$lower | values > spec$upper & !(is.infinite(values) & values > 0))
        outside <- setdiff(outside, parsed$wrong)
        serial <- grepl("^month", spec$type) & !is.na(values[outside]) & values[outside] > 20000
        add(outside[serial], paste("must be months; a number this large is a spreadsheet's day count:",
                                   "format the cells as dates and give `index_date`"))
        add(outside[!serial], if (is_date_like(as_text(given)) && !is.null(index_date)) {
            "must not be before `index_date`"
        } else {
            contract_rule(spec)
        })
    }
    # A value at fault takes no part in the rules that compare columns: one fault, one line.
    values[unlist(lapply(wrong, function(w) w$row))] <- NA
    list(values = values, wrong = wrong)
}

is_date_like <- function(x) {
    inherits(x, "Date") || inherits(x, "POSIXt") || (is.character(x) && any(grepl(iso_date, x)))
}

iso_date <- "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
plain_number <- "^[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?$|^[-+]?Inf$"

as_text <- function(x) if (is.factor(x)) as.character(x) else x

# Calendar day of dates, date-times and ISO text; NA where there is none.
as_day <- function(x) {
    if (inherits(x, "Date")) return(x)
    if (inherits(x, "POSIXt")) return(as.Date(format(x, "%Y-%m-%d")))
    day <- rep(as.Date(NA), length(x))
    iso <- which(grepl(iso_date, x))
    day[iso] <- as.Date(x[iso], format = "%Y-%m-%d")
    day
}

days_per_month <- 365.25 / 12

parse_number <- function(values, spec, index_date, from_text) {
    values <- as_text(values)
    if (is.numeric(values) && is.null(oldClass(values))) {
        wrong <- which(is.nan(values) | is.infinite(values))
        return(list(values = as.double(values), wrong = wrong))
    }
    if (is.logical(values) && all(is.na(values))) return(list(values = as.double(values), wrong = integer()))
    if (!is.character(values)) {
        return(list(values = rep(NA_real_, length(values)), wrong = which(!is.na(values))))
    }
    text <- trimws(values)
    number <- grepl(plain_number, text)
    out <- rep(NA_real_, length(text))
    out[number] <- as.double(text[number])
    wrong <- which(!is.na(values) & (!number | is.infinite(out)))
    rule <- NULL
    if (!from_text && !length(wrong) && any(number)) {
        # Text in a data frame is never turned into numbers behind the user's back.
        wrong <- which(number)
        rule <- paste0(contract_rule(spec), "; got text: convert the column with as.numeric()")
    }
    list(values = out, wrong = wrong, rule = rule)
}

parse_whole <- function(values, spec, index_date, from_text) {
    parsed <- parse_number(values, spec, index_date, from_text)
    parsed$wrong <- union(parsed$wrong, which(!is.na(parsed$values) & parsed$values != round(parsed$values)))
    parsed
}

parse_month <- function(values, spec, index_date, from_text) {
    values <- as_text(values)
    never <- spec$type == "month_or_never"
    if (is_date_like(values)) {
        day <- as_day(values)
        if (is.null(index_date)) {
            return(list(values = rep(NA_real_, length(values)), wrong = which(!is.na(values)),
                        rule = paste("a date needs the column `index_date` in `patients`;",
                                     "without it", contract_rule(spec))))
        }
        months <- as.double(day - index_date) / days_per_month
        text <- if (is.character(values)) trimws(values) else rep("", length(values))
        number <- grepl(plain_number, text)
        months[number] <- as.double(text[number])
        wrong <- which(!is.na(values) & (is.na(months) | (is.infinite(months) & !(never & months > 0))))
        return(list(values = months, wrong = wrong))
    }
    parsed <- parse_number(values, spec, index_date, from_text)
    if (never && is.null(parsed$rule)) {
        endless <- (if (is.character(values)) trimws(values) else values) %in% c("Inf", "+Inf", Inf)
        parsed$values[endless] <- Inf
        parsed$wrong <- setdiff(parsed$wrong, which(endless))
    }
    parsed
}

parse_logical <- function(values, spec, index_date, from_text) {
    values <- as_text(values)
    truth <- if (is.logical(values)) {
        values
    } else if (is.numeric(values) && is.null(oldClass(values))) {
        ifelse(values %in% 0:1, values == 1, NA)
    } else if (is.character(values) && from_text) {
        unname(c("TRUE" = TRUE, "FALSE" = FALSE, "1" = TRUE, "0" = FALSE)[toupper(trimws(values))])
    } else {
        rep(NA, length(values))
    }
    wrong <- which(is.na(truth) & !(is.na(values) & !is.nan(if (is.numeric(values)) values else 0)))
    list(values = if (spec$type == "binary") as.integer(truth) else truth, wrong = wrong)
}

# Values of each type from what was given: `values` in the type kept, `wrong` rows.
contract_parsers <- list(
    id = function(values, spec, index_date, from_text) {
        values <- as_text(values)
        usable <- is.character(values) || (is.numeric(values) && is.null(oldClass(values)))
        text <- if (is.numeric(values)) shown(values) else as.character(values)
        text[is.na(values)] <- NA
        wrong <- if (usable) which(!is.na(text) & !nzchar(trimws(text))) else which(!is.na(values))
        if (is.numeric(values)) wrong <- union(wrong, which(is.nan(values) | is.infinite(values)))
        list(values = text, wrong = wrong)
    },
    text = function(values, spec, index_date, from_text) list(values = values, wrong = integer()),
    level = function(values, spec, index_date, from_text) {
        known <- as.character(values) %in% contract_levels(spec)
        list(values = values, wrong = which(!is.na(values) & !known))
    },
    number = parse_number,
    whole = parse_whole,
    month = parse_month,
    month_or_never = parse_month,
    flag = parse_logical,
    binary = parse_logical,
    date = function(values, spec, index_date, from_text) {
        values <- as_text(values)
        day <- if (is_date_like(values)) as_day(values) else rep(as.Date(NA), length(values))
        list(values = day, wrong = which(is.na(day) & !is.na(values)))
    }
)

check_order <- function(data, table) {
    rules <- contract_order[contract_order$table == table, ]
    lapply(seq_len(nrow(rules)), function(i) {
        low <- data[[rules$low[i]]]
        high <- data[[rules$high[i]]]
        if (is.null(low) || is.null(high)) return(fault(table, integer(), rule = character()))
        bad <- which(low > high | (rules$strict[i] & low == high & low > 0))
        fault(table, bad, rules$low[i], sprintf("%s against %s", shown(low[bad]), shown(high[bad])),
              rules$rule[i])
    })
}

check_keys <- function(data, table, named = NULL) {
    rules <- Filter(function(rule) rule$table == table && all(rule$key %in% names(data)), contract_keys)
    lapply(rules, function(rule) {
        key <- data[rule$key]
        whole <- stats::complete.cases(key)
        bad <- which(whole & duplicated(key))
        value <- do.call(paste, c(lapply(key, function(k) shown(as_text(k))[bad]), sep = " "))
        fault(table, bad, named %||% paste(rule$key, collapse = " + "), value, rule$rule)
    })
}

# A mode means something only within its scheme, and only when something failed.
check_failure_modes <- function(data) {
    mode <- data$failure_mode
    if (is.null(mode)) return(list())
    n <- length(mode)
    scheme <- as.character(data$scheme %||% rep(NA, n))
    end <- as.character(data$end %||% rep(NA, n))
    given <- !is.na(mode)
    code <- paste(scheme, mode)
    modes <- osseosurv::failure_modes
    known <- code %in% paste(modes$scheme, modes$mode)
    bare <- which(given & is.na(scheme))
    beyond <- which(given & scheme %in% modes$scheme & mode %in% modes$mode & !known)
    idle <- which(given & end %in% c("censored", "lost", "death"))
    list(
        fault("patients", bare, "failure_mode", shown(mode[bare]), "a failure mode needs its `scheme`"),
        fault("patients", beyond, "failure_mode", sprintf("%s in %s", shown(mode[beyond]), scheme[beyond]),
              "the scheme has no such mode"),
        fault("patients", idle, "failure_mode", sprintf("%s with end %s", shown(mode[idle]), end[idle]),
              "a failure mode belongs to `end` failure or amputation")
    )
}

# One error for all faults.
abort_faults <- function(faults, what) {
    at <- ifelse(is.na(faults$row), "", sprintf(", row %d", faults$row))
    if (!is.null(faults$place)) at <- ifelse(is.na(faults$place), at, sprintf("%s (%s)", at, faults$place))
    column <- ifelse(is.na(faults$column), "", sprintf(", `%s`", faults$column))
    value <- ifelse(is.na(faults$value), "", sprintf(" is %s", faults$value))
    lines <- sprintf("  %s%s%s%s: %s", faults$table, at, column, value, faults$rule)
    most <- 30
    if (length(lines) > most) {
        lines <- c(lines[seq_len(most)],
                   sprintf("  and %d more; all are in `faults` of the condition", length(lines) - most))
    }
    head <- sprintf("%s has %d fault%s; nothing was changed:", what, nrow(faults),
                    if (nrow(faults) == 1) "" else "s")
    first <- which(!is.na(faults$row))[1]
    abort_invalid(paste(c(head, lines), collapse = "\n"), faults$table[1],
                  if (is.na(first)) NULL else faults$row[first], faults = faults)
}
