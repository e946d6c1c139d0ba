#' Eleven femora: porous prostheses after osteomyelitis
#'
#' The published tables of Chen et al. (2024): 11 femoral defects after osteomyelitis, cleared in a first
#' stage and bridged by a 3D-printed porous titanium prosthesis in a second.
#'
#' Age and sex are published only as a mean (52.4 years), a range and 7 men to 4 women, so both columns are
#' missing. `fixation_basis` and `union_basis` say whether a value is in the text or inferred, and from
#' what: of the 11 values of `union`, five are inferred, among them that case 8 is the one with the
#' integrated nail and without union. `organism` in `patients` is the culture of the first stage; the
#' organism of the deep infection after implantation (case 4) is not reported. Pin-tract infections (cases
#' 2, 3, 8) belong to the external fixator between the stages and are complications, not recurrences.
#' `$interfaces` is the first of the 84 tables that the paper allows, [masquelet_femur_assignments()], all
#' of which are in `$assignments`; a result that depends on which one is true should be given as its range over them.
#'
#' Files `chen-2024-interfaces.csv` (what the paper says of the interfaces, as counts over candidate
#' patients) and `chen-2024-published.csv` (`figure`, `text`, `place`, `from_tables`: figures of the text
#' beside what the tables give) are in the folder `extdata` of the package, with the tables of the cohort as
#' CSV and as a workbook.
#'
#' @format A [cohort()] with `patients` (11 rows; beyond the contract `fixation_basis`, `comorbidity`,
#'   `complications_as_printed`, `union` (0/1), `union_basis`, `organism`), `interfaces` (22), `infections`
#'   (1), `complications` (9), `labs` (66: WBC in 10^9/L, CRP in mg/L, ESR in mm/h at stage 1, after the
#'   last debridement, and stage 2, before implantation) and `totals` (13 figures of the text).
#' @source Chen Z, Xing Y, Li X, Liu B, Liu N, Huo Y, Tian Y (2024) BMC Musculoskeletal Disorders
#'   \doi{10.1186/s12891-024-07576-x}, tables 1 to 3 and text.
#' @examples
#' masquelet_femur
#' with(masquelet_femur$patients, sum(followup_mo) / length(followup_mo))
"masquelet_femur"

#' The 84 interface tables that the paper allows
#'
#' Chen et al. (2024) print when bone grew onto the prosthesis as counts, not by patient. Seven choices of
#' the one critical defect with late proximal growth, three of the diaphyseal one without distal growth, two
#' of the partial metaphyseal defect with early growth and two of which of these grew proximally make 84
#' assignments, all equally in agreement with the paper.
#'
#' @return List of 84 data frames of 22 rows, ordered by `patient`, then proximal before distal: `patient`,
#'   `interface`, `left_mo`, `right_mo` (months; `Inf` = not seen by the end of follow-up), `basis`. Each is
#'   valid for `cohort(interfaces = )`.
#' @source \doi{10.1186/s12891-024-07576-x}, results and table 3; see the file `chen-2024-interfaces.csv`.
#' @examples
#' tables <- masquelet_femur_assignments()
#' length(tables)
#' # Proximal union by 12 months is the same in all of them:
#' range(sapply(tables, function(t) sum(t$right_mo[t$interface == "proximal"] <= 12)))
#' @export
masquelet_femur_assignments <- function() {
    lapply(osseosurv::masquelet_femur$assignments, `[`, c("patient", "interface", "left_mo", "right_mo", "basis"))
}

#' All assignments of published counts to candidate patients
#'
#' Rows with the same defect type, interface and candidates are one group, whose counts add up to its
#' candidates. "one side" and "other side" are proximal and distal, in either order, with one candidate of
#' each order.
#'
#' @param published Data frame `defect_type`, `interface`, `candidates` (ids joined by ";"), `count`,
#'   `left_mo`, `right_mo` (numbers, "Inf" or "followup", the patient's own), `basis`, all text.
#' @param followup Named numeric: months by patient.
#' @return List of data frames as in masquelet_femur_assignments(). The first group varies slowest; within a
#'   group the last row goes to the candidates in their order.
#' @noRd
enumerate_assignments <- function(published, followup) {
    key <- paste(published$defect_type, published$interface, published$candidates)
    groups <- lapply(split(seq_len(nrow(published)), factor(key, unique(key))), function(rows) {
        candidates <- strsplit(published$candidates[rows[1]], ";", fixed = TRUE)[[1]]
        counts <- as.integer(published$count[rows])
        if (sum(counts) != length(candidates)) stop("counts do not add up to the candidates: ", key[rows[1]])
        lapply(arrangements(counts), function(which_row) {
            data.frame(patient = candidates, interface = published$interface[rows[1]],
                       published = rows[which_row])
        })
    })
    sided <- unique(published$candidates[published$interface == "one side"])
    if (length(sided)) {
        pair <- strsplit(sided, ";", fixed = TRUE)[[1]]
        groups$proximal_side <- lapply(pair, function(patient) list(patient = patient))
    }
    grid <- do.call(expand.grid, rev(lapply(groups, seq_along)))
    grid <- grid[rev(seq_along(grid))]
    lapply(seq_len(nrow(grid)), function(i) {
        chosen <- Map(function(group, k) group[[k]], groups, as.integer(grid[i, ]))
        proximal <- chosen$proximal_side$patient
        chosen$proximal_side <- NULL
        rows <- do.call(rbind, unname(chosen))
        first <- rows$interface == "one side"
        rows$interface[first] <- ifelse(rows$patient[first] == proximal, "proximal", "distal")
        other <- rows$interface == "other side"
        rows$interface[other] <- ifelse(rows$patient[other] == proximal, "distal", "proximal")
        months <- function(column) {
            text <- published[[column]][rows$published]
            own <- text == "followup"
            text[own] <- followup[rows$patient[own]]
            as.numeric(text)
        }
        out <- data.frame(patient = rows$patient, interface = rows$interface, left_mo = months("left_mo"),
                          right_mo = months("right_mo"), basis = published$basis[rows$published])
        out <- out[order(as.integer(out$patient), out$interface != "proximal"), ]
        rownames(out) <- NULL
        out
    })
}

# Distinct orders of row numbers repeated `counts` times; the last row's places vary slowest, from the front.
arrangements <- function(counts) {
    fill <- function(places, k) {
        if (k == 1) return(list(stats::setNames(rep(1L, length(places)), places)))
        sets <- utils::combn(length(places), counts[k], simplify = FALSE)
        unlist(lapply(sets, function(set) {
            lapply(fill(places[-set], k - 1L), function(rest) {
                c(rest, stats::setNames(rep(as.integer(k), length(set)), places[set]))
            })
        }), recursive = FALSE)
    }
    lapply(fill(seq_len(sum(counts)), length(counts)), function(x) unname(x[order(as.integer(names(x)))]))
}
