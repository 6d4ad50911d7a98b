#!/usr/bin/env bash
# The one entry to Quorum: builds, runs, tests and packs it, and installs what is missing for that.
# `./build.sh help` lists the verbs. Everything that is downloaded or compiled lies outside the tracked
# files: in ${XDG_CACHE_HOME:-~/.cache}/quorum (shared by all clones), node_modules/, dist/ and target/.
set -euo pipefail
shopt -s nullglob

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$ROOT"
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/quorum
TOOLS=$CACHE/tools
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE/target}
CARGO_HOME_DIR=${CARGO_HOME:-$HOME/.cargo}
WASM=wasm32-unknown-unknown
WASM_PACKAGES=(quorum_extension quorum_library quorum_www quorum_console quorum_npm quorum_scanner)
# Every browser that we support has SIMD, and sha2 uses it. The paths of the builder's machine would
# otherwise stand in the panic messages: two machines must build the same bytes. Cargo names this tree's own
# files relative to it; a flag with the tree's place would make each clone compile all crates anew.
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-C target-feature=+simd128 --remap-path-prefix=$CARGO_HOME_DIR/registry/src=/crates"
export npm_config_update_notifier=false

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# --- What has to be installed: each once, each pinned -------------------------------------------------

# apt_for COMMAND PACKAGE …: installs the Debian packages of the commands that are missing, in one go.
apt_for() {
  local packages=()
  while (($#)); do have "$1" || packages+=("$2"); shift 2; done
  ((${#packages[@]})) || return 0
  have apt-get || die "please install: ${packages[*]}"
  local as=()
  ((EUID == 0)) || as=(sudo)
  say "installing Debian packages: ${packages[*]}"
  "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2
  "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${packages[@]}" >&2
}

need_rust() {
  apt_for cc build-essential
  have cargo || die "Rust is missing: install it from https://rustup.rs, then run this again"
  # Cargo tells by their age which of a tree's files it has to look at. To it all clones are one tree: after
  # another one was built into the same folder, an older file here would pass for the other's.
  local last=$CARGO_TARGET_DIR/.quorum-tree
  if [[ $(cat "$last" 2>/dev/null) != "$ROOT" ]]; then
    find Cargo.* core extension npm rules server tests www yara -type f -exec touch -c {} +
    mkdir -p "$CARGO_TARGET_DIR"
    echo "$ROOT" >"$last"
  fi
}

need_node() {
  apt_for node nodejs npm npm
  if ! cmp -s package-lock.json node_modules/.quorum-lock; then
    say "installing node modules (npm ci)"
    npm ci --silent >&2
    cp package-lock.json node_modules/.quorum-lock
  fi
}

need_wasm() {
  need_rust
  need_node
  local libdir
  libdir=$(rustc --print target-libdir --target "$WASM")
  if [[ ! -d $libdir ]]; then
    say "adding Rust target $WASM"
    rustup target add "$WASM" >&2
  fi
  # The CLI must be of the very version of the crate: Cargo.lock is the one place that says which.
  local version
  version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;}' Cargo.lock)
  need_crate wasm-bindgen-cli "$version"
  BINDGEN=$TOOLS/wasm-bindgen-cli-$version/bin/wasm-bindgen
}

# need_crate NAME VERSION: a tool that cargo compiles, in $TOOLS/NAME-VERSION, on the PATH from here on.
need_crate() {
  local root=$TOOLS/$1-$2
  if [[ ! -f $root/.crates.toml ]]; then
    say "installing $1 $2"
    # Without --locked: the versions that wasm-bindgen-cli's own lock file names do not build.
    CARGO_TARGET_DIR=$TOOLS/build cargo install --quiet "$1" --version "=$2" --root "$root" >&2
    rm -rf "$TOOLS/build"
  fi
  PATH=$root/bin:$PATH
}

need_browsers() {
  apt_for chromium chromium firefox firefox-esr Xvfb xvfb xdotool xdotool fc-list fontconfig
  # The Japanese pages are looked at too.
  [[ -n $(fc-list :lang=ja) ]] || apt_for japanese-font-is-missing fonts-noto-cjk
}

# What the server's store grows on, and what its tests hold processes with. The tests start and stop each
# service themselves; moto (S3) they install into $TOOLS.
need_services() {
  local postgres=(/usr/lib/postgresql/*/bin/postgres)
  ((${#postgres[@]})) || apt_for postgres-is-missing postgresql
  apt_for nats-server nats-server nginx nginx-light strace strace setpriv util-linux
}

# need_venv NAME REQUIREMENTS: Python packages in $TOOLS/NAME, renewed when the list changes.
need_venv() {
  local venv=$TOOLS/$1
  apt_for python3 python3
  if ! cmp -s "$2" "$venv/requirements.txt"; then
    python3 -c 'import ensurepip' 2>/dev/null || apt_for python3-venv-is-missing python3-venv
    say "installing Python packages: $(grep -v '^#' "$2" | tr '\n' ' ')"
    rm -rf "$venv"
    python3 -m venv "$venv" >&2
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$2" >&2
    cp "$2" "$venv/requirements.txt"
  fi
}

# --- Building -----------------------------------------------------------------------------------------

build_server() {
  need_rust
  say "building the server"
  cargo build --quiet -p quorum-server
  SERVER=$CARGO_TARGET_DIR/debug/quorum
}

# bind NAME OUT [PROFILE [PASSES]]: makes a compiled module loadable by browsers and optimises it, into OUT.
bind() {
  local name=$1 out=$2 built=$CARGO_TARGET_DIR/$WASM/${3:-wasm}/$1.wasm passes stamp
  read -ra passes <<<"${4:--Oz}"
  # This takes longer than an unchanged cargo build: skipped for unchanged input.
  stamp=$({ echo "$BINDGEN"; cat package-lock.json build.sh "$built"; } | sha256sum)
  [[ -f $out/${name}_bg.wasm && $(cat "$out/$name.stamp" 2>/dev/null) == "$stamp" ]] && return
  say "binding and optimising $name"
  mkdir -p "$out"
  # The background starts a fresh instance after a trap; that function is how.
  "$BINDGEN" --target web --experimental-reset-state-function --out-dir "$out" "$built"
  node_modules/.bin/wasm-opt "${passes[@]}" --enable-simd --enable-bulk-memory --enable-bulk-memory-opt \
    --enable-nontrapping-float-to-int --enable-sign-ext --enable-mutable-globals \
    --enable-reference-types --enable-multivalue --strip-debug --strip-producers --strip-target-features \
    "$out/${name}_bg.wasm" -o "$out/${name}_bg.wasm"
  echo "$stamp" >"$out/$name.stamp"
}

# module CRATE PROFILE [OPTION …]: compiles a crate to a module. The crate type is said here: where Cargo.toml has
# it beside the library that another crate or a test needs, Cargo does no link-time optimisation.
module() { cargo rustc --quiet -p "$1" --lib --crate-type cdylib --target "$WASM" --profile "$2" "${@:3}"; }

# One after the other: together they would share the features of all.
light_modules() {
  module quorum-extension wasm &&
    module quorum-library wasm &&
    module quorum-www wasm --no-default-features --features light &&
    module quorum-console wasm
}
# The extension's part of the npm package, and the package. Then, minutes the first time: YARA-X. Nothing but a
# change of it, of the rules or of the core builds it again.
heavy_modules() {
  module quorum-npm npm &&
    module quorum-package npm &&
    module quorum-scanner scanner
}

# Compiles the WASM modules and leaves them, bound and optimised, in target/bindgen/pkg.
build_wasm() {
  need_wasm
  say "building the WebAssembly modules"
  # Side by side: linking takes one core, and the profiles have folders of their own, so that Cargo has none of
  # them wait for another.
  light_modules &
  local light=$! failed=0
  heavy_modules || failed=1
  wait "$light" || failed=1
  ((failed == 0)) || die "the modules do not build"
  # The branches made anew: 0.7 % less, gzipped, for three times the time.
  bind quorum_extension target/bindgen/pkg wasm "-Oz --flatten --rereloop -Oz -Oz"
  bind quorum_library target/bindgen/pkg
  bind quorum_www target/bindgen/pkg
  bind quorum_console target/bindgen/pkg
  bind quorum_npm target/bindgen/pkg npm -O3
  bind quorum_package target/bindgen/npm npm -O3
  bind quorum_scanner target/bindgen/pkg scanner -O3
}

# The unpacked extensions: dist/chromium and dist/firefox as users load them, and each with `-test`
# for the tests and for `run`, where the access to sites is granted by the manifest.
build_extension() {
  build_wasm
  local build dir locale name
  for build in chromium firefox chromium-test firefox-test; do
    dir=dist/$build
    rm -rf "$dir"
    mkdir -p "$dir/pkg"
    node tools/manifest.mjs "$build" >"$dir/manifest.json"
    cp extension/js/*.js www/*.html www/*.css www/managed.json "$dir/"
    mkdir "$dir/icons"
    cp www/icons/*.png "$dir/icons/"
    for name in "${WASM_PACKAGES[@]}"; do cp "target/bindgen/pkg/$name.js" "target/bindgen/pkg/${name}_bg.wasm" "$dir/pkg/"; done
    for locale in www/locales/*.json; do
      name=$(basename "$locale" .json)
      mkdir -p "$dir/_locales/$name"
      cp "$locale" "$dir/_locales/$name/messages.json"
    done
  done
}

# The npm package @quorum/core, unpacked in dist/npm.
build_npm() {
  rm -rf dist/npm
  mkdir -p dist/npm
  cp npm/index.js npm/index.node.js npm/index.d.ts npm/hits.js LICENSE dist/npm/
  cp docs/CORE.md dist/npm/README.md
  cp target/bindgen/npm/quorum_package{.js,.d.ts,_bg.wasm} dist/npm/
  node tools/glue.mjs dist/npm/quorum_package.js
  node tools/npm.mjs >dist/npm/package.json
}

# One build of this tree at a time: dist/ is replaced as a whole.
build_extension_alone() {
  mkdir -p target
  exec 9>target/.build-lock
  flock 9
  build_extension
  build_npm
  exec 9>&-
}

build_all() {
  build_server
  build_extension_alone
}

# --- Verbs --------------------------------------------------------------------------------------------

verb_extension() { build_extension_alone; }
verb_build() { build_all; say "extension: dist/chromium, dist/firefox · server: $SERVER"; }

verb_serve() {
  build_server
  exec "$SERVER" serve --listen 127.0.0.1:8080 --data ./quorum-data "$@"
}

verb_run() {
  need_browsers
  build_all
  exec env QUORUM_BIN="$SERVER" node tests/e2e/run.mjs "$@"
}

verb_package() {
  build_extension_alone
  (cd dist && npm pack --silent ./npm >&2)
  local version browser
  version=$(node -e 'import("./tools/manifest.mjs").then((m) => console.log(m.version()))')
  for browser in chromium firefox; do
    python3 tools/zip.py "dist/$browser" "dist/quorum-$browser-$version.zip"
    say "dist/quorum-$browser-$version.zip: $(stat -c %s "dist/quorum-$browser-$version.zip") bytes, sha256 $(sha256sum <"dist/quorum-$browser-$version.zip" | cut -d' ' -f1)"
  done
}

verb_fmt() { need_rust; cargo fmt --all; }

verb_bench() {
  local name=${1:-core}
  [[ -f tests/bench/$name.mjs ]] || die "no such benchmark: $name (there is: $(cd tests/bench && echo *.mjs))"
  case $name in
    core)
      need_browsers
      build_extension_alone
      cargo build --quiet --release -p quorum-core --example extract_speed
      cargo build --quiet --release --locked --manifest-path tests/bench/adblock/Cargo.toml
      need_venv bench-python tests/bench/core/requirements.txt
      ;;
    guard)
      need_browsers
      build_extension_alone
      cargo build --quiet --release -p quorum-scanner --example native
      ;;
    server)
      need_rust
      need_node
      need_services
      apt_for wrk wrk
      # mwdb-core hashes with it, as it comes; a library has no command to look for.
      [[ -n $(ldconfig -p | grep libfuzzy.so.2) ]] || apt_for libfuzzy-is-missing libfuzzy2
      need_venv bench-mwdb tests/bench/server/requirements.txt
      cargo build --quiet --release -p quorum-server
      export QUORUM_BIN=$CARGO_TARGET_DIR/release/quorum QUORUM_BENCH_MWDB=$TOOLS/bench-mwdb
      ;;
  esac
  QUORUM_EXTRACT_SPEED=$CARGO_TARGET_DIR/release/examples/extract_speed QUORUM_BENCH_PYTHON=$TOOLS/bench-python/bin/python \
    QUORUM_BENCH_ADBLOCK=$CARGO_TARGET_DIR/release/quorum-bench-adblock \
    QUORUM_YARA_NATIVE=$CARGO_TARGET_DIR/release/examples/native node "tests/bench/$name.mjs" "${@:2}"
}

# openapi [SECONDS]: requests made from the server's own description of its API, others each time.
verb_openapi() {
  build_server
  need_venv openapi tests/clients/openapi-requirements.txt
  QUORUM_BIN=$SERVER "$TOOLS/openapi/bin/python" tests/clients/openapi.py "${1:-600}"
}

# fuzz [SECONDS [TARGET …]]: each fuzz target for so long. What is found lies in core/fuzz/artifacts, and
# inputs that reach new code are kept in core/fuzz/corpus, which `test` replays.
verb_fuzz() {
  need_rust
  apt_for g++ build-essential
  need_crate cargo-fuzz 0.13.2
  local seconds=${1:-60} target
  (($# == 0)) || shift
  export CARGO_TARGET_DIR=$CACHE/fuzz
  cd core
  if (($# == 0)); then
    for target in fuzz/fuzz_targets/*.rs; do set -- "$@" "$(basename "$target" .rs)"; done
  fi
  for target; do
    say "fuzzing $target for $seconds s"
    mkdir -p "fuzz/corpus/$target" "$CACHE/fuzz/corpus/$target"
    # The core is safe Rust: without a sanitizer the stable toolchain is enough.
    cargo fuzz run --sanitizer none "$target" "$CACHE/fuzz/corpus/$target" "fuzz/corpus/$target" -- \
      -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
  done
}

# The core's coverage by its tests, lines and branches; a page for each file in target/coverage. Fails when
# fewer than 90 % of the branches are taken both ways.
verb_coverage() {
  need_rust
  need_crate cargo-llvm-cov 0.9.1
  rustup component add llvm-tools >&2
  # Branches are counted by an unstable option of the compiler.
  export CARGO_TARGET_DIR=$CACHE/coverage RUSTC_BOOTSTRAP=1
  cargo llvm-cov --branch -p quorum-core --tests --html --output-dir target/coverage
  cargo llvm-cov report --branch -p quorum-core --summary-only
  cargo llvm-cov report --branch -p quorum-core --summary-only --json 2>/dev/null | python3 -c '
import json, sys
taken = json.load(sys.stdin)["data"][0]["totals"]["branches"]["percent"]
print(f"{taken:.2f} % of the branches (at least 90 % is asked for)")
sys.exit(taken < 90)'
}

# mutants [FOLDER …] [--OPTION …]: changes the code of core/src/FOLDER in small ways, one at a time, and
# tells which changes no test notices (target/mutants/FOLDER/mutants.out/missed.txt). Fails when fewer than
# 80 % are noticed. A change costs seconds because only what the folder needs is compiled and run. Options
# are cargo-mutants' own: `--shard=0/4` tries a quarter of the changes.
verb_mutants() {
  need_rust
  need_crate cargo-mutants 27.1.0
  local folder only tests below=0 folders=()
  while (($#)) && [[ $1 != -* ]]; do folders+=("$1"); shift; done
  ((${#folders[@]})) || folders=(indicator blocklist digest)
  export CARGO_TARGET_DIR=$CACHE/mutants CARGO_PROFILE_DEV_DEBUG=none PROPTEST_CASES=64
  # Each run works on a copy of the tree at another place, and what it compiled is of no use to the next.
  cargo clean --quiet -p quorum-core
  for folder in "${folders[@]}"; do
    case $folder in
      indicator)
        only=(--no-default-features --test=cases --test=address_props)
        tests='binary(address_props) + test(/^(indicators|addresses|api)::/)' ;;
      blocklist)
        only=(--no-default-features --features=blocklist --test=cases --test=blocklist_props)
        tests='binary(blocklist_props) + test(/^blocklists::/)' ;;
      digest)
        only=(--no-default-features --features=fuzzy --lib --test=cases --test=fuzzy_props --test=file_type_props)
        tests='binary(/_props$/) + test(/^(bytes|fuzzy|digest)::/)' ;;
      *) only=(--tests) tests='all()' ;;
    esac
    if have cargo-nextest; then tests=(--test-tool=nextest -- -E "$tests"); else tests=(); fi
    mkdir -p "target/mutants/$folder"
    # Exit status 2 and 3 only say that there are changes that nobody notices, or that ran too long.
    cargo mutants -p quorum-core --file "core/src/$folder/**" --output "target/mutants/$folder" --minimum-test-timeout 20 \
      "$@" "${only[@]/#/--cargo-arg=}" "${tests[@]}" || (($? == 2 || $? == 3)) || die "no score for $folder"
    python3 - "$folder" "target/mutants/$folder/mutants.out/outcomes.json" <<'PYTHON' || below=1
import json, sys
folder, file = sys.argv[1:]
told = json.load(open(file))
noticed, missed = told["caught"] + told["timeout"], told["missed"]
score = 100 * noticed / (noticed + missed)
print(f"{folder}: {noticed} of {noticed + missed} changes noticed, {score:.1f} % (at least 80 % is asked for)")
sys.exit(score < 80)
PYTHON
  done
  return "$below"
}

verb_help() {
  cat <<'HELP'
./build.sh VERB
  run        build, start a server, open Chromium with the extension connected and three things to try;
             without a display: do the three, print the verdicts, leave screenshots in target/run
  test       every check and every test; the last line counts them
  serve      build and start the server on http://127.0.0.1:8080, its data in ./quorum-data
  bench NAME [PART …]        measure against a peer; the table also goes to target/bench/NAME.json
  package    the store zips of both browsers and the npm package @quorum/core, in dist/
  build      the server, and the unpacked extensions in dist/chromium and dist/firefox
  extension  the unpacked extensions alone
  fuzz [SECONDS [TARGET …]]  fuzz the core, each target for so long
  coverage   the core's coverage by its tests, lines and branches; fails below 90 % of the branches
  openapi [SECONDS]          make requests from the server's own description of its API, others each time
  mutants [FOLDER …]         change the core's code and see whether a test notices; fails below 80 %
  fmt        format the Rust code
HELP
}

# --- Tests --------------------------------------------------------------------------------------------
# Each layer writes target/test/NAME.log and one row of the table. A failing layer does not stop the next
# ones: one run tells all that is wrong.

PASSED=0 FAILED=0 SKIPPED=0 TABLE=()

# layer NAME COUNTER COMMAND …: runs the command, reads its counts from its output with count_COUNTER.
layer() {
  local name=$1 counter=$2 log=target/test/$1.log start=$SECONDS status=0 counts p f s
  shift 2
  say "test layer: $name"
  "$@" >"$log" 2>&1 </dev/null || status=$?
  counts=$("count_$counter" "$log" "$status")
  read -r p f s <<<"$counts"
  # A layer that failed without saying which test did, or that ran nothing, is a failure of its own.
  if ((f == 0)) && ((status != 0 || p + s == 0)); then f=1; fi
  PASSED=$((PASSED + p)) FAILED=$((FAILED + f)) SKIPPED=$((SKIPPED + s))
  TABLE+=("$(printf '%-22s %7d %7d %8d %8d' "$name" "$p" "$f" "$s" "$((SECONDS - start))")")
  if ((f)); then
    say "layer $name failed (exit $status); the end of $log:"
    tail -n 120 "$log"
    # In node's TAP a failure may stand far above the end: those once more, each with what it says.
    if [[ $counter == node ]]; then
      say "layer $name: what failed"
      awk '/^ *not ok / { on = 1 } on { print } /^ *\.\.\.$/ { on = 0 }' "$log" | head -n 200
    fi
  fi
}

# One command, one check.
count_check() { if (($2)); then echo 0 1 0; else echo 1 0 0; fi; }
# cargo-nextest: "Summary [ 1.2s] 10 tests run: 9 passed, 1 failed, 2 skipped".
count_nextest() {
  awk '/Summary \[/ { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p = $(i-1); if ($i ~ /^failed/) f = $(i-1); if ($i ~ /^skipped/) s = $(i-1) } }
    END { print p + 0, f + 0, s + 0 }' "$1"
}
# cargo test: "test result: ok. 3 passed; 0 failed; 1 ignored; …", once for each binary.
count_cargo() {
  awk '/^test result:/ { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p += $(i-1); if ($i ~ /^failed/) f += $(i-1); if ($i ~ /^ignored/) s += $(i-1) } }
    END { print p + 0, f + 0, s + 0 }' "$1"
}
# node --test, spec or TAP: "ℹ pass 3" or "# pass 3".
count_node() {
  awk '/^(#|ℹ) (pass|fail|cancelled|skipped|todo) [0-9]+$/ { n[$2] += $3 }
    END { print n["pass"] + 0, n["fail"] + n["cancelled"] + 0, n["skipped"] + n["todo"] + 0 }' "$1"
}
# Our own runners, and Python's: the line "N passed, N failed, N skipped".
count_line() {
  awk '/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { p += $1; f += $3; s += $5 } END { print p + 0, f + 0, s + 0 }' "$1"
}

rust_tests() {
  if have cargo-nextest; then cargo nextest run --workspace --no-fail-fast --no-tests=warn; else cargo test --workspace --lib --bins --tests --examples --no-fail-fast; fi
}
# The data cases of tests/cases once more, in WebAssembly: under node, and in a real browser.
wasm_cases() {
  CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER="$*" cargo test -p quorum-core --target "$WASM" --test cases
}
# The core with none of its features, and with each alone, natively and in WebAssembly: all that is in it is
# compiled, its tests too. They are run with all features; each set of them would link every test anew.
core_features() {
  local feature
  for feature in '' archive blocklist deception fuzzy observables; do
    cargo clippy --quiet -p quorum-core --all-targets --no-default-features --features "$feature" -- -D warnings || return
    cargo clippy --quiet -p quorum-core --target "$WASM" --no-default-features --features "$feature" -- -D warnings || return
  done
}
rust_counter() { if have cargo-nextest; then echo nextest; else echo cargo; fi; }
node_tests() { timeout --kill-after=10 2700 node --test --test-concurrency="${AT_ONCE:-1}" --test-reporter=tap "$@"; }

verb_test() {
  need_wasm
  need_browsers
  # The API clients that the server is tested with.
  need_venv python tests/clients/requirements.txt
  need_venv openapi tests/clients/openapi-requirements.txt
  need_services
  rm -rf target/test
  mkdir -p target/test
  # From here on a failure is counted, not the end.
  set +e
  layer format check cargo fmt --all --check
  layer clippy check cargo clippy --quiet --workspace --all-targets -- -D warnings
  layer clippy-wasm check cargo clippy --quiet -p quorum-extension -p quorum-library -p quorum-www -p quorum-console -p quorum-npm -p quorum-package -p quorum-scanner --target "$WASM" -- -D warnings
  layer features check core_features
  layer docs check env RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --no-deps
  layer rust "$(rust_counter)" rust_tests
  layer doctests cargo cargo test --quiet --workspace --doc
  # The server was built with its tests, and with the features that they turn on: building it as `run`
  # does would compile all that it depends on a second time.
  layer extension check build_extension_checked
  SERVER=$CARGO_TARGET_DIR/debug/quorum
  export QUORUM_BIN=$SERVER
  layer types check node_modules/.bin/tsc -p .
  layer cases-wasm cargo wasm_cases "$BINDGEN-test-runner"
  layer cases-browser cargo wasm_cases node "$ROOT/tests/cases/browser.mjs" "$BINDGEN-test-runner"
  layer gates node node_tests tests/gates/*.test.mjs
  # Built with the tests, as the server was.
  export QUORUM_YARA_NATIVE=$CARGO_TARGET_DIR/debug/examples/native
  layer yara node node_tests tests/yara/*.test.mjs
  layer clients line "$TOOLS/python/bin/python" tests/clients/vt_py.py
  layer openapi line "$TOOLS/openapi/bin/python" tests/clients/openapi.py 180 --generation-deterministic
  # A browser mostly waits.
  AT_ONCE=2 layer e2e-chromium node node_tests tests/e2e/chromium/*.test.mjs
  # What the machine's administrator sets counts for each browser that runs meanwhile: alone.
  layer e2e-managed node node_tests tests/e2e/managed/*.test.mjs
  layer e2e-firefox node node_tests tests/e2e/firefox/*.test.mjs
  set -e
  printf '\n%-22s %7s %7s %8s %8s\n' layer passed failed skipped seconds
  printf '%s\n' "${TABLE[@]}"
  printf '\nlogs: target/test · screenshots: target/e2e\n'
  printf '%d passed, %d failed, %d skipped\n' "$PASSED" "$FAILED" "$SKIPPED"
  ((FAILED == 0))
}

# In a shell of its own: a function called under `||` runs without `set -e`, and a build that fails must
# not go on.
build_extension_checked() { "$ROOT/build.sh" extension; }

verb=${1:-help}
(($# == 0)) || shift
case $verb in
  run | test | serve | bench | package | build | extension | fuzz | openapi | coverage | mutants | fmt | help) "verb_$verb" "$@" ;;
  -h | --help) verb_help ;;
  *) verb_help >&2; die "no such verb: $verb" ;;
esac
