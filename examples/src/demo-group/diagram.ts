/** Space-time diagrams as SVG: a line for each process, time to the right, messages as arrows from one to the other. */
import { type Scene, viewNumber } from './chapters.js';
import type { Flight, Stay, Trace } from './trace.js';

const width = 960;
const gutter = { left: 64, right: 96 };
const rowHeight = 36;
const headHeight = 52;
const footHeight = 34;
const cutHeight = 16;
const labelWidth = 44;

/** Legible on white and on black. */
const inks = ['#3b82f6', '#ea7317', '#16a34a', '#a855f7', '#0d9488', '#db2777'];
const tints = ['#7c93b2', '#c9a35b', '#6fae77', '#b98abf'];
const alarm = '#e11d48';

const style = `
svg { --paper: #fff; --text: #24292f; --faint: #8c959f; font: 12px sans-serif; }
@media (prefers-color-scheme: dark) { svg { --paper: #0d1117; --text: #e6edf3; --faint: #7d8590; } }
text { fill: var(--text); }
.faint { fill: var(--faint); font-size: 10px; }
.axis { stroke: var(--faint); fill: none; }
.flight { fill: none; stroke-width: 1.2; opacity: .85; }
`.trim();

export function drawScenes(trace: Trace, scenes: readonly Scene[]): string {
  const colours = new Map<string, string>();
  for (const name of scenes.flatMap(({ rows }) => rows)) {
    if (!colours.has(name)) colours.set(name, inks[colours.size % inks.length]!);
  }
  let top = 0;
  const panels = scenes.map(scene => {
    const panel = new Panel(trace, scene, colours);
    const drawn = `<g transform="translate(0 ${top})">\n${panel.draw()}\n</g>`;
    top += panel.height;
    return drawn;
  });
  const height = top + 30;
  const legend =
    'line: a process · arrow: from sending to delivery, coloured by sender · band: a view · “?”: suspects somebody · dashed band: not the majority';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">
<title>A group of five processes: one is killed, the network is cut in two and heals</title>
<style>${style}</style>
<rect width="${width}" height="${height}" fill="var(--paper)"/>
${panels.join('\n')}
<text class="faint" x="${gutter.left}" y="${height - 12}">${legend}</text>
</svg>
`;
}

class Panel {
  readonly height: number;
  private readonly trace: Trace;
  private readonly scene: Scene;
  private readonly colours: ReadonlyMap<string, string>;
  private readonly rows: readonly string[];

  constructor(trace: Trace, scene: Scene, colours: ReadonlyMap<string, string>) {
    this.trace = trace;
    this.scene = scene;
    this.colours = colours;
    this.rows = scene.rows;
    this.height = this.y(scene.rows.at(-1)!) + rowHeight / 2 + footHeight;
  }

  draw(): string {
    const flights = this.trace.flights(this.scene.from, this.scene.to);
    return [
      `<text x="${gutter.left}" y="26" font-weight="bold" font-size="14">${escaped(this.scene.title)}</text>`,
      ...this.axis(),
      ...this.rows.flatMap(name => this.views(name)),
      ...this.rows.map(name => this.lifeline(name)),
      ...this.cut(),
      ...flights.map(flight => this.flight(flight)),
      ...this.rows.flatMap(name => this.suspicions(name)),
      ...this.kill(),
      ...(this.scene.lists ? this.rows.map(name => this.list(name)) : []),
    ]
      .filter(Boolean)
      .join('\n');
  }

  private x(at: number): number {
    const { from, to } = this.scene;
    const share = Math.min(1, Math.max(0, (at - from) / (to - from)));
    return round(gutter.left + share * (width - gutter.left - gutter.right));
  }

  private y(name: string): number {
    const { cut } = this.scene;
    const row = this.rows.indexOf(name);
    const below = cut !== undefined && row > this.rows.indexOf(cut.after);
    return headHeight + row * rowHeight + rowHeight / 2 + (below ? cutHeight : 0);
  }

  private isShown(at: number): boolean {
    return this.scene.from <= at && at <= this.scene.to;
  }

  private axis(): string[] {
    const { from, to, zero } = this.scene;
    const bottom = this.height - footHeight + 6;
    const step = stepFor((to - from) / 8);
    const first = Math.ceil((from - zero) / step);
    const count = Math.floor((to - zero) / step) - first + 1;
    const ticks = Array.from({ length: count }, (_, index) => {
      const after = (first + index) * step;
      const label = to - from > 3000 ? `${round(after / 1000)} s` : `${round(after)} ms`;
      const x = this.x(zero + after);
      return `<path class="axis" d="M${x} ${bottom}v4"/><text class="faint" text-anchor="middle" x="${x}" y="${bottom + 15}">${label}</text>`;
    });
    return [`<path class="axis" d="M${gutter.left} ${bottom}H${width - gutter.right}"/>`, ...ticks];
  }

  private lifeline(name: string): string {
    const { kill } = this.scene;
    const end = kill?.member === name ? kill.at : this.scene.to;
    const y = this.y(name);
    return `<text text-anchor="end" x="${gutter.left - 10}" y="${y + 4}" style="fill:${this.colours.get(name)}" font-weight="bold">${escaped(name)}</text><path stroke="var(--text)" d="M${gutter.left} ${y}H${this.x(end)}"/>`;
  }

  private views(name: string): string[] {
    const stays = this.trace.staysOf(name);
    return stays.flatMap((stay, index) => {
      const { kill, from, to } = this.scene;
      const last = kill?.member === name ? kill.at : to;
      const ends = Math.min(stays[index + 1]?.at ?? last, to);
      return ends < from || stay.at > to ? [] : [this.band(name, stay, ends)];
    });
  }

  private band(name: string, stay: Stay, ends: number): string {
    const [left, right, y] = [this.x(stay.at), this.x(ends), this.y(name)];
    const tint = tints[Number(viewNumber(stay.id)) % tints.length];
    const border = stay.primary ? '' : ` stroke="${tint}" stroke-dasharray="4 3"`;
    const opacity = stay.primary ? 0.35 : 0.15;
    const band = `<rect x="${left}" y="${y - 8}" width="${round(right - left)}" height="16" fill="${tint}" fill-opacity="${opacity}"${border}/>`;
    return this.isFirstOf(name, stay) && right - left > labelWidth
      ? `${band}<text class="faint" x="${left + 2}" y="${y - 11}">view ${viewNumber(stay.id)}</text>`
      : band;
  }

  /** The view's number stands at the uppermost of its members. */
  private isFirstOf(name: string, { id }: Stay): boolean {
    return this.rows.find(row => this.trace.staysOf(row).some(stay => stay.id === id)) === name;
  }

  private flight({ from, sentAt, arrivals }: Flight): string {
    const shown = arrivals.filter(({ member, at }) => this.rows.includes(member) && this.isShown(at));
    if (!this.rows.includes(from) || shown.length === 0) return '';
    const colour = this.colours.get(from);
    const arrows = shown
      .filter(({ member }) => member !== from)
      .map(({ member, at }) => arrow(this.x(sentAt), this.y(from), this.x(at), this.y(member)));
    const own = shown.find(({ member }) => member === from);
    const dot =
      own === undefined
        ? ''
        : `<circle cx="${this.x(own.at)}" cy="${this.y(from)}" r="2.5" fill="${colour}"/>`;
    return `<path class="flight" stroke="${colour}" d="${arrows.join('')}"/>${dot}`;
  }

  private suspicions(name: string): string[] {
    const times = this.trace.all.flatMap(({ member, happening }) =>
      member === name && happening.type === 'suspected' && this.isShown(happening.at)
        ? [this.x(happening.at)]
        : [],
    );
    return [...new Set(times.map(Math.round))]
      .filter((x, index, all) => index === 0 || x - all[index - 1]! > 8)
      .map(
        x =>
          `<text x="${x}" y="${this.y(name) - 10}" text-anchor="middle" font-weight="bold" style="fill:${alarm}">?</text>`,
      );
  }

  private kill(): string[] {
    const { kill } = this.scene;
    if (kill === undefined) return [];
    const [x, y] = [this.x(kill.at), this.y(kill.member)];
    return [
      `<path stroke="${alarm}" stroke-width="3" d="M${x - 7} ${y - 7}l14 14m0 -14l-14 14"/><text x="${x + 14}" y="${y + 4}" style="fill:${alarm}">kill -9</text>`,
    ];
  }

  private cut(): string[] {
    const { cut } = this.scene;
    if (cut === undefined) return [];
    const [left, right, y] = [this.x(cut.from), this.x(cut.to), this.y(cut.after) + rowHeight / 2 + 1];
    return [
      `<path stroke="${alarm}" stroke-width="5" stroke-dasharray="2 4" opacity=".6" d="M${left} ${y}H${right}"/><text x="${left + 60}" y="${y + 15}" style="fill:${alarm}">cut: no packet passes</text>`,
    ];
  }

  /** In which order it delivered the lines of the scene, by the initials of their senders. */
  private list(name: string): string {
    const initials = this.trace
      .deliveredBy(name, this.scene.zero, 'total')
      .filter((_, index) => index < this.rows.length)
      .map(text => text.split(' ')[0]!)
      .map(from => `<tspan style="fill:${this.colours.get(from)}">${from[0]} </tspan>`);
    return `<text x="${width - gutter.right + 12}" y="${this.y(name) + 4}" font-weight="bold">${initials.join('')}</text>`;
  }
}

/** A line with a head of two strokes at its end. */
function arrow(x1: number, y1: number, x2: number, y2: number): string {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const [left, right] = [angle + 2.7, angle - 2.7].map(
    side => `${round(x2 + 6 * Math.cos(side))} ${round(y2 + 6 * Math.sin(side))}`,
  );
  return `M${x1} ${y1}L${x2} ${y2}M${left}L${x2} ${y2}L${right}`;
}

/** The next of 1, 2, 5, 10, 20, … */
function stepFor(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map(factor => factor * power).find(step => step >= least)!;
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
