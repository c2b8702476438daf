"""The figures as tables in Markdown, and their place in README.md."""
from . import chart, parts
from .loads import ALL

BEGIN, END = "<!-- latest: written by compare.py -->", "<!-- end of latest -->"


def number(value, digits=3):
    """To so many significant digits, without exponent."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    for limit, decimals in ((0.1, digits), (1, digits), (10, digits - 1), (100, digits - 2), (1000, 1)):
        if abs(value) < limit:
            return f"{value:.{max(decimals, 0)}f}"
    return f"{value:,.0f}"


def table(results, servers, rows, cell):
    """One row per load, one column per server; rows and columns without a figure are left out."""
    cells = {(load, server): cell(results.get((load, server), {})) for load, _ in rows for server in servers}
    servers = [s for s in servers if any(cells[load, s] for load, _ in rows)]
    rows = [(load, title) for load, title in rows if any(cells[load, s] for s in servers)]
    if not rows:
        return ""
    lines = ["| | " + " | ".join(servers) + " |", "|---|" + "---:|" * len(servers)]
    for load, title in rows:
        lines.append(f"| {title} | " + " | ".join(cells[load, s] or "–" for s in servers) + " |")
    return "\n".join(lines) + "\n"


def cost(figures):
    if "cpu_us" not in figures:
        return ""
    ratio = figures["of_limit"]
    return number(figures["cpu_us"]) + (f" ({ratio:.2f})" if ratio else "")


def joined(*names):
    def cell(figures):
        if figures.get(names[0]) is None:
            return ""
        return " / ".join(number(figures.get(name)) for name in names)
    return cell


SECTIONS = [
    ("CPU time of the server per request, µs (in brackets: as a multiple of the cheaper limit)", cost),
    ("The same, user / system, µs", joined("user_us", "system_us")),
    ("Requests per second, as fast as they are answered", joined("per_second")),
    ("Latency p50 / p99 / p99.9 at {share:.0%} of that rate, µs", joined("p50_us", "p99_us", "p999_us")),
    ("System calls per request", joined("system_calls")),
    ("Calls of the heap (malloc and its kin) per request", joined("heap_calls")),
    ("Instructions per request in user space (callgrind)", joined("instructions")),
]


def markdown(found):
    machine, options = found["machine"], found["options"]
    lines = [f"{machine['date']}, commit {machine['commit']}: {machine['processor']}, "
             f"Linux {machine['kernel']}, {machine['compiler']}; {machine['nginx']}; {machine['h2o']}.",
             f"{options['rounds']} rounds of {options['seconds']} s, server on CPU 0, generator on CPU 1, "
             f"load average before: {machine['load_average']}.", ""]
    rows = [(load.name, load.title) for load in ALL]
    for title, cell in SECTIONS:
        text = table(found["results"], found["servers"], rows, cell)
        if text:
            lines += [f"### {title.format(share=options['share'])}", "", text]
    idle = sorted({int(load[5:]) for load, _ in found["results"] if load.startswith("idle-")})
    rows = [(f"idle-{count}", f"{count:,} connections") for count in idle]
    text = table(found["results"], found["servers"], rows, joined("bytes_per_connection"))
    if text:
        lines += ["### Process memory per idle connection, bytes", "", text]
    if found["parts"]:
        lines += ["### Parts by themselves", "", parts.table(found["parts"], number)]
    if found["notes"]:
        lines += ["Notes:", ""] + [f"- {note}" for note in found["notes"]] + [""]
    return "\n".join(lines)


def as_json(found):
    results = {}
    for (load, server), figures in found["results"].items():
        results.setdefault(load, {})[server] = figures
    return {**found, "results": results}


def publish(readme, found):
    """Puts the tables between the two marks."""
    text = readme.read_text("utf-8")
    before, after = text[:text.index(BEGIN) + len(BEGIN)], text[text.index(END):]
    has_picture = any("of_limit" in figures for figures in found["results"].values())
    picture = f"![{chart.TITLE}](results.svg)\n" if has_picture else ""
    readme.write_text(f"{before}\n\n{picture}\n{markdown(found)}\n{after}", "utf-8")
