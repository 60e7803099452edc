/** The processes of the demo, and what all of them are told. */
import { type Program, startProgram } from '../processes.js';
import { type Happening, type LineOrder, now } from './happenings.js';
import type { MemberDuties } from './member-program.js';
import { Trace } from './trace.js';

/** Multicast that does not leave this machine: it goes out by the loopback interface, and passes no router. */
const address = 'udp+multicast://239.255.74.4:7474?interface=127.0.0.1&ttl=0';

/** Where the demo runs twice at a time, these are two groups. */
const group = `demo ${process.pid}`;

/** Milliseconds until something that several are told to do at once: long enough that all have heard of it. */
const notice = 50;

export class Cast {
  readonly trace = new Trace();
  private readonly programs = new Map<string, Program<MemberDuties>>();
  private readonly addresses = new Map<string, string>();

  /** Starts a process, and has it join the group. */
  async join(name: string): Promise<void> {
    const path = new URL('./member-program.js', import.meta.url);
    const program = startProgram<MemberDuties>(path, (happening: Happening) =>
      this.trace.note(name, happening),
    );
    this.programs.set(name, program);
    const member = await program.ask('join', { address, group, name });
    this.addresses.set(name, member);
    this.trace.name(member, name);
  }

  /** Those that live, in the order in which they were started. */
  get names(): string[] {
    return [...this.programs.keys()];
  }

  pidOf(name: string): number {
    return this.program(name).pid;
  }

  /** Has each of them say something, all at the same moment. Returns when that is. */
  async say(order: LineOrder, texts: ReadonlyMap<string, string>): Promise<number> {
    const at = now() + notice;
    await Promise.all([...texts].map(([name, text]) => this.program(name).ask('say', { text, order, at })));
    return at;
  }

  /** Has all of them talk until they are told to hush. */
  talk(every: number): void {
    // Who is killed does not answer.
    for (const program of this.programs.values()) program.ask('talk', every).catch(() => {});
  }

  async hush(): Promise<void> {
    await Promise.all([...this.programs.values()].map(program => program.ask('hush')));
  }

  /** `kill -9`. Returns when it was sent. */
  async kill(name: string): Promise<number> {
    const program = this.program(name);
    this.programs.delete(name);
    const at = now();
    await program.stop('SIGKILL');
    return at;
  }

  async split(...sides: readonly (readonly string[])[]): Promise<void> {
    const addresses = sides.map(side => side.map(name => this.addresses.get(name)!));
    await Promise.all([...this.programs.values()].map(program => program.ask('split', addresses)));
  }

  async heal(): Promise<void> {
    await Promise.all([...this.programs.values()].map(program => program.ask('heal')));
  }

  async journals(): Promise<Map<string, readonly string[]>> {
    const journals = [...this.programs].map(
      async ([name, program]) => [name, await program.ask('journal')] as const,
    );
    return new Map(await Promise.all(journals));
  }

  /** Has all of them leave the group, and ends them. */
  async leave(): Promise<void> {
    await Promise.all([...this.programs.values()].map(program => program.ask('leave')));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.programs.values()].map(program => program.stop('SIGKILL')));
  }

  private program(name: string): Program<MemberDuties> {
    const program = this.programs.get(name);
    if (program === undefined) throw new Error(`nobody is called ${name}`);
    return program;
  }
}
