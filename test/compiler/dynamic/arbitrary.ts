/** Random values of the schema's types, by the model. */
import fc from 'fast-check';
import type {
  FieldModel,
  PrimitiveName,
  TypeDeclaration,
  TypeModel,
} from '../../../compiler/src/model/model.js';

const integer = (min: number, max: number) => fc.integer({ min, max });
const positive = (value: number) => (Object.is(value, -0) ? 0 : value);

const primitives: Readonly<Record<PrimitiveName, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  i8: integer(-0x80, 0x7f),
  i16: integer(-0x8000, 0x7fff),
  i32: integer(-0x8000_0000, 0x7fff_ffff),
  i64: fc.oneof(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), fc.bigInt({ min: -9n, max: 9n })),
  u8: integer(0, 0xff),
  u16: integer(0, 0xffff),
  u32: integer(0, 0xffff_ffff),
  u64: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  f32: fc.float().map(positive),
  f64: fc.oneof(fc.double().map(positive), integer(-2, 2)),
  string: fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[a-z/]{1,4}$/), fc.constant('EUR')),
  bytes: fc.uint8Array({ maxLength: 20 }),
  timestamp: fc.date({ noInvalidDate: true }).filter(date => /^\d{4}-/.test(date.toISOString())),
  duration: fc.oneof(integer(-5000, 5000), fc.double({ noNaN: true, noDefaultInfinity: true }).map(positive)),
  uuid: fc.uuid(),
};

/** Those that contain themselves end after so many levels. */
const maxDepth = 3;

export function valueIn(type: TypeModel, depth = 0): fc.Arbitrary<unknown> {
  const maxLength = 3;
  const isDeep = depth >= maxDepth;
  switch (type.kind) {
    case 'primitive':
      return primitives[type.name];
    case 'nullable':
      return fc.option(valueIn(type.inner, depth));
    case 'list':
      return isDeep ? fc.constant([]) : fc.array(valueIn(type.element, depth), { maxLength });
    case 'set':
      return fc.uniqueArray(valueIn(type.element, depth), { maxLength }).map(values => new Set(values));
    case 'map':
      return fc
        .uniqueArray(fc.tuple(valueIn(type.key, depth), valueIn(type.value, depth)), {
          maxLength,
          selector: ([key]) => key,
        })
        .map(entries => new Map(entries));
    case 'named':
      return declaredValue(type.target, depth + 1);
  }
}

function declaredValue(target: TypeDeclaration, depth: number): fc.Arbitrary<unknown> {
  switch (target.kind) {
    case 'alias':
      return valueIn(target.type, depth);
    case 'enum': {
      const known = fc.constantFrom(...target.members.map(({ id }) => id));
      return target.closed ? known : fc.oneof(known, integer(0, 0xffff));
    }
    case 'struct':
      return fieldsOf(target.fields, depth);
    case 'union': {
      const unknown = fc.record({
        kind: fc.constant('$unknown'),
        id: integer(1000, 0xffff),
        raw: fc.constant(new Uint8Array([0x92, 0xc0, 0xa1, 0x78])),
      });
      const arms = depth < maxDepth ? target.arms : target.arms.slice(0, 1);
      return fc.oneof(unknown, ...arms.map(arm => armOf(arm, depth)));
    }
  }
}

function armOf({ name, type }: FieldModel, depth: number): fc.Arbitrary<unknown> {
  return valueIn(type, depth).map(value => ({ kind: name, value }));
}

/** The fields of a struct or an error by name; some of the optional ones are absent. */
export function fieldsOf(
  fields: readonly FieldModel[],
  depth = 0,
): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const entries = fields.map(field => {
    const isLeft = field.optional && depth >= maxDepth;
    const value = isLeft ? fc.constant(undefined) : valueIn(field.type, depth);
    const isOwn = field.optional ? fc.boolean() : fc.constant(true);
    return fc.tuple(fc.constant(field.name), value, isOwn);
  });
  return fc
    .tuple(...entries)
    .map(all =>
      Object.fromEntries(
        all.filter(([, value, isOwn]) => isOwn && value !== undefined).map(([name, value]) => [name, value]),
      ),
    );
}
