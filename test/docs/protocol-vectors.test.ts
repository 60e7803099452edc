import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bankProcedures } from '../../generated/bank/index.js';
import { isSparse } from '../../runtime/src/marshalling/unknown-fields.js';
import { MessageFrame } from '../../runtime/src/messages/frames.js';
import { FrameType } from '../../runtime/src/request-reply/frames.js';
import { callErrorCodes } from '../../runtime/src/schema/errors.js';
import { isSoundPacket } from '../../runtime/src/transport/packet.js';
import { read, written } from '../runtime/marshalling/support.js';
import { readers, structs, values, vectors } from './protocol-vectors.js';

const page = readFileSync(new URL('../../docs/PROTOCOL.md', import.meta.url), 'utf8');

const digits = (text: string): string => text.replaceAll(/#.*$/gm, '').replaceAll(/\s/g, '');

/** The blocks of the page, by the word behind `hex`. */
const blocks = new Map(
  [...page.matchAll(/^```hex (\S+)\n(.*?)^```$/gms)].map(([, name, text]) => [name!, digits(text!)]),
);

/** The rows of the table that begins with this header, cell by cell. */
function rows(header: string): string[][] {
  const [, rest] = page.split(`${header}\n`);
  if (rest === undefined) throw new Error(`the page has no table '${header}'`);
  const lines = rest.split('\n').slice(1);
  const end = lines.findIndex(line => !line.startsWith('|'));
  return lines.slice(0, end).map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  );
}

const inCode = (cell: string): string => digits(cell.replaceAll('`', ''));

describe('the frames of docs/PROTOCOL.md', () => {
  it('are all of those that the test knows', () => {
    expect([...blocks.keys()].sort()).toEqual(Object.keys(vectors).sort());
  });

  it.each(Object.entries(vectors))('%s is written as the page says', (name, bytes) => {
    expect(bytes.toString('hex')).toBe(blocks.get(name));
  });

  it.each(Object.entries(readers))('%s is read as the page says', (name, check) => {
    check(Buffer.from(blocks.get(name)!, 'hex'));
  });

  it.each(['datagram-to-server', 'datagram-to-client'])('%s has a checksum that is right', name => {
    expect(isSoundPacket(Buffer.from(blocks.get(name)!, 'hex'))).toBe(true);
  });

  it.each([
    ['| type | name | from | says |', FrameType],
    ['| type | name | on | says |', MessageFrame],
  ])('have the types of the table %s', (header, types) => {
    const named = rows(header).map(([type, name]) => [
      name!.replaceAll(/ (.)/g, (_, letter: string) => letter.toUpperCase()),
      Number.parseInt(inCode(type!), 16),
    ]);
    expect(Object.fromEntries(named)).toEqual(types);
  });

  it('have types that no other frame has', () => {
    const types = [FrameType, MessageFrame].flatMap(table => Object.values(table));
    expect(new Set(types).size).toBe(types.length);
  });

  it('have the codes of the list', () => {
    const [, list] = /^Codes: (.*?)\. Any other/ms.exec(page)!;
    const codes = list!.split(',').map(code => code.trim().replace(/\s+/g, ' '));
    expect(codes).toEqual(callErrorCodes.map((code, index) => `${index} ${code}`));
  });

  it('name a procedure by the key of the rule', () => {
    const rule = 'bank.v1.Bank/bank.v1.Bank/3';
    expect(page).toContain(`\`${rule}\``);
    const hash = createHash('sha256').update(rule).digest();
    expect([hash.readUInt32BE(0), hash.readUInt32BE(4)]).toEqual(bankProcedures.deposit.key);
  });
});

describe('the values of docs/PROTOCOL.md', () => {
  const table = rows('| type | as | example | bytes |');

  it('are all of those that the test knows', () => {
    expect(table.map(([type]) => type!.split(/[ ,]/)[0]!.replaceAll('`', ''))).toEqual(Object.keys(values));
  });

  it.each(table)('%s is written and read as the page says', (type, _as, _example, bytes) => {
    const { write, read: readBack, value } = values[type!.split(/[ ,]/)[0]!.replaceAll('`', '')]!;
    expect(written(write).toString('hex')).toBe(inCode(bytes!));
    expect(read(Buffer.from(inCode(bytes!), 'hex'), readBack)).toEqual(value);
  });

  it.each(rows('| struct | value | bytes |'))('%s is read as the page says', (struct, _value, bytes) => {
    const check = structs[struct!.replaceAll('`', '')];
    if (check === undefined) throw new Error(`the test knows no struct '${struct}'`);
    check(Buffer.from(inCode(bytes!), 'hex'));
  });

  it('change their form where the page says', () => {
    expect([isSparse(40, 2), isSparse(12, 2), isSparse(13, 2)]).toEqual([true, false, true]);
  });
});
