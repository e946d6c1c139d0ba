# Vectorised functions take arguments of one common length, or of length 1.

# A list of the same names, each of the common length; another length is an error that names the argument.
recycle <- function(arguments) {
    lengths <- lengths(arguments)
    n <- if (any(lengths == 0)) 0L else max(lengths)
    for (name in names(arguments)) {
        if (!length(arguments[[name]]) %in% c(1L, n)) {
            longest <- names(arguments)[which.max(lengths)]
            abort_invalid(sprintf("`%s` must have length 1 or the length of `%s` (%d); it has length %d.",
                                  name, longest, max(lengths), length(arguments[[name]])), name)
        }
    }
    lapply(arguments, rep_len, n)
}

# "row 3", "rows 1, 4 and 7", "rows 1, 2, 3 and 40 more"
rows_text <- function(rows) {
    if (length(rows) == 1) return(paste("row", rows))
    if (length(rows) > 5) return(sprintf("rows %s and %d more", paste(rows[1:3], collapse = ", "), length(rows) - 3L))
    paste("rows", paste(rows[-length(rows)], collapse = ", "), "and", rows[length(rows)])
}
