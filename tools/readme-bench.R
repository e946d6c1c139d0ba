# The table of the section "Speed" in README.md, from bench/results/*.csv: Rscript tools/readme-bench.R
# A row a case, at the smallest and the largest n at which a peer was timed.

read_results <- function(path) {
    rows <- utils::read.csv(path)
    # A likelihood that stops short of the maximum has done another job.
    rows <- rows[rows$capability != "npmle" | rows$difference < 1e-5, ]
    rows$capability <- sub("^npmle$", "NPMLE", rows$capability)
    rows[c("capability", "case", "n", "alternative", "median_s", "ratio")]
}

seconds_text <- function(s) {
    unit <- if (s < 1e-3) 1 else if (s < 1) 2 else 3
    paste(format(signif(s * c(1e6, 1e3, 1)[unit], 2)), c("us", "ms", "s")[unit])
}

# 11, 1e4: as one says them.
size_text <- function(n) if (n >= 1e4) sub("e\\+0?", "e", format(n, scientific = TRUE)) else format(n)

line_of <- function(rows) {
    ours <- rows[rows$alternative == "osseosurv", ]
    peers <- rows[!startsWith(rows$alternative, "osseosurv"), ]
    peers <- peers[order(peers$ratio), ]
    ratio <- vapply(peers$ratio, function(r) format(signif(r, 2), scientific = FALSE, trim = TRUE, big.mark = ","), "")
    sprintf("| %s | %s | %s | %s | %s |", gsub("-", " ", ours$capability), ours$case, size_text(ours$n),
            seconds_text(ours$median_s), paste(sub(":", "::", peers$alternative), ratio, collapse = ", "))
}

files <- sort(list.files("bench/results", "\\.csv$", full.names = TRUE))
results <- do.call(rbind, lapply(files, read_results))
lines <- unlist(lapply(split(results, paste(results$capability, results$case, sep = "\r")), function(rows) {
    compared <- rows[!startsWith(rows$alternative, "osseosurv"), ]
    if (nrow(compared)) lapply(unique(range(compared$n)), function(n) line_of(rows[rows$n == n, ]))
}), use.names = FALSE)
table <- c("| capability | case | n | osseosurv | peers: their time over ours |", "| --- | --- | --- | --- | --- |", lines)

readme <- readLines("README.md")
start <- which(readme == "<!-- bench: start -->")
end <- which(readme == "<!-- bench: end -->")
stopifnot(length(start) == 1, length(end) == 1, start < end)
writeLines(c(readme[seq_len(start)], table, readme[end:length(readme)]), "README.md")
