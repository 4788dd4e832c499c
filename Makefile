# Thin: the build is CMake's, the rest are scripts. `make help` lists the targets.
.DEFAULT_GOAL := build
.PHONY: help deps build all run test asan bench soak fuzz fuzz-deps format lint reference lint-deps install clean

PREFIX ?= /usr/local
REFERRALS ?= 1000000

help: ## Shows the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14

deps: ## Installs the Debian packages that are missing (root or sudo); does nothing when all are there
	@sh scripts/deps.sh build

build: build/release/build.ninja ## Builds build/release/baton
	@cmake --build --preset release --target baton

all: build/release/build.ninja # tests and benchmarks too
	@cmake --build --preset release

# CMake's own talk goes to a file: what is built is news, how a compiler was looked for is not.
build/release/build.ninja: CMakePresets.json
	@mkdir -p build
	@cmake --preset release >build/cmake.log 2>&1 || { cat build/cmake.log; exit 1; }

run: deps ## Builds, makes a demonstration home in build/demo, works in it, opens the REPL on a terminal
	@$(MAKE) --no-print-directory build
	@bash scripts/run.sh

test: deps ## Builds and runs all tests
	@$(MAKE) --no-print-directory all
	@ctest --preset release

asan: deps ## Runs all tests with AddressSanitizer and UndefinedBehaviorSanitizer
	@cmake --preset asan
	@cmake --build --preset asan
	@ctest --preset asan

bench: deps ## Measures, on 1,000,000 referrals (REFERRALS=n); the table goes to build/bench.json too
	@$(MAKE) --no-print-directory all
	@build/release/baton_bench build/bench plugins build/release/baton build/bench.json $(REFERRALS)

soak: deps fuzz-deps ## Runs the long forms of the tests again and again, then fuzzes: SOAK_ROUNDS=3 FUZZ_SECONDS=600
	@$(MAKE) --no-print-directory all
	@bash tests/soak.sh
	@bash tests/fuzz.sh

fuzz: deps fuzz-deps ## Fuzzes each target with libFuzzer for FUZZ_SECONDS=600
	@bash tests/fuzz.sh

fuzz-deps: ## Installs what fuzz needs
	@sh scripts/deps.sh fuzz

format: ## Formats the C sources in place
	@bash scripts/lint.sh format

lint: ## clang-format, clang-tidy, cppcheck, shellcheck, Lua syntax, the room check
	@$(MAKE) --no-print-directory all
	@bash scripts/lint.sh all

reference: build ## Makes docs/lua-api.md and docs/lua anew from the registration table
	@build/release/baton reference >docs/lua-api.md
	@build/release/baton reference --format luacheck >docs/lua/luacheckrc
	@build/release/baton reference --format luals >docs/lua/baton.lua

lint-deps: ## Installs what format and lint need
	@sh scripts/deps.sh lint

install: build ## Installs to PREFIX (/usr/local), below DESTDIR if set
	@cmake --install build/release --prefix $(PREFIX)

clean: ## Removes build/
	@rm -rf build
