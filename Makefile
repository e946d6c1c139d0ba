# make report   install what is missing, build, run the main job on the published cohort into report/
# make test     install what is missing, build, run every test; ends with "N passed, N failed, N skipped"
# make fuzz     long fuzzing;  make bench   timings against the peers;  make document   man/ and NAMESPACE;  make readme   its picture and table

LIBRARY = build/library
R_RUN = R_LIBS=$(CURDIR)/$(LIBRARY) Rscript --vanilla

help:
	@sed -n '1,3s/^# //p' Makefile

setup:
	@tools/setup.sh run

setup-tests:
	@tools/setup.sh test

install: setup
	@mkdir -p $(LIBRARY)
	@R CMD INSTALL --no-multiarch --no-docs --no-test-load --preclean --library=$(LIBRARY) . >build/install.log 2>&1 \
	|| { cat build/install.log; exit 1; }

report: install
	@$(R_RUN) tools/report.R report

test: setup-tests
	@tools/run-tests.sh

fuzz: setup-tests
	$(MAKE) -C tests/fuzz long

bench: setup-tests install
	@R_LIBS=$(CURDIR)/$(LIBRARY) bench/run.sh

document:
	R_LIBS=$(CURDIR)/$(LIBRARY) Rscript -e 'roxygen2::roxygenise(load_code = roxygen2::load_installed)' && git diff --stat -- man NAMESPACE

readme: install
	@$(R_RUN) tools/readme-figure.R
	@$(R_RUN) tools/readme-bench.R

clean:
	rm -rf build report src/*.o src/*/*.o src/*.so src/Makevars

.PHONY: help setup setup-tests install report test fuzz bench document readme clean
