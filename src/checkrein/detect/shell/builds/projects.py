"""Files that make a program run something: which these are, how it finds them, and what they are written in.

They are judged where nobody vouches for them: a tool of this session wrote them, or they are not as somebody committed them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from checkrein.core.effect import Effect, EffectKind, Flag
from checkrein.detect.shell.model import Invocation, Outcome, ScriptFile, absolute
from checkrein.detect.shell.options import listed

MAX_FILES = 60  # that one call is judged by: each takes some 50 ms


@dataclass(frozen=True, slots=True)
class Source:
    """Files that a program runs.

    ``files``: those that it finds by itself, below the folder that it works in: a path, or ``**/`` and a pattern of names that
    this session wrote in any folder. ``options`` name such a file, ``words``: so do operands; one that is a folder is one to
    look in. ``folder``: options that change the folder. ``when``: one of these groups of words must be among the arguments
    (``compose+up``). ``endings``: what a name that is given may lack, ``dots``: what is between the parts of a module's name.
    """

    language: str
    files: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    words: bool = False
    folder: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    dots: str = ""


_MODULE = (".py", "/__init__.py", "/__main__.py")
_SCRIPT = (".js", ".cjs", ".mjs", "/index.js")
_C = Source("c", words=True)
_PY_TESTS = listed("conftest.py tests/conftest.py **/conftest.py **/test_*.py **/*_test.py **/tests.py **/test.py")
_UNIT_TESTS = (*_PY_TESTS, "**/test*.py")
_JS_TESTS = listed(
    "**/*.test.js **/*.test.mjs **/*.test.cjs **/*.test.jsx **/*.spec.js **/*.spec.mjs **/*.spec.jsx **/*-test.js"
)
_TS_TESTS = listed("**/*.test.ts **/*.test.tsx **/*.spec.ts **/*.spec.tsx **/*.test.mts **/*.setup.ts **/*.cy.ts")
_JVM_BUILD = listed(
    "build.gradle settings.gradle init.gradle **/build.gradle **/build.gradle.kts **/settings.gradle.kts **/*.gradle"
)
_C_FILES = listed("**/*.c **/*.cc **/*.cpp **/*.cxx **/*.m **/*.h **/*.hpp")
_INSTALLS = listed("install develop wheel build sync lock run add download publish test")
_COMPOSE_FILES = listed(
    "compose.yaml compose.yml docker-compose.yml docker-compose.yaml docker-compose.override.yml compose.override.yaml"
)
_STARTS = listed("up run start create restart build exec watch")
_TERRAFORM = Source("hcl", listed("**/*.tf"), folder=("-chdir",), when=listed("apply plan destroy refresh import test"))


def _js(*configs: str) -> tuple[Source, ...]:
    """A runner of tests in JavaScript with these configurations."""
    named = tuple(f"{name}.{end}" for name in configs for end in ("js", "cjs", "mjs"))
    typed = tuple(f"{name}.{end}" for name in configs for end in ("ts", "mts"))
    options = ("-c", "--config", "--setupFiles", "-r", "--require", "--import")
    return (Source("javascript", (*named, *_JS_TESTS), options), Source("typescript", (*typed, *_TS_TESTS)))


_TABLE: tuple[tuple[str, tuple[Source, ...]], ...] = (
    (
        "pytest py.test ptw pytest-watch",
        (Source("pytest", _PY_TESTS, words=True), Source("pytest-plugins", ("pytest.ini",), ("-c", "--config-file")),
         Source("python", options=("-p",), dots=".", endings=_MODULE)),
    ),
    (
        "python python3",
        (Source("pytest", _UNIT_TESTS, when=("-m+unittest", "-m+pytest", "-m+nose2", "-m+coverage", "manage.py+test")),
         Source("python", words=True, dots=".", endings=(".py",), when=("-m+unittest",)),
         Source("python", ("noxfile.py",), when=("-m+nox",)),
         Source("tox", ("tox.ini", "setup.cfg"), when=("-m+tox",)),
         Source("python", ("setup.py", "hatch_build.py"), when=("-m+build",)),
         Source("pyproject", ("pyproject.toml",), when=("-m+build",))),
    ),
    ("nose2 green ward stestr trial", (Source("pytest", (*_PY_TESTS, "**/test*.py"), words=True),)),
    (
        "coverage",
        (Source("pytest", _UNIT_TESTS, words=True), Source("python", options=("-m",), dots=".", endings=_MODULE)),
    ),
    ("flask quart", (Source("python", ("app.py", "wsgi.py"), ("--app", "-A"), dots=".", endings=_MODULE),)),
    (
        "uvicorn hypercorn daphne granian gunicorn waitress-serve dramatiq rq arq taskiq celery",
        (Source("python", ("gunicorn.conf.py",), listed("-c --config -A --app"), words=True, dots=".", endings=_MODULE),),
    ),
    (
        "streamlit chainlit gradio marimo panel bokeh solara fastapi litestar",
        (Source("python", ("main.py", "app.py", "app/main.py"), words=True),),
    ),
    ("behave", (Source("python", ("features/environment.py", "**/steps/*.py")),)),
    ("locust", (Source("python", ("locustfile.py",), ("-f", "--locustfile")),)),
    ("sphinx-build", (Source("python", ("conf.py", "source/conf.py", "docs/conf.py", "docs/source/conf.py")),)),
    (
        "nox",
        (Source("python", ("noxfile.py",), ("-f", "--noxfile")), Source("tasks", ("noxfile.py",), ("-f", "--noxfile"))),
    ),
    ("fab", (Source("python", ("fabfile.py",), ("-f",)), Source("tasks", ("fabfile.py",), ("-f",)))),
    ("invoke inv", (Source("python", ("tasks.py",), ("-c",)), Source("tasks", ("tasks.py",), ("-c",)))),
    ("scons", (Source("python", ("SConstruct", "**/SConscript"), ("-f",)),)),
    ("waf", (Source("python", ("wscript",)),)),
    ("doit", (Source("python", ("dodo.py",), ("-f",)),)),
    ("tox", (Source("tox", ("tox.ini", "setup.cfg"), ("-c",)), Source("pyproject", ("pyproject.toml",)))),
    (
        "pip pip3 uv poetry pdm hatch flit rye build pipx",
        (Source("python", ("setup.py", "hatch_build.py", "build.py"), words=True, options=("-e", "--editable"), when=_INSTALLS),
         Source("pyproject", ("pyproject.toml",), words=True, options=("-e", "--editable"), when=_INSTALLS)),
    ),
    ("poe task-runner taskipy pixi", (Source("pyproject", ("pyproject.toml",)),)),
    ("pre-commit prek", (Source("pre-commit", (".pre-commit-config.yaml",), ("-c", "--config"), when=("run", "try-repo")),)),
    ("lefthook", (Source("yaml-run", ("lefthook.yml", ".lefthook.yml", "lefthook-local.yml"), when=("run",)),)),
    ("go", (
        Source("go", ("**/*.go",), words=True, when=listed("run test generate install")),
        Source("go-generate", ("**/*.go",), when=("generate",)),
    )),
    (
        "cargo",
        (Source("rust", ("build.rs", "**/*.rs"), when=listed("build b run r test t check c bench install clippy nextest")),),
    ),
    ("gcc g++ cc c++ clang clang++ tcc zig", (_C,)),
    ("rustc", (Source("rust", words=True),)),
    ("java javac kotlinc kotlin groovy scala jbang", (Source("java", words=True),)),
    ("cmake", (
        Source("cmake", ("CMakeLists.txt", "**/CMakeLists.txt", "**/*.cmake"), ("-P", "-C"), folder=("-S",), words=True),
        Source("c", _C_FILES, when=("--build",)),
    )),
    ("ctest", (Source("c", _C_FILES),)),
    ("ninja", (Source("c", _C_FILES), Source("ninja", ("**/*.ninja",)))),
    ("meson", (Source("c", _C_FILES), Source("meson", ("**/meson.build",)))),
    ("bazel bazelisk buck2", (Source("c", _C_FILES), Source("bazel", listed("**/BUILD **/BUILD.bazel **/BUCK **/*.bzl")))),
    ("sbt mill", (Source("sbt", listed("**/*.sbt **/*.sc **/*.scala")), Source("java", listed("**/*.sbt **/*.scala")))),
    ("gradle gradlew", (Source("gradle", _JVM_BUILD, ("-b", "-I", "--init-script"), folder=("-p", "--project-dir")),)),
    ("mvn mvnw", (Source("maven", ("pom.xml", "**/pom.xml"), ("-f", "--file")),)),
    ("ant", (Source("maven", ("build.xml",), ("-f", "-buildfile", "-file")),)),
    ("node nodejs ts-node tsx", (
        Source("javascript", options=("-r", "--require", "--import", "--loader", "--experimental-loader")),
        Source("javascript", _JS_TESTS, when=("--test",)),
        Source("typescript", _TS_TESTS, when=("--test",)),
    )),
    ("nodemon pm2 forever node-dev ts-node-dev", (Source("javascript", words=True, endings=_SCRIPT),)),
    ("deno", (
        Source("javascript", _JS_TESTS, when=("test",)),
        Source("typescript", _TS_TESTS, when=("test",)),
        Source("json-tasks", ("deno.json", "deno.jsonc"), when=("task",)),
    )),
    ("bun", (Source("javascript", _JS_TESTS, when=("test",)), Source("typescript", _TS_TESTS, when=("test",)))),
    ("jest", _js("jest.config", "jest.setup", "setupTests", "src/setupTests", "babel.config")),
    ("vitest", _js("vitest.config", "vite.config", "vitest.setup")),
    ("mocha ava tap jasmine c8 nyc", _js(".mocharc", "ava.config")),
    ("playwright", _js("playwright.config")),
    ("cypress", _js("cypress.config")),
    (
        "gulp",
        (Source("javascript", ("gulpfile.js", "gulpfile.mjs"), ("-f", "--gulpfile")), Source("typescript", ("gulpfile.ts",))),
    ),
    ("grunt", (Source("javascript", ("Gruntfile.js", "gruntfile.js"), ("--gruntfile",)),)),
    ("webpack", (Source("javascript", ("webpack.config.js",), ("-c", "--config")),)),
    ("vite", (Source("javascript", ("vite.config.js", "vite.config.mjs")), Source("typescript", ("vite.config.ts",)))),
    ("rollup", (Source("javascript", ("rollup.config.js", "rollup.config.mjs"), ("-c", "--config")),)),
    ("next nuxt astro", _js("next.config", "nuxt.config", "astro.config")),
    ("eslint", _js("eslint.config", ".eslintrc")),
    ("prettier stylelint", _js("prettier.config", ".prettierrc", "stylelint.config")),
    ("postcss tailwindcss", _js("postcss.config", "tailwind.config")),
    ("rake", (Source("ruby", ("Rakefile", "rakefile", "Rakefile.rb", "**/*.rake", "**/*_test.rb"), ("-f", "--rakefile")),)),
    ("thor", (Source("ruby", ("Thorfile", "**/*.thor")),)),
    ("ruby jruby", (Source("ruby", options=("-r",), endings=(".rb",)),)),
    ("perl perl5", (Source("perl", options=("-M", "-m"), folder=("-I",), dots="::", endings=(".pm",)),)),
    ("composer", (Source("json-tasks", ("composer.json",)),)),
    ("nu elvish", (Source("shell", words=True),)),
    ("ssh scp sftp", (Source("ssh-config", options=("-F",)),)),
    ("supervisord", (Source("supervisor", ("supervisord.conf", "etc/supervisord.conf"), ("-c", "--configuration")),)),
    ("screen", (Source("screenrc", options=("-c",)),)),
    ("rspec", (Source("ruby", ("**/*_spec.rb", "**/spec_helper.rb", "**/rails_helper.rb")),)),
    ("bundle pod vagrant", (Source("ruby", ("Gemfile", "Podfile", "Vagrantfile")),)),
    ("phpunit pest", (Source("php", ("**/*Test.php", "tests/bootstrap.php", "tests/Pest.php"), ("--bootstrap",)),)),
    ("prove", (Source("perl", ("**/*.t",), words=True),)),
    ("just", (Source("just", listed("justfile Justfile .justfile"), ("-f", "--justfile"), folder=("-d",)),)),
    (
        "task go-task",
        (Source(
            "taskfile",
            listed("Taskfile.yml Taskfile.yaml taskfile.yml taskfile.yaml Taskfile.dist.yml **/Taskfile.yml"),
            ("-t", "--taskfile"), folder=("-d", "--dir"),
        ),),
    ),
    ("foreman honcho overmind hivemind goreman", (Source("procfile", ("Procfile", "Procfile.dev"), ("-f", "--procfile")),)),
    ("direnv", (Source("shell", (".envrc",), words=True, when=listed("allow permit grant exec reload export edit")),)),
    ("docker podman nerdctl", (
        Source("compose", _COMPOSE_FILES, ("-f", "--file"), when=tuple(f"compose+{word}" for word in _STARTS)),
        Source("dockerfile", ("Dockerfile", "Containerfile"), ("-f", "--file"), when=("build", "buildx", "bake")),
    )),
    ("docker-compose podman-compose", (Source("compose", _COMPOSE_FILES, ("-f", "--file"), when=_STARTS),)),
    ("buildah kaniko", (Source("dockerfile", ("Dockerfile", "Containerfile"), ("-f", "--file")),)),
    ("ansible-playbook", (Source("playbook", words=True),)),
    ("terraform tofu terragrunt", (_TERRAFORM,)),
    ("tclsh wish jimsh", (Source("tcl", words=True),)),
)  # fmt: skip
SOURCES: Mapping[str, tuple[Source, ...]] = {program: sources for programs, sources in _TABLE for program in programs.split()}


def project_files(invocation: Invocation) -> Iterator[Outcome]:
    """What a program of the table runs from files that nobody vouches for, each once for each language."""
    if invocation.flags & Flag.REMOTE:
        return  # the files of another machine
    for source in SOURCES.get(invocation.name, ()):
        if source.when and not any(set(words.split("+")) <= set(invocation.args) for words in source.when):
            continue
        folder = absolute(next(iter(_values(invocation.args, source.folder)), "."), invocation.cwd)
        found = dict.fromkeys(_paths(source, folder, invocation))
        for path in list(found)[:MAX_FILES]:
            yield ScriptFile(path, source.language, cwd=path.rsplit("/", 1)[0] if source.language == "compose" else folder)
        if len(found) > MAX_FILES:
            detail = f"it runs {len(found)} files of this session, more than the {MAX_FILES} that are looked into"
            yield Effect(EffectKind.RUN_UNKNOWN, folder, invocation.name, detail=detail)


def _paths(source: Source, folder: str, invocation: Invocation) -> Iterator[str]:
    """The files of a source that nobody vouches for."""
    world = invocation.world
    words = [word for word in invocation.args if not word.startswith("-")] if source.words else []
    given = dict.fromkeys((*words, *_values(invocation.args, source.options)))
    named = [absolute(name, folder) for word in given for name in _file_names(word, source)]
    folders = [folder, *(path for path in named if world.is_dir(path))]
    names = [name for name in source.files if not name.startswith("**/")]
    patterns = [name.removeprefix("**/") for name in source.files if name.startswith("**/")]
    for path in (*named, *(absolute(name, place) for place in folders for name in names)):
        if world.script(path) is not None:
            yield path
    for place in dict.fromkeys(folders if patterns else ()):
        for path in world.written(place):
            if any(_is_named(path, pattern) for pattern in patterns) and world.script(path) is not None:
                yield path


def _file_names(word: str, source: Source) -> Iterator[str]:
    """The files that a word may stand for: a path, one that lacks its ending, or a module (``a.b:app``, ``a.py::test``)."""
    plain = word if source.dots == "::" else word.split("::", 1)[0]
    yield plain
    stems = [plain]
    if source.dots:
        module = (
            plain.partition("=")[0].replace("::", "/") if source.dots == "::" else plain.partition(":")[0].replace(".", "/")
        )
        stems.append(module)
    yield from (stem + ending for stem in dict.fromkeys(stems) for ending in source.endings)


def _is_named(path: str, pattern: str) -> bool:
    return fnmatchcase("/".join(path.rsplit("/", pattern.count("/") + 1)[1:]), pattern)


def _values(args: tuple[str, ...], options: tuple[str, ...]) -> Iterator[str]:
    """The values of these options, in the next word, behind ``=``, or in the same word (``-fFILE``)."""
    for at, word in enumerate(args):
        name, equals, value = word.partition("=")
        if word in options:
            yield from args[at + 1 : at + 2]
        elif equals and name in options:
            yield value
        elif not word.startswith("--") and word[:2] in options and len(word) > 2 and re.match(r"-\w", word):
            yield word[2:]
