# Sluice. `make help` lists the targets.
CC ?= gcc
CFLAGS ?= -O2 -g
STD = -std=gnu17 -D_GNU_SOURCE -I.
WARN = -Wall -Wextra -Wmissing-prototypes -Wshadow -Wvla -Wwrite-strings -Werror -include base/banned.h
SANITIZE = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
# Hardening: for every build without sanitizers.
HARDEN := -fPIE -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=3 \
	$(foreach f,-fcf-protection=full -mbranch-protection=standard,$(shell $(CC) $(f) -Werror -x c -c -o /dev/null /dev/null 2>/dev/null && echo $(f)))
HARDEN_LINK = -pie -Wl,-z,relro,-z,now,-z,noexecstack
# A tenth less to load: relative relocations are packed (glibc 2.36 and newer), C needs no tables for exceptions, and
# functions that only tests call are left out.
SMALL = -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections
# Folders that run seldom (commands, the laptop cluster, GitOps, whose time goes to Git and the API server) are optimized
# for size; it frees a seventh of the program. Not building a kustomization: tests/bench/kustomize counts it.
VENDORS = hook google_monitoring dynatrace cloudwatch influxdb flux_csv kayenta datadog newrelic graphite wavefront skywalking provider_secret http
COLD = $(if $(filter-out gitops/kustomize/%,$(filter cli% doctor% sim% web% notify% gitops% gotemplate% rollout/view% analysis/backtest% \
	kube/kubeconfig% kube/api/explain% kube/api/schema% analysis/promql% traffic/istio_stand_in% traffic/ingress_stand_in% $(VENDORS:%=analysis/%.c),$<)),-Os)
SMALL_LINK := $(shell echo 'int main(void){return 0;}' | $(CC) -pie -fPIE -Wl,-z,pack-relative-relocs -x c -o /dev/null - 2>&1 | grep -q . || echo -Wl,-z,pack-relative-relocs)
LINK_FLAGS = $(HARDEN_LINK) $(SMALL_LINK) -Wl,--gc-sections
LIBS = -lev -lcurl -ljansson -lyaml -lpcre2-8 -lmicrohttpd -ljq -llua5.4 -lcjose -lcrypto -lm

# The pure folders: they decide, and do no input or output (tools/layers checks it). The others: all but the entry.
PURE_DIRS = base kube/api kube/plan traffic analysis analysis/condition analysis/compare analysis/backtest analysis/promql rollout rollout/experiment rollout/view gotemplate notify notify/services \
	gitops gitops/source gitops/kustomize gitops/render gitops/engine gitops/argocd gitops/flux doctor web/oidc web/access
SHELL_DIRS = io kube notify/send gitops/worker sim web cli cli/demo cli/plan cli/simulate cli/backtest
PURE_SRC = $(wildcard $(PURE_DIRS:%=%/*.c))
SHELL_SRC = $(filter-out cli/main.c,$(wildcard $(SHELL_DIRS:%=%/*.c)))
UNIT_SRC = $(wildcard tests/unit/*.c tests/unit/*/*.c tests/unit/*/*/*.c)
SIM_SRC = $(wildcard tests/simulation/*.c)
FUZZ = $(filter-out replay,$(notdir $(basename $(wildcard tests/fuzz/*.c))))

OUT = build
PURE = $(PURE_SRC:%.c=$(OUT)/%.o)
SHELL_O = $(SHELL_SRC:%.c=$(OUT)/%.o)
SPURE = $(PURE_SRC:%.c=$(OUT)/san/%.o)
SSHELL = $(SHELL_SRC:%.c=$(OUT)/san/%.o)
UNITS = $(UNIT_SRC:tests/unit/%.c=$(OUT)/unit/%)

.PHONY: all help demo demo-gitops test test-programs test-cluster soak mutants fuzz check fmt generated pictures install clean deps pure-objects print-pure
.SECONDARY:

all: deps
	@$(MAKE) --no-print-directory sluice kubectl-sluice

help:
	@echo "make            build ./sluice (installs what it needs from Debian's packages first)"
	@echo "make demo       a canary on the laptop cluster: steps, approval, promotion, two aborts; about two minutes"
	@echo "make demo ROUTER=gateway|nginx  the same through another router than Istio"
	@echo "make demo APPROVE=me   the same; it waits until you run the promote command it prints"
	@echo "make demo-gitops  GitOps on the laptop cluster: a sync, a drift, a canary, a bad commit that is held; a minute"
	@echo "make test       all tests, under sanitizers; T=name selects"
	@echo "make soak       simulation with SEEDS=20000 seeds from FROM=1 and SPECS=20000 random specs; all scenarios and syncs"
	@echo "                with each of their requests failing; good updates that comparisons must not stop, and bad ones that they must"
	@echo "make test-cluster  plays the scenarios on a real control plane (etcd, kube-apiserver, ...); needs Go 1.26 or newer"
	@echo "make fuzz       searches for inputs that break a parser, FUZZ_SECONDS=60 each; needs clang"
	@echo "make mutants    plants faults one by one, and runs the test that must find each; N=\"5 17\" selects"
	@echo "make check      format, layers, static analysis"
	@echo "make generated  regenerates docs/reference.md and the CustomResourceDefinitions from the tables"
	@echo "make pictures   draws docs/pictures/*.svg from the .dot files; needs graphviz"
	@echo "make fmt        formats the sources"
	@echo "make install    into PREFIX (/usr/local); COMPAT=1 adds kubectl-argo-rollouts"
	@echo "make clean      removes what was built"

deps:
	@tools/install-packages build

sluice: $(PURE) $(SHELL_O) $(OUT)/cli/main.o
	@echo "  LD $@"
	@$(CC) $(CFLAGS) $(LINK_FLAGS) -o $@ $^ $(LIBS)

kubectl-sluice: sluice
	ln -sf sluice $@

$(OUT)/sluice-san: $(SPURE) $(SSHELL) $(OUT)/san/cli/main.o
	@echo "  LD $@"
	@$(CC) $(SANITIZE) -o $@ $^ $(LIBS)

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(STD) $(WARN) $(HARDEN) $(SMALL) $(CFLAGS) $(COLD) -MMD -MP -c -o $@ $<

$(OUT)/san/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $< (sanitized)"
	@$(CC) $(STD) $(WARN) $(SANITIZE) -MMD -MP -c -o $@ $<

$(OUT)/web/assets.o $(OUT)/san/web/assets.o: $(wildcard web/page/*)
$(OUT)/doctor/permissions.o $(OUT)/san/doctor/permissions.o: deploy/rbac.yaml deploy/controller/rbac.yaml deploy/gitops/rbac.yaml

# Unit tests of pure folders link the pure archive only, so that an effect is a link error.
$(OUT)/unit/%: tests/unit/%.c $(OUT)/pure-san.a
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(STD) $(WARN) $(SANITIZE) -MMD -MP -o $@ $< $(OUT)/pure-san.a -lcmocka -ljansson -lyaml -lpcre2-8 -lcjose -lcrypto -lm

# kube/ is not pure: its unit tests link all objects but the entry.
$(OUT)/unit/machinery/%: tests/unit/machinery/%.c tests/unit/machinery/script.h $(OUT)/pure-san.a $(OUT)/shell-san.a
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(STD) $(WARN) $(SANITIZE) -MMD -MP -o $@ $< $(OUT)/shell-san.a $(OUT)/pure-san.a -lcmocka $(LIBS)

$(OUT)/shell-san.a: $(SSHELL)
	@rm -f $@
	@ar rcs $@ $^

$(OUT)/pure-san.a: $(SPURE)
	@rm -f $@
	@ar rcs $@ $^

$(OUT)/san/simulation: $(SIM_SRC:%.c=$(OUT)/san/%.o) $(SPURE) $(SSHELL)
	@echo "  LD $@"
	@$(CC) $(SANITIZE) -o $@ $^ $(LIBS)

# Counts that do not vary. The expected ones are in tests/bench/*.want.
BENCH_SRC = $(wildcard tests/bench/*.c)
$(OUT)/bench/%: $(OUT)/tests/bench/%.o $(OUT)/tests/simulation/cluster.o \
		$(OUT)/tests/simulation/autoscaler.o $(OUT)/tests/simulation/remote.o $(OUT)/tests/simulation/counters.o \
		$(OUT)/tests/simulation/load_balancers.o $(OUT)/tests/simulation/split_objects.o $(PURE) $(SHELL_O)
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(CFLAGS) $(LINK_FLAGS) -o $@ $^ $(LIBS)

# The cost of a fleet to a controller in another process: tests/bench/fleet.
$(OUT)/bench/fleet: $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/fleet/*.c)) $(PURE) $(SHELL_O)
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(CFLAGS) $(LINK_FLAGS) -o $@ $^ $(LIBS)

$(OUT)/simulation: $(SIM_SRC:%.c=$(OUT)/%.o) $(PURE) $(SHELL_O)
	@echo "  LD $@"
	@$(CC) $(CFLAGS) $(LINK_FLAGS) -o $@ $^ $(LIBS)

# A misbehaving server, controlled by the tests.
$(OUT)/hostile: $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/hostile/*.c)) $(PURE) $(SHELL_O)
	@echo "  LD $@"
	@$(CC) $(CFLAGS) $(LINK_FLAGS) -o $@ $^ $(LIBS)

# A small OpenID provider.
$(OUT)/oidc: $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/oidc/*.c)) $(PURE) $(SHELL_O)
	@echo "  LD $@"
	@$(CC) $(CFLAGS) $(LINK_FLAGS) -o $@ $^ $(LIBS)

# A node for the real control plane of tests/cluster.
$(OUT)/tests-cluster/kubelet: $(OUT)/tests/cluster/kubelet.o $(PURE) $(SHELL_O)
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(CFLAGS) $(LINK_FLAGS) -o $@ $^ $(LIBS)

# A fuzz target without the fuzzer plays its corpus; with it (make fuzz) it searches for more.
$(OUT)/fuzz/%: tests/fuzz/%.c tests/fuzz/replay.c $(OUT)/pure-san.a
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(STD) $(WARN) $(SANITIZE) -o $@ $(filter %.c %.a,$^) -ljansson -lyaml -lpcre2-8 -lcjose -lcrypto -lm

# For the fuzzer the pure folders are compiled once, and linked into each target.
FUZZ_SECONDS ?= 60
FUZZ_FLAGS = $(STD) -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -include base/banned.h
fuzz:
	@tools/install-packages fuzz
	@$(MAKE) --no-print-directory -j2 $(FUZZ:%=$(OUT)/fuzzers/%)
	@mkdir -p $(FUZZ:%=$(OUT)/fuzzers/corpus/%)
	@printf '%s\n' $(FUZZ) | xargs -P "$$(nproc)" -I{} sh -c 'echo "fuzz {}" && $(OUT)/fuzzers/{} -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
		-rss_limit_mb=2048 -verbosity=0 -artifact_prefix=$(OUT)/fuzzers/{}- $(OUT)/fuzzers/corpus/{} tests/fuzz/corpus/{} && echo "ok {}"'

$(OUT)/fuzzed/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CLANG $<"
	@clang $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(OUT)/fuzzers/%: $(OUT)/fuzzed/tests/fuzz/%.o $(PURE_SRC:%.c=$(OUT)/fuzzed/%.o)
	@mkdir -p $(@D)
	@echo "  LD $@"
	@clang -fsanitize=fuzzer,address,undefined -o $@ $^ -ljansson -lyaml -lpcre2-8 -lcjose -lcrypto -lm

test:
	@tools/install-packages test
	@$(MAKE) --no-print-directory -j2 test-programs
	@tests/run $(T)

test-programs: $(UNITS) $(BENCH_SRC:tests/%.c=$(OUT)/%) $(OUT)/bench/fleet $(FUZZ:%=$(OUT)/fuzz/%) $(OUT)/san/simulation $(OUT)/simulation $(OUT)/sluice-san $(OUT)/hostile $(OUT)/oidc sluice kubectl-sluice

# The scenarios on a real control plane: needs Go, and takes some minutes the first time.
test-cluster:
	@tools/install-packages test
	@tests/cluster/build
	@$(MAKE) --no-print-directory -j2 sluice $(OUT)/sluice-san $(OUT)/simulation $(OUT)/tests-cluster/kubelet
	@tests/cluster/run $(T)

# Tests of the tests. Not in CI.
mutants:
	@tools/install-packages test
	@tests/mutants/run $(N)

SEEDS ?= 20000
SPECS ?= 20000
FROM ?= 1
soak:
	@tools/install-packages build
	@$(MAKE) --no-print-directory -j2 $(OUT)/simulation sluice
	@$(OUT)/simulation --seeds $(SEEDS) $(FROM)
	@$(OUT)/simulation --specs $(SPECS) $(FROM)
	@$(OUT)/simulation --nth 1
	@$(OUT)/simulation --gitops
	@tests/e2e/simulate/false-alarms $(CURDIR)/sluice 300
	@tests/e2e/simulate/power $(CURDIR)/sluice 300

demo-gitops:
	@tools/install-packages demo-gitops
	@$(MAKE) --no-print-directory -j2 sluice kubectl-sluice
	@examples/gitops/demo

demo:
	@tools/install-packages demo
	@$(MAKE) --no-print-directory -j2 sluice kubectl-sluice
	@./sluice demo $(if $(APPROVE),--approve $(APPROVE)) $(if $(ROUTER),--router $(ROUTER))

check:
	@tools/install-packages check
	@tools/check

# For tools/check.
pure-objects: $(PURE)
print-pure:
	@echo $(PURE)

pictures:
	@tools/pictures

# Files that are generated from tables and committed.
generated: sluice
	./sluice crds >deploy/crds.yaml
	./sluice crds gitops >deploy/gitops/crds.yaml
	./sluice crds flux >deploy/gitops/flux/crds.yaml
	tools/reference >docs/reference.md

fmt:
	clang-format -i $$(git ls-files -co --exclude-standard '*.c' '*.h' | grep -v pod_template_rows.c)

PREFIX ?= /usr/local
install: all
	install -D sluice $(DESTDIR)$(PREFIX)/bin/sluice
	ln -sf sluice $(DESTDIR)$(PREFIX)/bin/kubectl-sluice
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	./sluice man $(DESTDIR)$(PREFIX)/share/man/man1
	./sluice completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/sluice
	./sluice completion zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sluice
	./sluice completion fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sluice.fish
	printf '#!/bin/sh\n# kubectl calls this to complete "kubectl sluice".\nsluice __complete -- "$$@"\necho :4\n' >$(DESTDIR)$(PREFIX)/bin/kubectl_complete-sluice
	chmod 755 $(DESTDIR)$(PREFIX)/bin/kubectl_complete-sluice
	$(if $(COMPAT),ln -sf sluice $(DESTDIR)$(PREFIX)/bin/kubectl-argo-rollouts && \
		ln -sf kubectl_complete-sluice $(DESTDIR)$(PREFIX)/bin/kubectl_complete-argo-rollouts)

clean:
	rm -rf $(OUT) sluice kubectl-sluice

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
