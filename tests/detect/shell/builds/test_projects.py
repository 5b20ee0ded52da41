"""Files that a program runs by itself, judged where this session wrote them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checkrein.core.effect import EffectKind
from checkrein.detect.shell.builds.projects import MAX_FILES

P = "/home/dev/project"
PY = "import shutil\nshutil.rmtree('/etc/x')\n"
JS = "require('fs').rmSync('/etc/x', {recursive: true})\n"
GO = 'package a\nfunc f() { os.RemoveAll("/etc/x") }\n'
RB = "FileUtils.rm_rf('/etc/x')\n"
HOOKS = "repos:\n- repo: local\n  hooks:\n  - id: a\n    language: system\n    entry: rm\n    args: [-rf, /etc/x]\n"
BOMB = "a: &a [x]\n" + "".join(f"{new}: &{new} [{', '.join(['*' + old] * 9)}]\n" for old, new in ("ab", "bc", "cd", "de", "ef"))
PYPROJECT = '[build-system]\nbuild-backend = "own:x"\nbackend-path = ["b"]\n'


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("python -m unittest q", {"q.py": PY}),
        ("python -m coverage run -m pk", {"pk/__main__.py": PY}),
        ("pytest -p plug", {"plug.py": PY}),
        ("pytest", {"pytest.ini": "[pytest]\naddopts = -p plug\n", "plug.py": PY}),
        ("flask --app q run", {"q.py": PY}),
        ("flask run", {"app.py": PY}),
        ("uvicorn pk.q:app --reload", {"pk/q.py": PY}),
        ("python -m uvicorn q:app", {"q.py": PY}),
        ("gunicorn q:app", {"q.py": PY}),
        ("celery -A q worker", {"q.py": PY}),
        ("streamlit run q.py", {"q.py": PY}),
        ("ruby -r./q -e 1", {"q.rb": RB}),
        ("perl -I. -MQ -e 1", {"Q.pm": "system('rm -rf /etc/x');\n"}),
        ("perl -Ilib -MA::B -e 1", {"lib/A/B.pm": "system('rm -rf /etc/x');\n"}),
        ("nodemon q.js", {"q.js": JS}),
        ("composer install", {"composer.json": '{"scripts": {"post-install-cmd": "rm -rf /etc/x"}}'}),
        ("composer test", {"composer.json": '{"scripts": {"test": ["rm -rf /etc/x"]}}'}),
        ("ninja", {"build.ninja": "rule r\n  command = rm -rf /etc/x\nbuild a: r\n"}),
        ("ninja -C b", {"b/build.ninja": "d = /etc/x\nrule r\n  command = rm -rf $d ${e}\nbuild a: r\n"}),
        ("meson setup b", {"meson.build": "run_command('rm', '-rf', '/etc/x')\n"}),
        ("sbt run", {"build.sbt": 'val x = "rm -rf /etc/x".!\n'}),
        ("thor a:b", {"a.thor": RB}),
        ("bazel build //...", {"BUILD": 'genrule(name = "a", cmd = "rm -rf /etc/x")\n'}),
        ("nu q.nu", {"q.nu": "rm -rf /etc/x\n"}),
        ("ssh -F x h", {"x": "Host h\n  ProxyCommand rm -rf /etc/x\n"}),
        ("supervisord -c s.conf", {"s.conf": "[program:a]\ncommand=rm -rf /etc/x\n"}),
        ("screen -c q", {"q": "exec rm -rf /etc/x\n"}),
        ("pytest", {"tests/unit/test_a.py": PY}),
        ("pytest tests/test_other.py", {"conftest.py": PY}),
        ("pytest -p plug", {"sub/a_test.py": PY}),
        ("pytest x.py::test_a", {"x.py": PY}),
        ("pytest", {"test_a.py": "import shutil\ndef test_a(tmp_path):\n    shutil.rmtree(tmp_path)\ntest_a('/etc/x')\n"}),
        ("pytest", {"test_a.py": "import shutil\ndef helper(tmp_path):\n    shutil.rmtree(tmp_path)\nhelper('/etc/x')\n"}),
        ("python3 -m pytest -q", {"test_a.py": PY}),
        ("python -m unittest discover -s t", {"t/test_a.py": PY}),
        ("uv run pytest", {"test_a.py": PY}),
        ("pip install -e .", {"setup.py": PY}),
        ("pip install ./sub", {"sub/setup.py": PY}),
        ("python -m build", {"setup.py": PY}),
        ("uv sync", {"pyproject.toml": PYPROJECT, "b/own.py": PY}),
        ("tox -e py", {"tox.ini": "[testenv]\ncommands =\n  pytest\n  rm -rf /etc/x\n"}),
        ("nox", {"noxfile.py": "def a(session):\n  session.run('rm', '-rf', '/etc/x', external=True)\n"}),
        ("invoke a", {"tasks.py": "def a(c):\n  c.run('rm -rf /etc/x')\n"}),
        ("poe a", {"pyproject.toml": '[tool.poe.tasks]\na = "rm -rf /etc/x"\n'}),
        ("pre-commit run --all-files", {".pre-commit-config.yaml": HOOKS}),
        ("lefthook run pre-commit", {"lefthook.yml": "pre-commit:\n  commands:\n    a:\n      run: rm -rf /etc/x\n"}),
        ("go run .", {"main.go": GO}),
        ("go test ./...", {"a/a_test.go": GO}),
        ("go generate ./...", {"gen.go": "package a\n//go:generate rm -rf /etc/x\n"}),
        ("gcc -O2 -o a a.c", {"a.c": 'int main() { system("rm -rf /etc/x"); }'}),
        ("cargo build", {"build.rs": 'fn main() { Command::new("rm").args(["-rf", "/etc/x"]); }'}),
        ("cargo test", {"src/lib.rs": 'fn f() { std::fs::remove_dir_all("/etc/x"); }'}),
        ("javac A.java", {"A.java": 'class A { void a() { Runtime.getRuntime().exec("rm -rf /etc/x"); } }'}),
        ("./gradlew test", {"build.gradle": 'task a(type: Exec) { commandLine "rm", "-rf", "/etc/x" }\n'}),
        ("gradle -p sub test", {"sub/build.gradle": 'delete "/etc/x"\n'}),
        (
            "mvn verify",
            {"pom.xml": '<project><exec executable="rm"><arg value="-rf"/><arg value="/etc/x"/></exec></project>'},
        ),
        ("cmake -S . -B build", {"CMakeLists.txt": "execute_process(COMMAND rm -rf /etc/x)\n"}),
        ("cmake -P a.cmake", {"a.cmake": "file(REMOVE_RECURSE /etc/x)\n"}),
        ("node -r ./a.js b.js", {"a.js": JS}),
        ("node --import=./a.mjs b.js", {"a.mjs": JS}),
        ("node --test", {"a.test.js": JS}),
        ("npx jest", {"src/a.test.js": JS}),
        ("npx vitest run", {"src/a.test.ts": f"const a: number = 1;\n{JS}"}),
        ("npx mocha", {"a.spec.js": JS}),
        ("rake a", {"Rakefile": RB}),
        ("rspec", {"spec/a_spec.rb": RB}),
        ("just a", {"justfile": "d := '/etc/x'\na:\n  @rm -rf {{d}}\n"}),
        ("just a", {"justfile": "a:\n  #!/usr/bin/env python3\n  import os\n  os.remove('/etc/x')\n"}),
        ("task", {"Taskfile.yml": "vars: {D: /etc/x}\ntasks:\n  default:\n    cmds:\n      - rm -rf {{.D}}\n"}),
        ("task a", {"Taskfile.yml": "tasks:\n  a: rm -rf /etc/x\n"}),
        ("honcho start", {"Procfile": "web: rm -rf /etc/x\n"}),
        ("direnv allow", {".envrc": "rm -rf /etc/x\n"}),
        ("deno task a", {"deno.json": json.dumps({"tasks": {"a": "rm -rf /etc/x"}})}),
        ("ansible-playbook p.yml", {"p.yml": "- hosts: localhost\n  tasks:\n  - ansible.builtin.shell: rm -rf /etc/x\n"}),
        ("ansible-playbook p.yml", {"p.yml": "- hosts: localhost\n  tasks:\n  - file: {path: /etc/x, state: absent}\n"}),
        ("terraform apply", {"a.tf": 'provisioner "local-exec" {\n  command = "rm -rf /etc/x"\n}\n'}),
        ("tclsh a.tcl", {"a.tcl": "if {1} { exec rm -rf /etc/x }\n"}),
        ("tclsh a.tcl", {"a.tcl": "file delete -force /etc/x\n"}),
        ("docker compose up", {"compose.yml": "services:\n  a: {image: a, volumes: ['/etc:/e'], command: rm -rf /e/x}\n"}),
    ],
)
def test_what_a_file_of_this_session_makes_a_program_do(judge: Any, command: str, files: dict[str, str]) -> None:
    scripts = {f"{P}/{name}": text for name, text in files.items()}
    folders = tuple({path.rsplit("/", 1)[0] for path in scripts})
    assert "/etc/x" in judge(command, scripts=scripts, folders=folders).of(EffectKind.DELETE)
    assert judge(command).of(EffectKind.DELETE) == []


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("just a", {"justfile": "\0"}),
        ("docker compose up", {"compose.yml": "services: ["}),
        ("docker compose up", {"compose.yml": "a: &a [x]\nb: &b [*a, *a]\nservices: 1\n"}),
        ("task", {"Taskfile.yml": BOMB}),
        ("mvn verify", {"pom.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><project>&b;</project>"}),
        ("mvn verify", {"pom.xml": "<project>"}),
        ("tox", {"tox.ini": "commands = x"}),
        ("uv sync", {"pyproject.toml": "["}),
        ("gcc a.c", {"a.c": "int main(int c, char **v) { system(v[1]); }"}),
        ("gcc a.c", {"a.c": "int (*f)(const char *) = system;"}),
        ("go run a.go", {"a.go": "func main() { exec.Command(os.Args[1]).Run() }"}),
        ("pytest", {f"test_{number}.py": "x = 1\n" for number in range(MAX_FILES + 1)}),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_said(judge: Any, command: str, files: dict[str, str]) -> None:
    assert judge(command, scripts={f"{P}/{name}": text for name, text in files.items()}).of(EffectKind.RUN_UNKNOWN)


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("pytest", {"test_a.py": "import shutil\ndef test_a(tmp_path):\n    shutil.rmtree(tmp_path / 'a')\n"}),
        ("gcc a.c", {"a.c": '/* system("rm -rf /") */ int main() { puts("system(x)"); }'}),
        ("gcc a.cc", {"a.cc": "v.erase(std::remove(v.begin(), v.end(), 1), v.end());"}),
        ("go test ./...", {"a_test.go": 'd, err := os.MkdirTemp("", "x")\ndefer os.RemoveAll(d)\n'}),
        ("cargo test", {"src/lib.rs": "fn f() { v.remove(0); }"}),
        ("npx vitest", {"a.test.ts": "interface A { b: string }\nit('a', async (): Promise<void> => { x as A; });\n"}),
        ("./gradlew build", {"build.gradle": "task clean(type: Delete) { delete rootProject.buildDir }\n"}),
        ("docker build .", {"Dockerfile": "FROM a\nRUN apt-get update \\\n  && rm -rf /var/lib/apt/lists/*\n"}),
        ("docker compose ps", {"compose.yml": "services:\n  a: {image: a, privileged: true}\n"}),
        ("docker compose up", {"compose.yml": "services:\n  a: {build: ., command: npm start, volumes: ['.:/app', 'b:/c']}\n"}),
        ("tox", {"tox.ini": "[testenv]\ndeps = rm -rf /\ncommands = pytest {posargs:tests}\n"}),
        ("pip install requests", {"setup.cfg": "x"}),
        ("ansible-playbook p.yml", {"p.yml": "- hosts: web\n  tasks:\n  - apt: {name: nginx}\n"}),
        ("ssh host pytest", {"test_a.py": PY}),
        ("lefthook install", {"lefthook.yml": "a: {run: rm -rf /etc/x}"}),
    ],
)
def test_ordinary_projects_are_quiet(judge: Any, command: str, files: dict[str, str]) -> None:
    judged = judge(command, scripts={f"{P}/{name}": text for name, text in files.items()})
    assert not judged.blind
    assert not judged.rules
    assert [path for path in judged.of(EffectKind.DELETE) if not path.startswith(("/tmp/", P))] == []


def test_a_compose_service_is_judged_as_the_run_that_it_is(judge: Any) -> None:
    def rules(service: str) -> set[str]:
        text = f"services:\n  a: {service}\n"
        found: set[str] = judge("docker compose up -d", scripts={f"{P}/docker-compose.yml": text}).rules
        return found

    assert rules("{image: a, privileged: true}") == {"containers.host-access"}
    assert rules("{image: a, volumes: ['/:/host']}") == {"containers.host-access"}
    assert rules("{image: a, volumes: [{type: bind, source: /var/run/docker.sock, target: /x}]}") == {"containers.host-access"}
    assert rules("{image: a, volumes: ['./data:/data']}") == set()


def test_what_was_written_by_the_same_command(judge: Any) -> None:
    assert judge("printf 'import os\\nos.remove(\"/etc/x\")\\n' > test_a.py; pytest").of(EffectKind.DELETE) == ["/etc/x"]
