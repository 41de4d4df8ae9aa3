# make run    builds everything, plays the day of Qingxu, keeps the server up on its data
# make build  the page and the release binary
# make test   sets up what it needs and runs everything, with the seconds of each stage
# make check  formatting, lints, licences, types of the page
# make torture  every fault in its long form: kills, damage, a full disk, clocks, abuse; prints what was lost
# make fuzz   every reader of outside bytes under cargo-fuzz, a minute each; says what was found
# make bench  the drill (time, memory, plans), then a city under load beside the bare limits

SHELL := /bin/bash
CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
BINARY := $(TARGET)/release/outpace
SCENARIO := drills/qingxu-2022

.PHONY: run build page test check torture fuzz bench setup clean

run: build
	@$(BINARY) drill $(SCENARIO) --serve --data $(or $(DATA),data/qingxu-2022)

build: page
	$(CARGO) build --release --locked -p outpace

page: web/dist/index.html

web/dist/index.html: web/node_modules/.installed $(shell find web/src web/public -type f 2>/dev/null) web/index.html web/vite.config.ts
	cd web && npm run build

web/node_modules/.installed: web/package.json web/package-lock.json
	cd web && npm ci --no-fund --no-audit
	@touch $@

setup:
	@scripts/setup

check: page
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) deny --workspace check licenses bans sources
	cd web && npm run check

test:
	@scripts/test

torture: setup page
	@scripts/torture

fuzz:
	@scripts/fuzz

bench: build
	@scripts/bench

clean:
	$(CARGO) clean
	rm -rf web/dist web/node_modules
