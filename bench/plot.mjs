/** Draws lines as an SVG picture. */

const width = 720;
const height = 300;
const margin = { left: 56, right: 110, top: 36, bottom: 36 };
const colours = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd'];

/**
 * @param title what the values are, with their unit
 * @param unit of the horizontal axis: one value stands for one of it
 * @param series `{ name, values }[]`
 * @param places where the values stand on the horizontal axis; without, one after the other
 * @returns the picture's text
 */
export function plot({ title, unit, series, places }) {
  const length = Math.max(...series.map(({ values }) => values.length));
  const top = roundUp(Math.max(...series.flatMap(({ values }) => values)));
  const last = places?.at(-1) ?? length;
  const along = part => margin.left + part * (width - margin.left - margin.right);
  const x = index => along(places === undefined ? index / Math.max(1, length - 1) : places[index] / last);
  const y = value => height - margin.bottom - (value / top) * (height - margin.top - margin.bottom);
  const levels = [0, 0.25, 0.5, 0.75, 1].map(part => part * top);
  const lines = series.map(({ name, values }, index) => {
    const points = values.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    const colour = colours[index % colours.length];
    const label = text(x(values.length - 1) + 6, y(values.at(-1) ?? 0) + 4, name, `fill="${colour}"`);
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points}"/>${label}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(margin.left, 20, title, 'font-weight="bold"'),
    ...levels.map(
      level =>
        `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y(level)}" y2="${y(level)}" stroke="#ddd"/>` +
        text(margin.left - 6, y(level) + 4, level, 'text-anchor="end"'),
    ),
    ...[0, 0.5, 1].map(part =>
      text(along(part), height - 12, `${Math.round(part * last)} ${unit}`, 'text-anchor="middle"'),
    ),
    ...lines,
    '</svg>',
    '',
  ].join('\n');
}

function text(x, y, content, attributes) {
  return `<text x="${x}" y="${y}" ${attributes}>${content}</text>`;
}

/** To a number that is easy to read, and to divide by four. */
function roundUp(value) {
  const step = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return Math.max(4, Math.ceil(value / (step * 0.4)) * step * 0.4);
}
