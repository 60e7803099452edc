import type { Server } from '@convoke/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveTill } from '../remote/sample-server.js';
import { convoke, type RunOptions } from './run.js';

const address = 'memory:call-test';
let server: Server;
beforeAll(async () => {
  server = await serveTill(address);
});
afterAll(() => server.close());

/** No command of these reads or writes files. */
const cwd = '/';
const call = (procedure: string, json = '{}', options: readonly string[] = [], run: RunOptions = {}) =>
  convoke(cwd, ['call', address, procedure, json, ...options], run);

const printed = (...values: unknown[]) => ({
  exitCode: 0,
  stdout: values.map(value => `${JSON.stringify(value)}\n`).join(''),
  stderr: '',
});
const refused = (exitCode: number, message: string) => ({
  exitCode,
  stdout: '',
  stderr: expect.stringContaining(message),
});

describe('convoke call', () => {
  it('takes arguments by name and by position, and fills in defaults', async () => {
    const paid = printed({ units: 10, currency: 'usd' });
    expect(await call('Till.pay', '{"amount":{"units":5,"currency":"usd"}}')).toEqual(paid);
    expect(await call('Till.pay', '[{"units":"5","currency":2},null]')).toEqual(paid);
    expect(await call('Till.pay', '[{"units":5,"currency":"usd"},1,"x"]')).toEqual(
      printed({ units: 5, currency: 'usd' }),
    );
  });

  it('prints integers beyond 2^53 as text', async () => {
    const json = '[{"units":"4611686018427387904","currency":"eur"},1]';
    expect(await call('Till.pay', json)).toEqual(printed({ units: '4611686018427387904', currency: 'eur' }));
  });

  it.each(['sample.till.v1.Till.name', 'till.v1.Till.name', 'Till.name'])('knows %s', async name => {
    expect(await call(name)).toEqual(printed('till'));
  });

  it('prints nothing for what is void', async () => {
    expect(await call('Till.note', '["x"]')).toEqual(printed());
  });

  it('prints the items of a stream one a line', async () => {
    expect(await call('Till.changes', '[2]')).toEqual(
      printed(
        { paid: { units: 1, currency: 'eur' } },
        { paid: { units: 2, currency: 'eur' } },
        { closed: '1970-01-01T00:00:00.000Z' },
      ),
    );
  });

  it('streams what stands on standard input, one JSON value a line', async () => {
    const stdin = ['{"units":1,"curr', 'ency":"eur"}\n\n{"units":2,"currency":1}', '\n'];
    expect(await call('Till.total', '{}', [], { stdin })).toEqual(printed({ units: 3, currency: 'eur' }));
  });

  it('streams both ways', async () => {
    expect(await call('Till.echo', '{"prefix":"> "}', [], { stdin: ['"a"\n"b"'] })).toEqual(
      printed('> a', '> b'),
    );
  });

  it('tells a person who types items how to end them', async () => {
    const input = Object.assign(
      (async function* () {
        yield '"a"\n';
      })(),
      { isTTY: true },
    );
    const { stderr, stdout } = await call('Till.echo', '{"prefix":""}', [], { input });
    expect(stderr).toBe('One JSON value a line; Ctrl+D ends the stream.\n');
    expect(stdout).toBe('"a"\n');
  });

  it('sends metadata and deadline', async () => {
    const options = ['--metadata', 'tenant=acme', '-m', 'empty=', '-m', 'url=a=b', '--deadline', '2m'];
    expect(await call('Till.context', '{}', options)).toEqual(
      printed({ tenant: 'acme', empty: '', url: 'a=b', hasDeadline: 'true' }),
    );
    expect(await call('Till.context', '{}', ['--deadline', 'none'])).toEqual(
      printed({ hasDeadline: 'true' }),
    );
    expect(await call('Till.context')).toEqual(printed({ hasDeadline: 'false' }));
  });
});

describe('a call that fails', () => {
  it('with a declared error tells its name and its data', async () => {
    const json = '[{"units":5,"currency":"usd"},1,"lost"]';
    expect(await call('Till.pay', json)).toEqual(
      refused(1, 'convoke: sample.till.v1.NoSuchTill {"name":"lost","known":["a"]}\n'),
    );
    expect(await call('Till.pay', json, ['--json'])).toEqual({
      exitCode: 1,
      stdout: '{"error":"sample.till.v1.NoSuchTill","data":{"name":"lost","known":["a"]}}\n',
      stderr: '',
    });
  });

  it('after some items tells so after them', async () => {
    const { exitCode, stdout, stderr } = await call('Till.changes', '[0]');
    expect(exitCode).toBe(1);
    expect(stdout).toBe('{"closed":"1970-01-01T00:00:00.000Z"}\n');
    expect(stderr).toBe('convoke: sample.till.v1.NoSuchTill {"name":"zero","known":[]}\n');
  });

  it('otherwise tells code, outcome and attempts', async () => {
    expect(await call('Till.broken')).toEqual(refused(1, 'convoke: internal (executed, 1 attempt): '));
    const { exitCode, stdout } = await call('Till.broken', '{}', ['--json']);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: 'internal', outcome: 'executed', attempts: 1 });
  });

  it('because nobody listens is one', async () => {
    const run = await convoke(cwd, ['call', 'memory:nobody', 'Till.name', '--deadline', '50ms']);
    expect(run).toEqual(refused(1, 'not-executed'));
  });

  it('because an item is none names its line', async () => {
    const wrong = 'convoke: line 2 of standard input: $: the value has 6 code points';
    expect(await call('Till.echo', '{"prefix":""}', [], { stdin: ['"a"\n"abcdef"\n'] })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(wrong),
    });
    expect(await call('Till.total', '{}', [], { stdin: ['{'] })).toEqual(
      refused(1, 'convoke: line 1 of standard input: '),
    );
  });

  it('because the user stops it ends', async () => {
    const stop = new AbortController();
    stop.abort();
    expect(await call('Till.name', '{}', [], { stopped: stop.signal })).toEqual(refused(1, 'cancelled'));
  });

  it('without reflection says what is missing', async () => {
    const silent = await serveTill('memory:no-reflection', false);
    const run = await convoke(cwd, ['call', 'memory:no-reflection', 'Till.name']);
    expect(run).toEqual(refused(1, 'add reflection() of @convoke/runtime/services to its services'));
    await silent.close();
  });
});

describe('a server with a schema that this version does not understand', () => {
  it('is told where it is not understood', async () => {
    const newer = await serveTill('memory:newer', true, 'module sample.till.v2; trait Till {}');
    expect(await convoke(cwd, ['call', 'memory:newer', 'Till.name'])).toEqual(
      refused(1, 'is not one that this version understands: till.idl: '),
    );
    await newer.close();
  });
});

describe('wrong usage', () => {
  const wrong: [words: string[], message: string][] = [
    [[address], "missing required argument 'procedure'"],
    [['nowhere', 'Till.name'], "'nowhere' is not an address: write udp://HOST:PORT"],
    [[address, 'name'], "'name' is no procedure of an interface: write it like Bank.balance."],
    [[address, 'Til.name'], "The server offers no interface 'Til'. Did you mean 'Till'?"],
    [[address, 'Something.name'], 'There are sample.till.v1.Till, convoke.reflection.v1.Reflection.'],
    [[address, 'Till.nam'], "sample.till.v1.Till has no procedure 'nam'. Did you mean 'name'?"],
    [[address, 'Till.pay', '{'], 'The arguments are not JSON: '],
    [[address, 'Till.pay', '{"amount":{"units":1,"currency":"eur"},"time":1}'], "$.time: there is no 'time'"],
    [[address, 'Till.pay', '[{"units":true,"currency":"eur"}]'], '$[0].units: expected an integer'],
    [[address, 'Till.pay', '[{"units":1,"currency":"eur"},10]'], '$[1]: the value is 10, which is not in'],
    [[address, 'Till.pay', '[1,2,3,4]'], '$: 4 arguments are given for 3 parameters'],
    [[address, 'Till.name', '{}', '--deadline', 'soon'], "The deadline 'soon' is none"],
    [[address, 'Till.name', '{}', '--deadline', '0ms'], "The deadline '0ms' is none"],
    [[address, 'Till.name', '{}', '-m', 'tenant'], "The metadata 'tenant' has no name"],
  ];
  it.each(wrong)('%j', async (words, message) => {
    expect(await convoke(cwd, ['call', ...words])).toEqual(refused(2, message));
  });
});

describe('convoke describe', () => {
  const describeServer = (...words: string[]) => convoke(cwd, ['describe', address, ...words]);

  it('lists what the server offers', async () => {
    expect(await describeServer()).toEqual({
      exitCode: 0,
      stdout: `sample.till.v1.Till
  pay      at-most-once              5s
  changes  at-most-once              5s  server-stream
  total    at-most-once              5s  client-stream
  echo     at-most-once              5s  bidi-stream
  note     maybe                     5s
  broken   at-most-once              5s
  context  at-most-once              5s
  name     at-least-once idempotent  5s

convoke.reflection.v1.Reflection
  interfaces  at-least-once idempotent  5s
  schema      at-least-once idempotent  5s
`,
      stderr: '',
    });
  });

  it('lists it as JSON', async () => {
    const { stdout } = await describeServer('--json');
    const [till] = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(till.name).toBe('sample.till.v1.Till');
    expect(till.procedures[1]).toEqual({
      name: 'changes',
      shape: 'server-stream',
      semantics: 'at-most-once',
      idempotent: false,
      deadline: 5000,
      errors: ['sample.till.v1.NoSuchTill'],
    });
  });

  it('prints the schema of an interface, with all that it speaks of and nothing else', async () => {
    const { stdout } = await describeServer('Till');
    expect(stdout).toMatch(/^\/\/ money\.idl\n\nmodule sample\.money;/);
    expect(stdout).toContain(
      '\n// till.idl\n\nmodule sample.till.v1;\n\nimport { Money } from "./money.idl";\n',
    );
    expect(stdout).toContain(
      '/// Where people pay.\ninterface Till extends Named {\n  /// Pays in.\n  @1 pay(',
    );
    expect(stdout).toContain('interface Named {');
    expect(stdout).not.toContain('Other');
    expect(stdout).not.toContain('Unused');
  });

  it('prints it as JSON, a file a line', async () => {
    const { stdout } = await describeServer('Till', '--json');
    const files = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(files.map(({ path }) => path)).toEqual(['money.idl', 'till.idl']);
  });

  it('knows no interface that is not offered', async () => {
    expect(await describeServer('Other')).toEqual(refused(2, "The server offers no interface 'Other'."));
  });
});
