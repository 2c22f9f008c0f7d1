# txpipe: one Makefile, no configure step. `make` builds bin/, `make check` tests quickly, `make asan` tests with sanitizers, `make tsan` for races.
# Which tool links what stands right below: its first file holds main().

TXGEN      = producer/txgen.c producer/gen_amounts.c producer/gen_dims.c producer/gen_emit.c producer/gen_faults.c \
	producer/gen_labels.c producer/gen_math.c producer/gen_pace.c producer/gen_people.c producer/gen_purchase.c producer/gen_report.c \
	producer/gen_scenarios.c producer/gen_shares.c producer/gen_shops.c producer/gen_stream.c producer/gen_world.c
KPRODUCE   = producer/kproduce.c producer/deliver.c producer/strip.c
KCONSUME   = $(addprefix kcat-like/,kconsume.c consume.c assign.c commit.c connect.c emit.c facts.c partition.c position.c query.c \
	rewind.c sink.c start.c take.c)
KMOCK      = kcat-like/kmock.c
FRAUDCHECK = fraudcheck/fraudcheck.c $(filter-out fraudcheck/fraudcheck.c,$(wildcard fraudcheck/*.c))
PGLOAD     = $(addprefix pgload/,pgload.c batch.c catalogue.c copy.c dead_letter.c encode.c encode_json.c encode_number.c \
	encode_numeric.c encode_text.c encode_time.c fence.c fence_sql.c holes.c load.c migrate.c notify.c positions.c refusals.c row.c \
	server.c stage.c stage_sql.c worker.c writer.c)
AGGREGATE  = aggregate/aggregate.c $(filter-out aggregate/aggregate.c,$(wildcard aggregate/*.c))
TXDASH     = $(addprefix dashboard/,txdash.c address.c answer.c asker.c auth.c broker.c count.c database.c endpoint.c grid.c hub.c live.c once.c page.c \
	params.c readable.c scrape.c tail.c watch.c web.c)

LIBS_txgen      =
LIBS_kproduce   = rdkafka
LIBS_kconsume   = rdkafka
LIBS_kmock      = rdkafka
LIBS_fraudcheck = jansson
LIBS_pgload     = libpq
LIBS_aggregate  = libpq yaml-0.1
LIBS_txdash     = libpq rdkafka libmicrohttpd libcrypt

# lib/ is one archive: a tool takes from it what it uses. The parts that need a library of their own:
LIB_KAFKA = lib/kafka.c
LIB_PG    = lib/pg.c

TOOLS = txgen kproduce kconsume kmock fraudcheck pgload aggregate txdash
PKGS  = rdkafka libpq jansson yaml-0.1 libcrypto libmicrohttpd libcrypt

BUILD ?= build
BIN   ?= bin
PREFIX ?= /usr/local
CC ?= cc
PKG_CONFIG ?= pkg-config

OPTIMISE ?= -O2 -g
WARN     ?= -Wall -Wextra -Wconversion -Werror
SANITIZE ?=
# What makes a hole in the code harder to use; tests/tools/hardening.t looks for it in the binaries. It comes last, so that a distribution's own
# flags cannot define _FORTIFY_SOURCE a second time; sanitizers watch the same calls themselves.
HARDEN  = -fPIE -fstack-protector-strong -fstack-clash-protection $(if $(SANITIZE)$(findstring -O0,$(OPTIMISE)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE $(WARN) $(OPTIMISE) $(SANITIZE) -ffp-contract=off \
	-Ilib -I$(BUILD) $(shell $(PKG_CONFIG) --cflags $(PKGS)) $(CPPFLAGS) $(CFLAGS) $(HARDEN)
LDFLAGS_ALL = $(SANITIZE) -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code -Wl,--as-needed $(LDFLAGS)

all: $(TOOLS:%=$(BIN)/%)

# --- objects -----------------------------------------------------------------------------------------------------
SRC_txgen = $(TXGEN)
SRC_kproduce = $(KPRODUCE)
SRC_kconsume = $(KCONSUME)
SRC_kmock = $(KMOCK)
SRC_fraudcheck = $(FRAUDCHECK)
SRC_pgload = $(PGLOAD)
SRC_aggregate = $(AGGREGATE)
SRC_txdash = $(TXDASH)

LIB_SRC = $(wildcard lib/*.c)
LIB_OBJ = $(LIB_SRC:%.c=$(BUILD)/%.o)
TOOL_SRC = $(foreach t,$(TOOLS),$(SRC_$(t)))

# SQL, rules and other texts that a tool carries inside: FILE becomes $(BUILD)/embed/FILE.h with `static const char NAME[]`,
# NAME being FILE's name with everything but letters and digits turned into _.
$(BUILD)/embed/%.h: % scripts/embed
	@mkdir -p $(@D)
	scripts/embed $< > $@.tmp && mv $@.tmp $@

$(PGLOAD:%.c=$(BUILD)/%.o): | $(patsubst %,$(BUILD)/embed/%.h,$(wildcard pgload/sql/*.sql))
$(BUILD)/fraudcheck/defaults.o: $(BUILD)/embed/fraudcheck/rules/seed.rules.h $(BUILD)/embed/lib/currencies.ndjson.h
$(BUILD)/producer/gen_world.o: $(BUILD)/embed/lib/currencies.ndjson.h

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/aggregate/session.o: $(patsubst %,$(BUILD)/embed/%.h,$(wildcard aggregate/sql/*.sql))
$(BUILD)/aggregate/docs.o: $(BUILD)/embed/aggregate/html/docs.css.h
$(BUILD)/aggregate/feed.o: $(BUILD)/embed/lib/currencies.ndjson.h

# The page and its questions; the charts' library is Debian's (libjs-chart.js).
CHART_JS ?= /usr/share/javascript/chart.js/chart.min.js
$(BUILD)/embed/chart.min.js.h: $(CHART_JS) scripts/embed
	@mkdir -p $(@D)
	scripts/embed $< > $@.tmp && mv $@.tmp $@

$(TXDASH:%.c=$(BUILD)/%.o): | $(BUILD)/embed/chart.min.js.h $(patsubst %,$(BUILD)/embed/%.h,$(wildcard dashboard/sql/*.sql dashboard/page/*))

$(BUILD)/libtxpipe.a: $(LIB_OBJ)
	rm -f $@ && ar rcs $@ $^

# Per tool: an archive of everything but main(), which the unit tests link too.
define tool
$(BUILD)/$(1).a: $(patsubst %.c,$(BUILD)/%.o,$(wordlist 2,999,$(SRC_$(1))))
	@mkdir -p $$(@D)
	rm -f $$@ && ar rcs $$@ $$^

$(BIN)/$(1): $(patsubst %.c,$(BUILD)/%.o,$(firstword $(SRC_$(1)))) $(BUILD)/$(1).a $(BUILD)/libtxpipe.a
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS_ALL) -o $$@ $$^ $$(shell $$(PKG_CONFIG) --libs $$(LIBS_$(1)) libcrypto) -lm
endef
$(foreach t,$(TOOLS),$(eval $(call tool,$(t))))

# --- tests -------------------------------------------------------------------------------------------------------
UNIT = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/*_test.c))

$(BUILD)/tests/unit/%_test: $(BUILD)/tests/unit/%_test.o $(TOOLS:%=$(BUILD)/%.a) $(BUILD)/libtxpipe.a
	$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) -Wl,--start-group $(TOOLS:%=$(BUILD)/%.a) $(BUILD)/libtxpipe.a -Wl,--end-group \
		$(shell $(PKG_CONFIG) --libs cmocka $(PKGS)) -lm

JSON_COMPARE = $(addprefix $(BUILD)/tests/fuzz/,json_compare.o json_portable.o)
$(BUILD)/tests/unit/json_oracle_test $(BUILD)/tests/unit/json_shape_test: $(JSON_COMPARE)

unit: $(UNIT)
	@status=0; for t in $(UNIT); do $(RUN) $$t || status=1; done; exit $$status

# Fuzz targets: each file of tests/fuzz that has a fuzz_one(). DRIVER is ours, or empty where SANITIZE brings libFuzzer's main().
FUZZ_TARGETS = json envelope reject unfold rules judge model encode
FUZZ_BUILT   = $(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz/%)
DRIVER      ?= $(BUILD)/tests/fuzz/drive.o
SIMDJSON    := $(shell $(PKG_CONFIG) --exists simdjson && command -v $(CXX) >/dev/null && echo yes)

$(FUZZ_BUILT): $(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/fuzz.o $(DRIVER) $(BUILD)/fraudcheck.a $(BUILD)/pgload.a \
		$(BUILD)/libtxpipe.a
	$(CC) $(LDFLAGS_ALL) $(FUZZ_LINK) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
		$(shell $(PKG_CONFIG) --libs $(PKGS)) $(if $(SIMDJSON),-lsimdjson -lstdc++) -lm

$(BUILD)/tests/fuzz/envelope: $(JSON_COMPARE)
$(BUILD)/tests/fuzz/json: $(JSON_COMPARE) $(if $(SIMDJSON),$(BUILD)/tests/fuzz/simdjson.o)
$(BUILD)/tests/fuzz/simdjson.o: tests/fuzz/simdjson.cc
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -Wall -Wextra -O2 -g -fPIE -c -o $@ $<

fuzz-targets: $(FUZZ_BUILT)

# For TIME seconds in all; coverage guides it where clang brings libFuzzer.
fuzz:
	tests/fuzz/run $(or $(TIME),60)

# The TCP proxy of the fault tests.
PROXY = $(BUILD)/tests/proxy/proxy

$(PROXY): $(addprefix $(BUILD)/tests/proxy/,proxy.o link.o frames.o) $(BUILD)/libtxpipe.a
	$(CC) $(LDFLAGS_ALL) -o $@ $^ -lm

# A producer of any bytes; what makes reading and writing fail.
FAULT_HELPERS = $(BUILD)/tests/faults/produce $(BUILD)/tests/faults/iofault.so

$(BUILD)/tests/faults/produce: $(BUILD)/tests/faults/produce.o
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(shell $(PKG_CONFIG) --libs rdkafka)

$(BUILD)/tests/faults/iofault.so: tests/faults/iofault.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE $(WARN) -O2 -g -fPIC -shared -o $@ $< -ldl

# Tests of the tools, in TAP, by prove; those that need no server come first.
export TXPIPE_BIN = $(abspath $(BIN))
export TXPIPE_BUILD = $(abspath $(BUILD))

check: all unit check-tools

PROVE ?= prove --timer

# They mostly wait, each for servers of its own: as many at a time as there are processors.
check-tools: all
	$(PROVE) -j$(or $(JOBS),$(shell nproc)) tests/tools

check-e2e: all bench-helpers
	$(PROVE) tests/e2e

# The page in Debian's chromium (scripts/setup browser).
check-browser: all
	$(PROVE) tests/browser

# Of it what needs a few seconds and no package from elsewhere (scripts/setup check).
check-page: all
	$(PROVE) tests/browser/smoke.t

# Marts against a count of everything, while writers of all kinds are at work: for TIME seconds.
check-long: all
	TIME=$(or $(TIME),60) prove -v tests/e2e/aggregate-property.t

# aggregate against dbt (installed by pip) and against SQL by hand; with ARGS=--scale what more rows cost.
bench-aggregate: all
	tests/bench/aggregate/run $(ARGS)

# The stream path against what one would use instead: ARGS are benchmarks and options of tests/bench/stream/run.
BENCH_HELPERS = $(addprefix $(BUILD)/tests/bench/stream/,measure stamp visible)

$(BUILD)/tests/bench/stream/%: $(BUILD)/tests/bench/stream/%.o
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(shell $(PKG_CONFIG) --libs libpq) -lm

bench: all bench-helpers
	tests/bench/stream/run $(ARGS)

# The path under constant load for TIME seconds: memory of each tool, and that everything arrives.
soak: all bench-helpers
	tests/bench/stream/soak $(or $(TIME),3600) $(ARGS)

# Where the tools spend their time.
profile: all bench-helpers
	tests/bench/stream/profile $(ARGS)

# What windows cost: records a second, latency, memory; ARGS="rate latency paced memory", all without it.
FEED = $(BUILD)/tests/bench/fraud/feed
FEED_CLOCK = $(BUILD)/tests/bench/fraud/service.so

$(FEED): $(FEED).o
	$(CC) $(LDFLAGS_ALL) -o $@ $^ -lpthread

$(FEED_CLOCK): tests/bench/fraud/service.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE $(WARN) -O2 -g -fPIC -shared -o $@ $< -ldl

bench-fraud: all $(FEED) $(FEED_CLOCK)
	tests/bench/fraud/run $(ARGS)

# docker-compose.yml for real, on an engine and images of its own: needs root, scripts/setup stack, and many minutes the first time.
check-stack: all
	$(PROVE) -v tests/stack/check.t

# What the page costs, and how soon it shows what: ROUNDS and ROWS, if not 20 and 1,000,000.
bench-dash: all
	tests/bench/dash/run

# The pictures of the README, of the page as it is now, into docs/images (scripts/setup check).
pictures: all
	tests/browser/pictures docs/images

# The same binary under Spark's RDD.pipe gives the same bytes: needs Python, and PySpark from PyPI the first time.
check-spark: all
	$(PROVE) tests/spark/check

# deploy/kubernetes, judged by Kubernetes's own code: needs Go, and its module proxy the first time.
check-kubernetes:
	$(PROVE) -v tests/kubernetes/check

# Faults of every kind: a short form of each; `make faults TIME=SECONDS` is the long one, with a table at the end.
check-faults: all fault-helpers
	$(PROVE) tests/faults

faults: all fault-helpers
	tests/faults/run

# Break the code on purpose and see a test fail: minutes.
.PHONY: sbom check-package mutations fault-helpers bench-helpers bench soak profile fuzz fuzz-targets
fault-helpers: $(PROXY) $(FAULT_HELPERS)
bench-helpers: $(BENCH_HELPERS)
mutations: all
	tests/mutate

asan:
	$(MAKE) BUILD=build/asan BIN=build/asan/bin OPTIMISE="-O1 -g" SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all \
		-fno-omit-frame-pointer" check

# Of races: the tests of what has threads of its own (librdkafka's are not ours to judge).
tsan:
	$(MAKE) BUILD=build/tsan BIN=build/tsan/bin OPTIMISE="-O1 -g" SANITIZE="-fsanitize=thread -fno-omit-frame-pointer" all
	TXPIPE_BIN=$(abspath build/tsan/bin) TXPIPE_BUILD=$(abspath build/tsan) TSAN_OPTIONS="halt_on_error=1 exitcode=66" \
		$(PROVE) tests/tools/pgload_connections.t tests/tools/pgload_batches.t tests/tools/notify.t

clang:
	$(MAKE) CC=clang BUILD=build/clang BIN=build/clang/bin all build/clang/tests/proxy/proxy build/clang/tests/faults/produce \
		build/clang/tests/faults/iofault.so $(BENCH_HELPERS:$(BUILD)/%=build/clang/%) build/clang/tests/bench/fraud/feed \
		build/clang/tests/bench/fraud/service.so

demo: all
	scripts/demo

# What is inside, for whoever has to know when one of the parts has a hole.
SBOM = $(BUILD)/txpipe.spdx.json
sbom: all
	scripts/sbom $(TOOLS:%=$(BIN)/%) > $(SBOM).tmp && mv $(SBOM).tmp $(SBOM)

# The Debian package: built twice, looked at, installed, used and purged on fresh Debian roots. Needs root and debootstrap; ARGS are tests/package/run's.
check-package:
	tests/package/run $(ARGS)

# --- manuals, completions, installation --------------------------------------------------------------------------
MANUALS = $(notdir $(wildcard docs/man/*.[157]))
UNITS   = $(wildcard deploy/systemd/txpipe-*)
SHARE   = $(DESTDIR)$(PREFIX)/share
# where distributions want something else
UNITDIR ?= $(PREFIX)/lib/systemd/system
ZSHDIR  ?= $(PREFIX)/share/zsh/site-functions

manuals: $(MANUALS:%=$(BUILD)/man/%)
$(BUILD)/man/%: docs/man/% $(wildcard docs/man/common/*) scripts/manual
	@mkdir -p $(@D)
	scripts/manual $* > $@.tmp && mv $@.tmp $@

SHELLS = bash zsh fish
COMPLETIONS = $(foreach s,$(SHELLS),$(TOOLS:%=$(BUILD)/completions/$(s)/%))
completions: $(COMPLETIONS)
define completion
$(BUILD)/completions/%/$(1): $(BIN)/$(1) scripts/completions
	@mkdir -p $$(@D)
	scripts/completions $$* $(BIN)/$(1) > $$@.tmp && mv $$@.tmp $$@
endef
$(foreach t,$(TOOLS),$(eval $(call completion,$(t))))

# Scripts that people call: txpipe-NAME in the path.
COMMANDS = stream seed-dims reconcile cron kafka metabase

# Below $(DESTDIR)$(PREFIX). What names the place of the tools (units, crontab) gets the one they are installed in.
AT_PREFIX = sed 's|/usr/local/|$(PREFIX)/|g'
install: all manuals completions
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/txpipe/rules
	install $(TOOLS:%=$(BIN)/%) $(DESTDIR)$(PREFIX)/bin
	install -m 644 fraudcheck/rules/*.rules fraudcheck/rules/*.json $(SHARE)/txpipe/rules
	install -d $(SHARE)/txpipe/marts
	cp -R aggregate/marts/. $(SHARE)/txpipe/marts
	install -d $(SHARE)/txpipe/scripts
	install scripts/stream scripts/seed-dims scripts/reconcile scripts/kafka scripts/cron scripts/container scripts/metabase $(SHARE)/txpipe/scripts
	install -m 644 scripts/reconcile.sql $(SHARE)/txpipe/scripts
	set -e; for script in $(COMMANDS); do ln -sf ../share/txpipe/scripts/$$script $(DESTDIR)$(PREFIX)/bin/txpipe-$$script; done
	install -d $(SHARE)/txpipe/postgresql
	install -m 644 deploy/postgresql/*.sql $(SHARE)/txpipe/postgresql
	install -d $(SHARE)/txpipe/metabase/cards
	install -m 644 deploy/metabase/*.sql $(SHARE)/txpipe/metabase
	install -m 644 deploy/metabase/cards/*.sql $(SHARE)/txpipe/metabase/cards
	set -e; for page in $(MANUALS); do install -D -m 644 $(BUILD)/man/$$page $(SHARE)/man/man$${page##*.}/$$page; done
	set -e; for tool in $(TOOLS); do \
		install -D -m 644 $(BUILD)/completions/bash/$$tool $(SHARE)/bash-completion/completions/$$tool; \
		install -D -m 644 $(BUILD)/completions/zsh/$$tool $(DESTDIR)$(ZSHDIR)/_$$tool; \
		install -D -m 644 $(BUILD)/completions/fish/$$tool $(SHARE)/fish/vendor_completions.d/$$tool.fish; \
	done
	install -d $(DESTDIR)$(UNITDIR) $(SHARE)/doc/txpipe/examples
	set -e; for unit in $(UNITS); do \
		$(AT_PREFIX) $$unit > $(DESTDIR)$(UNITDIR)/$${unit##*/}; \
		chmod 644 $(DESTDIR)$(UNITDIR)/$${unit##*/}; \
	done
	install -D -m 644 deploy/systemd/txpipe.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/txpipe.conf
	install -D -m 644 deploy/systemd/txpipe.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/txpipe.conf
	install -d $(SHARE)/doc/txpipe/docs/images
	install -m 644 $(wildcard *.md) LICENSE $(SHARE)/doc/txpipe
	install -m 644 $(wildcard docs/*.md docs/*.svg) $(SHARE)/doc/txpipe/docs
	install -m 644 $(wildcard docs/images/*.svg docs/images/*.png) $(SHARE)/doc/txpipe/docs/images
	$(AT_PREFIX) aggregate/crontab > $(SHARE)/doc/txpipe/examples/crontab
	$(AT_PREFIX) deploy/systemd/txpipe.default > $(SHARE)/doc/txpipe/examples/default
	chmod 644 $(SHARE)/doc/txpipe/examples/*

clean:
	rm -rf $(BUILD) $(BIN)

.PHONY: all unit check check-tools check-e2e check-browser check-page check-long bench-aggregate bench-fraud bench-dash pictures check-spark check-stack check-kubernetes check-faults faults asan tsan clang demo manuals completions install clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
