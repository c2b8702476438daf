"""The CPU time of every server at every load as an SVG: one line per load, one mark per server."""
import math
from xml.sax.saxutils import escape

from .loads import ALL

TITLE = "CPU time per request, as a multiple of the cheaper limit server"
COLORS = ["#0b6e4f", "#08a045", "#1f6feb", "#8957e5", "#d29922", "#cf222e", "#6e7781", "#bf3989", "#1b7c83"]
LEFT, RIGHT, TOP, STEP, FOOT = 230, 30, 64, 30, 60
WIDTH = 860
TICKS = (1, 1.1, 1.25, 1.5, 2, 3, 5, 10, 20, 50, 100)


def positions(largest):
    """From a ratio to a horizontal place: logarithmic, and drawn out near 1, where it matters."""
    def scale(ratio):
        return math.log(max(ratio, 0.88) - 0.75)

    low, high = scale(0), scale(max(largest * 1.05, 2))

    def place(ratio):
        return LEFT + (scale(ratio) - low) / (high - low) * (WIDTH - LEFT - RIGHT)
    return place


def svg(found):
    results = found["results"].items()
    ratios = {key: figures["of_limit"] for key, figures in results if figures.get("of_limit")}
    shown = {server for _, server in ratios if not server.startswith("limit")}
    servers = [server for server in found["servers"] if server in shown]
    loads = [load for load in ALL if any(load.name == key[0] and key[1] in servers for key in ratios)]
    if not loads:
        return None
    place = positions(max(ratios.values()))
    bottom = TOP + STEP * len(loads)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + FOOT}" '
           'font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{bottom + FOOT}" fill="#ffffff"/>',
           f'<text x="16" y="26" font-size="15">{escape(TITLE)}</text>']
    out += axis(place, max(ratios.values()), bottom)
    for row, load in enumerate(loads):
        y = TOP + STEP * row + STEP / 2
        out.append(f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(load.title)}</text>')
        out.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#d0d7de"/>')
        for index, server in enumerate(servers):
            if (load.name, server) in ratios:
                ratio = ratios[load.name, server]
                out.append(f'<circle cx="{place(ratio):.1f}" cy="{y}" r="5" fill-opacity="0.85" '
                           f'fill="{COLORS[index % len(COLORS)]}">'
                           f'<title>{escape(server)}: {ratio:.2f}</title></circle>')
    out += legend(servers, bottom + 40)
    return "\n".join(out + ["</svg>", ""])


def axis(place, largest, bottom):
    lines = []
    for tick in TICKS:
        if tick > largest * 1.05 and tick > 2:
            break
        x = place(tick)
        lines.append(f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{bottom}" stroke="#eaeef2"/>')
        lines.append(f'<text x="{x:.1f}" y="{TOP - 12}" text-anchor="middle" fill="#57606a">{tick}×</text>')
    return lines


def legend(servers, y):
    lines, step = [], (WIDTH - 40) / max(len(servers), 1)
    for index, server in enumerate(servers):
        x = 24 + index * step
        lines.append(f'<circle cx="{x:.0f}" cy="{y - 4}" r="5" fill="{COLORS[index % len(COLORS)]}"/>')
        lines.append(f'<text x="{x + 10:.0f}" y="{y}">{escape(server)}</text>')
    return lines
