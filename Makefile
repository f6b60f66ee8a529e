# SPDX-License-Identifier: BSD-2-Clause
# Builds lvt; `make help` lists what else it does. All products go to .output/.

PREFIX ?= /usr/local
DESTDIR ?=
CC := gcc
CLANG ?= clang
CFLAGS ?= -O2 -g
V ?= 0

OUT := .output
# What the user side is built with: a build with other flags has a folder of its own.
DIR := $(OUT)$(if $(filter 1,$(SAN)),/san)
LVT := $(DIR)/lvt

# bpftool lives in a folder that is not in everybody's PATH; Ubuntu keeps one by kernel version.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin:/sbin
BPFTOOL ?= $(firstword $(wildcard /usr/lib/linux-tools/*/bpftool) bpftool)

MACHINE := $(shell uname -m)
ARCH := $(patsubst x86_64,x86,$(patsubst aarch64,arm64,$(patsubst riscv64,riscv,$(MACHINE))))

SAN_FLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# With an empty value, a file may define it again without a warning.
USER_FLAGS := -std=gnu11 -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -D_GNU_SOURCE= \
	-Iinclude -Iuser -isystem $(OUT)/gen $(CPPFLAGS)
OBJ_FLAGS := $(USER_FLAGS) $(CFLAGS) $(if $(filter 1,$(SAN)),$(SAN_FLAGS))
UNIT_FLAGS := $(USER_FLAGS) $(SAN_FLAGS) -Itests/lib
# <linux/bpf.h> needs <asm/types.h>, which Debian keeps in a folder that only native builds search.
BPF_FLAGS := -g -O2 -mcpu=v3 -target bpf -D__TARGET_ARCH_$(ARCH) -D__BPF__ -fno-stack-protector \
	-Iinclude -Ivmlinux -Ibpf -Wall -Werror \
	$(addprefix -idirafter ,$(wildcard /usr/include/$(MACHINE)-linux-gnu))
DEP_FLAGS = -MMD -MP -MF $@.d

LIBRARIES := libbpf libelf zlib libcap jansson ncursesw libmicrohttpd libseccomp inih md4c
LIBS := $(or $(shell pkg-config --libs $(LIBRARIES) 2>/dev/null),-lbpf -lelf -lz -lcap -ljansson -lncursesw -ltinfo \
	-lmicrohttpd -lseccomp -linih -lmd4c) -lm -pthread
UNIT_LIBS := -lcmocka -ljansson -linih -lmd4c -lz -lm -pthread
# For one test, which without it is built too and skips itself.
URING := $(if $(wildcard /usr/include/liburing.h),$(or $(shell pkg-config --libs liburing \
	2>/dev/null),-luring))

BPF_OBJS := $(patsubst %.c,$(OUT)/%.o,$(wildcard bpf/*.bpf.c))
USER_SRCS := $(wildcard user/*.c user/*/*.c)
USER_OBJS := $(patsubst %.c,$(DIR)/obj/%.o,$(USER_SRCS))
# The layers that can be tested alone, compiled with the sanitizers.
UNIT_OBJS := $(patsubst %.c,$(OUT)/unit/%.o,$(foreach layer,base model store load analysis report top lab,\
	$(wildcard user/$(layer)/*.c)) user/serve/request.c)
UNIT_TESTS := $(patsubst %.c,$(OUT)/%,$(wildcard tests/unit/test_*.c))
TRUTH := $(patsubst %.c,$(OUT)/%,$(wildcard tests/truth/*.c))
LOAD := $(patsubst %.c,$(OUT)/%,$(wildcard tests/load/*.c))
BENCH := $(patsubst %.bpf.c,$(OUT)/%.bpf.o,$(wildcard tests/bench/*.bpf.c)) \
	$(patsubst %.c,$(OUT)/%,$(filter-out %.bpf.c,$(wildcard tests/bench/*.c)))
SKELETON := $(OUT)/gen/lvt.skel.h

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-5s %s\n' $(1) $(2);)

# A make inside a recipe uses all CPUs, unless this one was given -j.
PARALLEL = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
SUBMAKE = $(MAKE) --no-print-directory $(PARALLEL)
# Run $(1) and keep its status; after sudo, what was built still belongs to the user.
guard = rc=0; $(1) || rc=$$?; if [ -n "$$SUDO_UID" ] && [ -d $(OUT) ]; then \
	chown -hR "$$SUDO_UID:$${SUDO_GID:-$$SUDO_UID}" $(OUT); fi; exit $$rc
need_root = [ "$$(id -u)" = 0 ] || { echo 'make $@ needs root, as tracing does: sudo make $@$(1)' >&2; \
	exit 1; }

.SUFFIXES:
.DELETE_ON_ERROR:
.PHONY: all build build-tests build-bench deps test check check-labs lint format bench bench-load bench-verdicts fuzz install demo clean \
	help FORCE

# The table's check comes first: it says what is missing better than a compiler does.
all:
	@.make/deps -n build
	+@$(call guard,$(SUBMAKE) build)

build: $(LVT)
build-tests: build $(UNIT_TESTS) $(TRUTH) $(LOAD)
build-bench: build $(BENCH)

deps:
	@.make/deps build demo check test && echo 'everything needed is there'

# --- flags: what depends on them is made again when they change

FLAG_FILES := $(OUT)/bpf.flags $(DIR)/user.flags $(DIR)/link.flags $(OUT)/tests.flags \
	$(OUT)/unit.flags $(OUT)/layers.flags
$(FLAG_FILES): FORCE
	@mkdir -p $(@D)
	@new='$(FLAGS)'; [ -f $@ ] && [ "$$new" = "$$(cat $@)" ] || printf '%s\n' "$$new" >$@
$(OUT)/bpf.flags: FLAGS = $(CLANG) $(BPF_FLAGS) $(BPF_OBJS)
$(DIR)/user.flags: FLAGS = $(CC) $(OBJ_FLAGS) $(LDFLAGS)
$(DIR)/link.flags: FLAGS = $(USER_OBJS) $(LIBS)
$(OUT)/tests.flags: FLAGS = $(CC) $(USER_FLAGS) $(LIBS) $(URING)
$(OUT)/unit.flags: FLAGS = $(CC) $(UNIT_FLAGS) $(UNIT_LIBS)
$(OUT)/layers.flags: FLAGS = $(UNIT_OBJS)

# --- kernel side

$(OUT)/%.bpf.o: %.bpf.c $(OUT)/bpf.flags
	@mkdir -p $(@D)
	$(call say,BPF,$<)$(CLANG) $(BPF_FLAGS) $(DEP_FLAGS) -c $< -o $@

$(OUT)/lvt.bpf.o: $(BPF_OBJS) $(OUT)/bpf.flags
	$(call say,LINK,$@)$(BPFTOOL) gen object $@ $(BPF_OBJS)

# Only a whole header gets its name: a partial one would look up to date.
$(SKELETON): $(OUT)/lvt.bpf.o
	@mkdir -p $(@D)
	$(call say,SKEL,$@)$(BPFTOOL) gen skeleton $< name lvt_bpf >$@.tmp && mv $@.tmp $@

# --- user side

$(DIR)/obj/%.o: %.c $(DIR)/user.flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(OBJ_FLAGS) $(DEP_FLAGS) -c $< -o $@

$(DIR)/obj/user/capture/loader.o: $(SKELETON)

# The names of this machine's syscalls.
$(OUT)/gen/syscalls.inc: $(DIR)/user.flags
	@mkdir -p $(@D)
	@echo '#include <sys/syscall.h>' | $(CC) $(CPPFLAGS) -E -dM - | sed -n \
		's/^#define __NR_\([a-z0-9_]*\) .*/SYSCALL(\1)/p' | grep -vE '3264_|\((syscalls|arch_specific_syscall)\)' \
		| sort >$@.tmp && mv $@.tmp $@

$(DIR)/obj/user/capture/syscalls.o: $(OUT)/gen/syscalls.inc

# The style sheets of pages and images, as strings of C.
CSS := $(patsubst user/report/%,$(OUT)/gen/%.inc,$(wildcard user/report/*.css))
$(OUT)/gen/%.css.inc: user/report/%.css
	@mkdir -p $(@D)
	@sed -e 's/[\\"]/\\&/g' -e 's/^[[:space:]]*/"/' -e 's/$$/\\n"/' $< >$@.tmp && mv $@.tmp $@

$(foreach file,report/html report/html_compare report/html_sweep report/sweep_svg lab/path_html,\
	$(DIR)/obj/user/$(file).o $(OUT)/unit/user/$(file).o): $(CSS)

# The script of the live page, likewise.
$(OUT)/gen/live.js.inc: user/serve/live.js
	@mkdir -p $(@D)
	@sed -e 's/[\\"]/\\&/g' -e 's/^[[:space:]]*/"/' -e 's/$$/\\n"/' $< >$@.tmp && mv $@.tmp $@

$(DIR)/obj/user/serve/pages.o: $(OUT)/gen/live.js.inc

$(LVT): $(USER_OBJS) $(DIR)/link.flags
	$(call say,LINK,$@)$(CC) $(OBJ_FLAGS) $(LDFLAGS) $(USER_OBJS) -o $@ $(LIBS)

# --- tests

$(OUT)/unit/%.o: %.c $(OUT)/unit.flags
	@mkdir -p $(@D)
	$(call say,CC,'$< (sanitized)')$(CC) $(UNIT_FLAGS) $(DEP_FLAGS) -c $< -o $@

# An archive: a test takes from it only what it uses.
$(OUT)/unit/layers.a: $(UNIT_OBJS) $(OUT)/layers.flags
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $(UNIT_OBJS)

# bpf/ is for the parts of the kernel side that compile natively too.
$(OUT)/tests/unit/%: tests/unit/%.c $(OUT)/unit/layers.a $(OUT)/unit.flags
	@mkdir -p $(@D)
	$(call say,TEST,$<)$(CC) $(UNIT_FLAGS) -Ibpf -Ivmlinux $(DEP_FLAGS) $< -o $@ \
		$(OUT)/unit/layers.a $(UNIT_LIBS)

$(OUT)/tests/truth/%: tests/truth/%.c $(OUT)/tests.flags
	@mkdir -p $(@D)
	$(call say,TEST,$<)$(CC) $(USER_FLAGS) -O2 -g -pthread -Itests/lib $(DEP_FLAGS) $< -o $@ \
		-lm $(if $(filter %/truth_uring,$@),$(URING))

$(OUT)/tests/load/%: tests/load/%.c $(OUT)/tests.flags
	@mkdir -p $(@D)
	$(call say,TEST,$<)$(CC) $(USER_FLAGS) -O2 -g -pthread -Itests/lib $(DEP_FLAGS) $< -o $@ -lm

$(OUT)/tests/bench/%: tests/bench/%.c $(OUT)/tests.flags
	@mkdir -p $(@D)
	$(call say,TEST,$<)$(CC) $(USER_FLAGS) -O2 -g -pthread -Itests/lib $(DEP_FLAGS) $< $(filter %.o,$^) \
		-o $@ $(LIBS)

# It writes a run file as lvt does.
$(OUT)/tests/bench/run_hour: $(foreach layer,base model store,$(filter $(DIR)/obj/user/$(layer)/%,$(USER_OBJS)))

# --- what to do with it

test:
	@$(call need_root,; without root: make check)
	@.make/deps build demo check test
	+@$(call guard,$(SUBMAKE) build-tests)
	@$(call guard,LVT=$(abspath $(LVT)) tests/run)

check:
	@.make/deps -n build check
	+@$(call guard,$(SUBMAKE) build-tests)
	@$(call guard,LVT=$(abspath $(LVT)) tests/run unit cli)

# Each lab on this machine: what is alike or untouched does not pass, the solution does. Half an hour.
check-labs:
	@$(call need_root)
	@.make/deps build demo
	+@$(call guard,$(SUBMAKE) build)
	@$(call guard,LVT_LABS=$(abspath labs) $(LVT) lab verify)

bench:
	@$(call need_root)
	@.make/deps build demo test
	+@$(call guard,$(SUBMAKE) build-bench)
	@$(call guard,LVT=$(abspath $(LVT)) tests/bench/run.py)

# lvt load beside wrk, hey and ab.
bench-load:
	@.make/deps build test bench
	+@$(call guard,$(SUBMAKE) build-tests)
	@$(call guard,LVT=$(abspath $(LVT)) tests/bench/load.py)

# How often the verdicts of lvt trial are right: an hour, on a quiet machine.
bench-verdicts:
	@$(call need_root)
	@.make/deps build demo test
	+@$(call guard,$(SUBMAKE) build-tests)
	@$(call guard,LVT=$(abspath $(LVT)) tests/bench/verdicts.py aa)
	@$(call guard,LVT=$(abspath $(LVT)) tests/bench/verdicts.py ab)

# Coverage-guided by libFuzzer, for FUZZ_SECONDS: an error of the sanitizers, a leak, 10 s for one input
# or 1 GB of memory is a finding, whose input stays in .output/fuzz. What reaches new code is kept in
# .output/fuzz/corpus; a part of that, tests/fuzz/corpus, is replayed by the unit tests.
FUZZ_SECONDS ?= 600
# What is fed: run (the run file), lab (what learners and authors of labs write).
FUZZ ?= run
FUZZ_SRCS := $(foreach layer,base model store load analysis report,$(wildcard user/$(layer)/*.c)) \
	$(wildcard user/lab/figure*.c user/lab/progress*.c user/lab/m[ad]*.c \
	$(foreach file,catalogue fill ini_file learner path path_check settings,user/lab/$(file).c))
FUZZ_SEEDS_run := tests/fuzz/corpus tests/data
FUZZ_SEEDS_lab := tests/data/labs/010-slow tests/data/labs/020-answer labs labs/articles

$(OUT)/fuzz/%: tests/fuzz/fuzz_%.c $(CSS) $(FUZZ_SRCS) $(wildcard user/*/*.h include/*)
	@mkdir -p $(@D)/corpus $(@D)/corpus-$*
	$(call say,FUZZ,$<)$(CLANG) $(USER_FLAGS) -O1 -g -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -DLVT_FUZZ_NO_CRC $< $(FUZZ_SRCS) -o $@ -ljansson -linih -lmd4c -lz -lm

fuzz: $(OUT)/fuzz/$(FUZZ)
	@cd $(OUT)/fuzz && LVT_FUZZ_LAB=$(abspath tests/data/labs/010-slow) ./$(FUZZ) \
		-max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 -detect_leaks=1 \
		-max_len=65536 $(if $(filter run,$(FUZZ)),-dict=$(abspath tests/fuzz/run.dict)) \
		-print_final_stats=1 corpus$(if $(filter lab,$(FUZZ)),-lab) $(abspath $(FUZZ_SEEDS_$(FUZZ)))

demo:
	@$(call need_root)
	@.make/deps build demo
	+@$(call guard,$(SUBMAKE) build)
	@$(call guard,LVT=$(abspath $(LVT)) .make/demo)

# The build is part of it: every warning of the compilers is an error.
lint:
	@.make/deps -n build check
	+@$(call guard,$(SUBMAKE) build-tests build-bench)
	@.make/lint

format:
	@.make/lint --fix-format

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(LVT) $(DESTDIR)$(PREFIX)/bin/lvt
	$(foreach page,$(wildcard user/man/*.1),install -m 644 $(page) \
		$(DESTDIR)$(PREFIX)/share/man/man1/ &&) true
	install -d $(DESTDIR)$(PREFIX)/share/lvt
	install -m 644 user/serve/share/* $(DESTDIR)$(PREFIX)/share/lvt/
	cd labs && find . -type f -exec install -D -m 644 {} $(abspath $(DESTDIR)$(PREFIX))/share/lvt/labs/{} \;

clean:
	rm -rf $(OUT)

help:
	@echo 'make            build .output/lvt'
	@echo 'make demo       trace a real service under load and show where its time goes (root)'
	@echo 'make test       all tests (root)'
	@echo 'make check      the tests that need no root'
	@echo 'make check-labs  prove each lab on this machine (root, half an hour)'
	@echo 'make bench      what lvt costs (root)'
	@echo 'make bench-load  lvt load beside wrk, hey and ab'
	@echo 'make bench-verdicts  how often trials are right (root, an hour)'
	@echo 'make fuzz       feed damaged files to their readers: runs, or labs and progress with FUZZ=lab; for'
	@echo '                FUZZ_SECONDS (clang, 600 s)'
	@echo 'make lint       formatting, include direction, warnings'
	@echo 'make format     put the C sources into the format that lint wants'
	@echo 'make deps       install what is missing to build, demo and test (root)'
	@echo 'make install    to DESTDIR (now "$(DESTDIR)") and PREFIX (now "$(PREFIX)")'
	@echo 'make clean      remove .output'
	@echo
	@echo 'V=1 shows the commands; SAN=1 builds with address and undefined-behaviour sanitizers'

-include $(addsuffix .d,$(BPF_OBJS) $(USER_OBJS) $(UNIT_OBJS) $(UNIT_TESTS) $(TRUTH) $(LOAD) $(BENCH))
