# 家门口 Doorstep. `make demo` runs a demonstration town, `make test` runs all tests; both install what they need.
PYTHON ?= python3
PY := .venv/bin/python
# Two workers, each with a database and a town of its own; what a file makes stays in one of them.
TWO := -n 2 --dist loadfile --no-loadscope-reorder
.DEFAULT_GOAL := help
.PHONY: help setup setup-run demo run test check check-long bench chaos fuzz soak lock

help: ## 列出这些命令 · list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## 安装运行和测试所需 · install what running and testing need
	@$(PYTHON) tools/setup.py test

setup-run:
	@$(PYTHON) tools/setup.py run

demo: setup-run ## 演示城镇，打开网页就能办 · a demonstration town, ready in the browser
	@$(PY) -m doorstep demo

run: setup-run ## 正式启动（空的数据目录） · start for real, on an empty data directory
	@$(PY) -m doorstep up

test: setup ## 全部测试（含 kill -9、逐页无障碍检查） · all tests, kills and axe on every page included
	@$(PY) -m pytest $(TWO)

check: setup ## 服务器上跑的全部检查 · everything the server checks
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	.venv/bin/lint-imports --no-cache
	$(PY) -m mypy
	$(PY) -m doorstep packs check
	$(PY) -m doorstep packs test
	$(PY) -m django makemigrations --check --dry-run --settings doorstep.project.settings
	$(PY) -m pytest $(TWO)

check-long: setup ## 性质测试各一万例，DOORSTEP_SHARD=1/4 为四分之一 · 10,000 cases for each property; DOORSTEP_SHARD=1/4: a quarter
	HYPOTHESIS_PROFILE=long $(PY) -m pytest $(TWO) --timeout 28800

bench: setup ## 量一量：每次调用的 CPU · measure CPU for each call, write bench/out
	@$(PY) -m tests.bench

chaos: setup ## 反复 kill -9，看丢不丢 · kill processes at random and look for losses
	@$(PY) -m tests.chaos
	@$(PY) -m tests.chaos.alerts

fuzz: setup ## 性质测试的长跑 · property tests, long
	HYPOTHESIS_PROFILE=long $(PY) -m pytest --timeout 28800 tests/rulebook tests/kernel

soak: setup ## 久跑：更多次 kill，地图一小时 · many more kills, the live map for an hour
	@$(PY) -m tests.chaos --kills 300
	@$(PY) -m tests.bench.soak 3600

lock: ## 重新解析依赖 · resolve dependencies anew
	.venv/bin/uv pip compile -q --upgrade pyproject.toml --extra run --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o locks/run.txt
	.venv/bin/uv pip compile -q --upgrade pyproject.toml --extra run --extra test --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o locks/test.txt
	npm install --omit-lockfile-registry-resolved --package-lock-only
