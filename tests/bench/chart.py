"""A bar chart as SVG, drawn without any library."""
from html import escape

ROW, LEFT, WIDTH = 30, 230, 430
COLOURS = {"floor": "#8a8f98", "daemon": "#2f6fde"}


def bars(title, values):
    """One bar for each value, by name, the shortest first."""
    ordered = sorted(values.items(), key=lambda item: item[1])
    most = max(values.values())
    height = 50 + ROW * len(ordered)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 110} {height}" '
        'font-family="sans-serif" font-size="14">',
        f'<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="10" y="24" font-weight="bold">{escape(title)}</text>',
    ]
    for row, (name, value) in enumerate(ordered):
        top = 40 + row * ROW
        colour = next((COLOURS[kind] for kind in COLOURS if name.startswith(kind)), "#c9884a")
        length = max(1, round(value / most * WIDTH))
        lines += [
            f'<text x="{LEFT - 8}" y="{top + 16}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{LEFT}" y="{top}" width="{length}" height="{ROW - 8}" fill="{colour}"/>',
            f'<text x="{LEFT + length + 6}" y="{top + 16}">{value:.2f}</text>',
        ]
    return "\n".join(lines + ["</svg>"]) + "\n"
