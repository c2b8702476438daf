"""Just enough of C++ to find functions: strings and comments blanked, braces told apart."""
import re

TOKEN = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)'
    r'|(?P<raw>\b(?:u8|u|U|L)?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")'
    r'|(?P<string>"(?:\\.|[^"\\\n])*")'
    r"|(?P<number>\b\d[\w']*)"
    r"|(?P<char>'(?:\\.|[^'\\\n])+')",
    re.S,
)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)

TYPE = re.compile(r"\b(class|struct|union|enum)\b")
CONTROL = re.compile(r"\b(if|for|while|switch|catch|else|do|try)\b")
OPERATOR = re.compile(r"\boperator\s*(\(\)|[^\s(]+)")
LABEL = re.compile(r"\b(public|private|protected|case[^:?]*|default)\s*:$")
NOT_A_NAME = ("decltype", "requires", "noexcept", "alignas", "explicit", "__attribute__")
TRAILER = re.compile(r"(?:\b(?:mutable|noexcept|constexpr|consteval|static)\b|->\s*[\w:<>,&*\s]+?)\s*$")


def blank(match):
    return "".join("\n" if c == "\n" else " " for c in match[0])


def code_only(text):
    """The text with comments, literals and preprocessor lines blanked; every line keeps its number."""

    def replace(match):
        if match["number"]:
            return match[0].replace("'", " ")
        if match["comment"]:
            return blank(match)
        return '"' + blank(match)[2:] + '"'  # a literal stays an operand

    return DIRECTIVE.sub(blank, TOKEN.sub(replace, text))


def comments(text):
    """Yields (line number, text) of every comment."""
    for match in TOKEN.finditer(text):
        if match["comment"]:
            yield text.count("\n", 0, match.start()) + 1, match["comment"]


def without_templates(head):
    """`template <class T = int> struct x` -> `struct x`."""
    while True:
        match = re.search(r"\btemplate\s*<", head)
        if not match:
            return head
        depth, end = 1, match.end()
        while end < len(head) and depth:
            depth += {"<": 1, ">": -1}.get(head[end], 0)
            end += 1
        head = head[: match.start()] + " " + head[end:]


def top_level(head):
    """What stands outside every parenthesis; each pair leaves `()`."""
    result, depth = "", 0
    for c in head:
        if c == "(":
            if depth == 0:
                result += "()"
            depth += 1
        elif c == ")":
            depth = max(0, depth - 1)
        elif depth == 0:
            result += c
    return result


def inner(head):
    """What stands after the last parenthesis that is still open."""
    depth = 0
    for i in range(len(head) - 1, -1, -1):
        if head[i] == ")":
            depth += 1
        elif head[i] == "(":
            if depth == 0:
                return head[i + 1 :]
            depth -= 1
    return head


def is_lambda(flat):
    previous = None
    while flat != previous:
        previous, flat = flat, TRAILER.sub("", flat.rstrip()).rstrip()
    return bool(re.search(r"\](\s*<[^{}]*>)?(\s*\(\))?$", flat)) and "operator[]" not in flat[-14:]


def kind_of(head, scope):
    """What a `{` after `head` opens: namespace, type, function, lambda, control, block or initializer."""
    flat = top_level(without_templates(inner(head))).strip()
    if re.match(r"(inline\s+)?namespace\b|extern\b", flat) and scope in ("file", "namespace"):
        return "namespace"
    if is_lambda(flat):
        return "lambda"
    plain = OPERATOR.sub("operator", flat)
    has_call = "()" in plain
    assigns = re.search(r"(?<![=!<>])=(?!=)", plain)
    if scope in ("file", "namespace", "type"):
        if TYPE.search(plain) and not assigns:
            return "type"
        # `s(int x) : x_` before `{x}`
        in_constructor_list = re.search(r"\(\)[^:]*[^:]:[^:](.*[^)])?$", plain)
        return "function" if has_call and not assigns and not in_constructor_list else "initializer"
    if CONTROL.match(plain) or re.search(r"\b(else|do|try)$", plain):
        return "control"
    if re.search(r"(^|:)$", plain):
        return "block"
    if TYPE.match(plain) and not has_call:
        return "type"
    if plain.endswith("()") and not assigns and re.match(r"[A-Z_0-9]+\s*\(\)$", plain):
        return "block"  # SECTION("…") {
    return "initializer"


def name_of(head):
    names = re.findall(r"([\w:~]+)\s*\(\)", OPERATOR.sub("operator", top_level(without_templates(head))))
    return next((name for name in names if name not in NOT_A_NAME), "lambda")


class Function:
    def __init__(self, name, first, last, nesting):
        self.name, self.first, self.last, self.nesting = name, first, last, nesting

    @property
    def length(self):
        return self.last - self.first + 1


def functions(text):
    """Yields every function that is not inside another one, with its length and its deepest nesting."""
    code = code_only(text)
    stack = [("file", "", 0, 0)]  # kind, head before it, first line, parentheses open outside
    head, parens, line, deepest = "", 0, 1, 0
    for c in code:
        line += c == "\n"
        if c == "{":
            kind = kind_of(head, stack[-1][0])
            stack.append((kind, head, line, parens))
            depth = sum(frame[0] in ("lambda", "control", "block") for frame in stack)
            deepest = max(deepest, depth)
            head, parens = "", 0
        elif c == "}" and len(stack) > 1:
            kind, before, first, parens = stack.pop()
            outer = not any(frame[0] in ("function", "lambda") for frame in stack)
            if kind in ("function", "lambda") and outer:
                yield Function(name_of(before), first, line, deepest - (kind == "lambda"))
            if outer:
                deepest = 0
            # An initializer or a lambda is an operand of the statement that goes on after it.
            head = before + "()" if kind in ("initializer", "lambda") else before if parens else ""
        elif c == ";" and parens == 0:
            head = ""
        else:
            parens += (c == "(") - (c == ")" and parens > 0)
            head += c
            if c == ":" and parens == 0 and LABEL.search(head):
                head = ""
