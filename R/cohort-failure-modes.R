#' Schemes of failure modes
#'
#' The modes that `failure_mode` with `scheme` may take in the table `patients` of a [cohort()], and the subtypes that the
#' later scheme divides them into. [collapse_modes()] goes from subtypes to modes, to groups, or to the other scheme.
#'
#' @format Data frame, one row per mode: `scheme` (Henderson 2011, ISOLS 2014), `year`, `mode` (whole number), `label`,
#'   `group` (mechanical, non-mechanical, paediatric), `subtype_a`, `subtype_b` (what the letters A and B after the mode
#'   stand for in a reconstruction by endoprosthesis; `NA`: the scheme has none), `reference`, `subtype_grade` (how the
#'   subtypes are attested: B as a review names them, C not compared with the text of the paper).
#' @source Henderson ER et al. (2011) J Bone Joint Surg Am 93:418 \doi{10.2106/JBJS.J.00834}; Henderson ER
#'   et al. (2014) Bone Joint J 96-B:1436 \doi{10.1302/0301-620X.96B11.34747}; mode 6 and its subtypes also in Shah A et
#'   al. (2024) \doi{10.3390/curroncol31100465}.
#' @examples
#' failure_modes[failure_modes$scheme == "Henderson 2011", c("mode", "label", "group")]
"failure_modes"

#' Failure modes in coarser terms, or in another scheme
#'
#' @param modes Modes: numbers (`3`) or text, with the subtype's letter if there is one (`"3B"`). `NA` stays `NA`.
#' @param scheme Scheme of `modes`: `"Henderson 2011"` or `"ISOLS 2014"`, one for all or one for each.
#' @param to `"mode"` (drops the subtype's letter), `"label"`, `"group"` (mechanical, non-mechanical, paediatric), or the
#'   name of a scheme: the mode there. Modes 1 to 5 of both schemes are the same five types; the paediatric mode 6 of ISOLS
#'   2014 has no counterpart in 2011.
#' @return Vector as long as `modes`: whole numbers for `"mode"` and a scheme, else text.
#' @section Errors: `osseosurv_invalid` (with `index`) for a mode or subtype that its scheme lacks, and for one without a
#'   counterpart in the scheme asked for.
#' @seealso [failure_modes], [reconstruction_survival()] (`modes`).
#' @examples
#' collapse_modes(c("1A", "3B", "6A", NA), "ISOLS 2014", to = "group")
#' collapse_modes(c(2, 4, 5), "ISOLS 2014", to = "Henderson 2011")
#' @export
collapse_modes <- function(modes, scheme, to = "group") {
    table <- osseosurv::failure_modes
    schemes <- unique(table$scheme)
    check_choice(to, "to", c("mode", "label", "group", schemes))
    if (!is_number(modes) && !is.character(modes) && !is.factor(modes) && !all(is.na(modes))) {
        abort_invalid(sprintf("`modes` must be numbers or text such as \"3B\"; got %s.", value_text(modes)), "modes")
    }
    scheme <- as.character(scheme)
    if (!length(scheme) %in% c(1L, length(modes))) {
        abort_invalid(sprintf("`scheme` must be one name or one for each of the %d modes; got %d.", length(modes),
                              length(scheme)), "scheme")
    }
    scheme <- rep_len(scheme, length(modes))
    text <- as.character(modes)
    given <- !is.na(text)
    unknown <- which(given & !scheme %in% schemes)
    if (length(unknown)) {
        abort_invalid(sprintf("`scheme` must be one of %s; element %d is \"%s\".",
                              paste0("\"", schemes, "\"", collapse = ", "), unknown[1], scheme[unknown[1]]), "scheme", unknown[1])
    }
    letter <- ifelse(grepl("^[0-9]+[ABab]$", text), toupper(sub("^[0-9]+", "", text)), "")
    row <- match(paste(scheme, sub("[ABab]$", "", text)), paste(table$scheme, table$mode))
    lacks <- is.na(row) | letter != "" & is.na(table$subtype_a[row])
    if (any(given & lacks)) {
        at <- which(given & lacks)[1]
        abort_invalid(sprintf("`modes` must be modes of their scheme; element %d, \"%s\", is not in %s.", at, text[at],
                              scheme[at]), "modes", at)
    }
    row[!given] <- NA
    if (!to %in% schemes) return(table[[to]][row])
    there <- table$mode[row] %in% table$mode[table$scheme == to]
    if (any(given & !there)) {
        at <- which(given & !there)[1]
        abort_invalid(sprintf("`modes` must have a counterpart in %s; element %d, %s, has none.", to, at,
                              table$label[row[at]]), "modes", at)
    }
    table$mode[row]
}
