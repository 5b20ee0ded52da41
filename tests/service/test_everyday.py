"""Everyday work that redaction neither stops nor changes: everything put together as the service does it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from checkrein.enforce.hooks.protocol import HookProtocol
from checkrein.service import parts
from checkrein.service.paths import ServicePaths

Post = Callable[..., Mapping[str, Any]]

PROMPTS = (
    "Please write to jane.doe@example.com and john@corp-mail.io about the release",
    "My login is bob@corp-mail.io with password123: why does it fail?",
    "set the password to hunter2 in the test fixture",
    "use postgres://postgres:postgres@localhost:5432/app for the tests",
    "the phone field should accept +49 30 1234567 and (555) 010-9999",
    "put API_KEY=your-api-key-here into .env.example",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b broke the build",
    "the row with id 550e8400-e29b-41d4-a716-446655440000 is missing",
    "192.168.1.10 cannot reach 10.0.0.5, but 8.8.8.8 works",
    'secret = os.environ["SECRET_KEY"] should be used instead',
    "Password: changeme",
    "rename getUserPasswordHash to passwordHash",
    "the trace id is 4bf92f3577b34da6a3ce929d0e0e4736",
    "clone git@github.com:acme/app.git",
    "run it with POSTGRES_PASSWORD=postgres POSTGRES_USER=postgres",
    "the JWT secret in tests is 'test-secret', in development 'super-secret-key'",
    "curl -u admin:admin localhost:8080 gives 401",
)
FILES = {
    ".env.example": "API_KEY=\nDB_PASSWORD=changeme\nSECRET_KEY=your-secret-key\nJWT_SECRET=please-change-me\nPORT=3000\n",
    "docker-compose.yml": "environment:\n  POSTGRES_PASSWORD: postgres\n  MYSQL_ROOT_PASSWORD: root\n",
    "package.json": '{"name": "app", "scripts": {"test": "jest --token=abc"}, "dependencies": {"jsonwebtoken": "^9.0.0"}}',
    "src/config.py": 'SECRET_KEY = os.environ.get("SECRET_KEY", "dev")\nTOKEN_URL = "https://auth.example.com/oauth/token"\n',
    "src/Login.tsx": 'const [password, setPassword] = useState("");\nconst TOKEN_KEY = "app.auth.token";\n',
    "tests/test_auth.py": 'login(client, "test@example.com", "correct horse battery")\nTOKEN = "dummy-token-for-tests"\n',
    ".github/workflows/ci.yml": "env:\n  TOKEN: ${{ secrets.GITHUB_TOKEN }}\n  POSTGRES_PASSWORD: postgres\n",
    "main.tf": 'variable "db_password" { sensitive = true }\nresource "x" "y" { password = var.db_password }\n',
    "k8s.yaml": "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef: {name: db-credentials, key: password}\n",
    "README.md": "# App\nSet `API_KEY=<your key>` and `DATABASE_URL=postgres://user:password@localhost:5432/db`.\n",
}
COMMANDS = {
    "git status": "On branch main\nnothing to commit\n",
    "curl http://localhost:3000/health": '{"status":"ok","commit":"3f786850e387550fdab836ed7e6dc881de23001b"}',
    "POSTGRES_PASSWORD=postgres docker compose up -d": "Container app-db-1  Started\n",
    "PGPASSWORD=postgres psql -h localhost -U postgres -c 'select 1'": " ?column?\n 1\n",
    "git config user.email jane@acme-mail.io": "",
    "npm test": "PASS src/a.test.ts\n  ✓ logs in with password (12 ms)\n",
    "docker ps": "CONTAINER ID   IMAGE\n4c01db0b339c   postgres:16\n",
    "ip a": "inet 192.168.1.17/24 brd 192.168.1.255\nlink/ether 52:54:00:12:34:56\ninet6 fe80::5054:ff:fe12:3456/64\n",
    "sha256sum a.py": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  a.py\n",
    "uuidgen": "550e8400-e29b-41d4-a716-446655440000\n",
    "grep -rn password src": "src/a.py:3:password = getpass()\nsrc/b.ts:9:  password: string;\n",
    "npm run build": "dist/assets/index-BkX9cQ2e.js  143.21 kB\n",
    "tail log": "2026-11-21 INFO req id=01HGW2N7EHJ3K9V5Z8Q4X6Y0ZA user=42\ntrace=4bf92f3577b34da6a3ce929d0e0e4736\n",
    "node app.js": "Connected to postgres://app:***@localhost/app\n",
    "for f in *.py; do echo ${f%.py}; done": "a\nb\n",
    "exec 2>&1; make test": "ok\n",
    "git log --format=%h -3 | rev": "1a2b3c4\n",
}


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    home = Path(os.path.realpath(tmp_path_factory.mktemp("home")))
    project = home / "project"
    project.mkdir()
    (project / ".env").write_text("PORT=3000\nDB_PASSWORD=postgres\n")
    env = {"HOME": str(home), "XDG_RUNTIME_DIR": f"{home}/run"}
    paths = ServicePaths.of_user(env)
    paths.prepare()
    made = parts.build(env, paths)
    hooks = HookProtocol(made.point, made.recorder, made.redaction)

    def send(name: str, **fields: Any) -> Mapping[str, Any]:
        common = {"hook_event_name": name, "session_id": "s1", "cwd": str(project), "permission_mode": "default"}
        answer: dict[str, Any] = orjson.loads(hooks.handle(name, orjson.dumps({**common, **fields})))
        return answer

    yield send
    assert made.close is not None
    made.close()


@pytest.mark.parametrize("prompt", PROMPTS)
def test_prompts(post: Post, prompt: str) -> None:
    assert post("UserPromptSubmit", prompt=prompt) == {}


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_read(post: Post, name: str) -> None:
    response = {"type": "text", "file": {"filePath": f"/project/{name}", "content": FILES[name], "numLines": 2, "startLine": 1}}
    call = {"tool_name": "Read", "tool_input": {"file_path": f"/project/{name}"}, "tool_use_id": name}
    assert post("PostToolUse", **call, tool_response=response) == {}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(post: Post, command: str) -> None:
    call = {"tool_name": "Bash", "tool_input": {"command": command}, "tool_use_id": command}
    response = {"stdout": COMMANDS[command], "stderr": "", "interrupted": False, "isImage": False}
    assert post("PreToolUse", **call) == {}
    assert post("PostToolUse", **call, tool_response=response) == {}


def test_the_same_road_stops_a_secret(post: Post) -> None:
    """What passes above passes because there is nothing in it."""
    token = "gh" + "p_" + os.urandom(18).hex()
    assert post("UserPromptSubmit", prompt=f"use {token}")["decision"] == "block"
