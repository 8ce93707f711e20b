"""Words that stand nowhere in the program: each is a way in that others were broken into by."""

import ast
import json
import re
import ssl
from pathlib import Path

import pytest

from gateway.outward import outbound

ROOT = Path(__file__).parent.parent.parent
PYTHON = [
    path for folder in ("rules", "gateway", "dashboard") for path in sorted((ROOT / folder).rglob("*.py"))
    if "vendor" not in path.parts
]  # fmt: skip
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())
SCRIPTS = sorted(ROOT.glob("dashboard/static/*.js"))
CALLS = {
    "eval", "exec",  # a text is no program
    "os.system", "os.popen",
    "yaml.load", "yaml.full_load", "yaml.unsafe_load",  # safe_load, or parse() with limits
    "Markup", "markupsafe.Markup", "render_template_string",  # a text is no markup and no template
    "ssl._create_unverified_context",
    "re.match",  # fullmatch: what comes after counts too
    "tempfile.mktemp",
}  # fmt: skip
IMPORTS = {"pickle", "cPickle", "dill", "marshal", "shelve", "telnetlib", "ftplib", "xmlrpc", "xml"}
KEYWORDS = {("shell", True), ("verify", False), ("check_hostname", False), ("debug", True), ("autoescape", False)}
IN_TEMPLATES = {
    r"\|\s*safe\b": "printed as it came", r"\bMarkup\b": "printed as it came", r"\{%-?\s*autoescape": "not escaped",
    r"(?i)javascript:": "a script in an address", r"\|\s*(tojson|urlize|xmlattr)\b": "text where it is more than text",
}  # fmt: skip
IN_PAGES = {
    r"<script(?![^>]*\ssrc=)": "a script in a page", r"\son[a-z]+\s*=": "a script in a page",
    r"\bstyle\s*=": "a style in a page", r"(src|href|action)=\"(https?:)?//": "from somebody else's server",
    r"\shx-on": "a script in a page",
    r"<[a-zA-Z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*?\{\{": "a value outside quotes",
}  # fmt: skip
ATTRIBUTES = r"\{\{ to\(\"[a-z]+\"\) \}\}"  # our macro in partials/incident_forms.html: whole attributes, quoted there
IN_SCRIPTS = {
    r"\beval\s*\(": "a text is no program", r"\bnew\s+Function\b": "a text is no program",
    r"\.innerHTML\s*=": "textContent", r"\.outerHTML\s*=": "textContent",
    r"insertAdjacentHTML": "textContent", r"document\.write": "textContent",
    r"setTimeout\s*\(\s*[\"']": "a text is no program", r"localStorage[^;]*(token|csrf)": "kept where scripts read it",
}  # fmt: skip


def named(path):
    return str(path.relative_to(ROOT))


def dotted(node):
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def in_python(text):
    """What stands in it that may not."""
    for node in ast.walk(ast.parse(text)):
        look = LOOKS.get(type(node))
        if look is not None:
            yield from (f"line {node.lineno}: {one}" for one in look(node))


def is_our_own(node):
    """Markup of a literal: nothing of it came from outside, and format() and join() escape what is put into it."""
    literal = len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and not node.keywords
    return literal and dotted(node.func).endswith("Markup")


def in_a_call(node):
    if dotted(node.func) in CALLS and not is_our_own(node):
        yield f"{dotted(node.func)}()"
    for one in node.keywords:
        if isinstance(one.value, ast.Constant) and (one.arg, one.value.value) in KEYWORDS:
            yield f"{one.arg}={one.value.value}"


def in_an_assignment(node):
    names = [getattr(one, "attr", "") for one in node.targets]
    if "check_hostname" in names and getattr(node.value, "value", None) is False:
        yield "check_hostname = False"


LOOKS = {
    ast.Call: in_a_call,
    ast.Assign: in_an_assignment,
    ast.Attribute: lambda node: [node.attr] if node.attr == "CERT_NONE" else [],
    ast.Import: lambda node: [one.name for one in node.names if one.name.split(".")[0] in IMPORTS],
    ast.ImportFrom: lambda node: [node.module] if (node.module or "").split(".")[0] in IMPORTS else [],
}


def in_text(text, patterns):
    for form, why in patterns.items():
        for found in re.finditer(form, text):
            yield f"line {text.count(chr(10), 0, found.end()) + 1}: {why}: {found[0][-100:]}"


def markup_of(template):
    """What is left when it is drawn: of its expressions only where they stand, of its statements nothing."""
    bare = re.sub(rf"\{{#.*?#\}}|\{{%.*?%\}}|{ATTRIBUTES}", " ", template, flags=re.DOTALL)
    return re.sub(r"\{\{.*?\}\}", "{{}}", bare, flags=re.DOTALL)


def test_no_program_has_a_way_in():
    assert len(PYTHON) > 100
    found = {named(path): list(in_python(path.read_text())) for path in PYTHON}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_no_template_prints_text_as_anything_else():
    found = {named(path): list(in_text(path.read_text(), IN_TEMPLATES)) for path in TEMPLATES}
    pages = [path for path in TEMPLATES if path.suffix == ".html" and "messages" not in path.parts]
    for path in pages:
        found[named(path)] += in_text(markup_of(path.read_text()), IN_PAGES)
    assert len(pages) > 10
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_htmx_runs_nothing_and_asks_nobody_else():
    told = re.search(r"htmx\.config, (\{.*?\})\);", (ROOT / "dashboard/static/app.js").read_text(), re.DOTALL)[1]
    config = json.loads(told)
    wanted = {"allowEval": False, "allowScriptTags": False, "selfRequestsOnly": True, "includeIndicatorStyles": False}
    assert {name: config[name] for name in wanted} == wanted
    assert config["historyCacheSize"] == 0  # pages of whoever was signed in before stay nowhere


def test_no_script_makes_markup_of_text():
    assert SCRIPTS
    found = {named(path): list(in_text(path.read_text(), IN_SCRIPTS)) for path in SCRIPTS}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "text",
    [
        "eval(x)", "yaml.load(x)", "import pickle", "from pickle import loads", "subprocess.run(x, shell=True)",
        "requests.get(x, verify=False)", "context.check_hostname = False", "context.verify_mode = ssl.CERT_NONE",
        "app.run(debug=True)", "re.match(a, b)", "Markup(text)", 'Markup(f"<p>{text}</p>")',
        'markupsafe.Markup("<p>" + x)',
    ],
)  # fmt: skip
def test_the_gate_for_programs_closes(text):
    assert list(in_python(text))


@pytest.mark.parametrize(
    ("patterns", "text"),
    [
        (IN_TEMPLATES, "{{ title|safe }}"), (IN_TEMPLATES, "{{ a | safe }}"), (IN_TEMPLATES, "{% autoescape false %}"),
        (IN_PAGES, "<script>x</script>"), (IN_PAGES, '<a onclick="x">'), (IN_PAGES, "<a class={{ x }}>"),
        (IN_PAGES, '<a\n href="{{ x }}" {{ y }}>'), (IN_PAGES, '<a {% if x %}\nonclick="{{ y }}"{% endif %}>'),
        (IN_PAGES, '<a title="{{ x }}" class=a{{ y }}>'), (IN_PAGES, '<script nonce="{{ x }}">'),
        (IN_SCRIPTS, "a.innerHTML = b"), (IN_SCRIPTS, "eval(a)"), (IN_SCRIPTS, "setTimeout('x', 1)"),
    ],
)  # fmt: skip
def test_the_gate_for_texts_closes(patterns, text):
    assert list(in_text(markup_of(text) if patterns is IN_PAGES else text, patterns))


@pytest.mark.parametrize(
    "text",
    [
        '<option value="{{ one }}"{% if one == chosen %} selected{% endif %}>', '<a href="/new?incident={{ number }}">',
        "{% set one = 1 %}<p>a = {{ b }}</p>", "<p title='{{ a(\"x\") }}'>{{ b }}</p>",
    ],
)  # fmt: skip
def test_it_lets_pass_what_is_none(text):
    assert list(in_text(markup_of(text), IN_PAGES)) == []


def test_what_ruff_and_the_lock_look_at_is_looked_at():
    """Bandit's rules are ruff's S; a hash for every package that is installed."""
    project = (ROOT / "pyproject.toml").read_text()
    assert '"S"' in project.partition("select = [")[2].partition("]")[0]
    silenced = [path for path in PYTHON if re.search(r"noqa:.*\b(S602|S605|S301|S506|S501)\b", path.read_text())]
    assert silenced == []
    of_words = {named(path) for path in PYTHON if re.search(r"noqa:.*\bS608\b", path.read_text())}
    elsewhere = {name for name in of_words if not name.startswith("gateway/store/")}
    known = {"gateway/flows/housekeeping.py", "dashboard/glance.py", "dashboard/incidents/details.py"}
    assert elsewhere <= known  # SQL put together, of our own names alone
    for name in ("requirements.txt", "requirements-dev.txt"):
        blocks = re.findall(r"^([a-z0-9][^\n]*==(?:[^\n]*\\\n)*[^\n]*)", (ROOT / name).read_text(), re.MULTILINE)
        assert len(blocks) > 10
        assert [block for block in blocks if "--hash=sha256:" not in block] == []


def test_tls_is_verified_and_not_old():
    context = outbound.trust()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
