/**
 * Pass 9: values that could never end. A struct needs a value of each required field, a union of one arm; a type is
 * finite when values of it can be built from the bottom up.
 */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { FieldModel, StructModel, UnionModel } from '../model/model.js';
import { sortDependencies } from './graph.js';
import { type Context, entriesOf } from './scope.js';
import { seeThrough } from './types.js';

type Container = StructModel | UnionModel;

export function checkContainment(context: Context): void {
  const inSourceOrder: Container[] = entriesOf(context, 'struct', 'union').map(({ model }) => model);
  // What is contained first, so that only cycles need another round.
  const { order: containers } = sortDependencies(inSourceOrder, allContained);
  // Each cycle is reported at one field; the search goes on as if that field were mended.
  const mended = new Set<FieldModel>();
  for (;;) {
    const finite = findFinite(containers, mended);
    const endless = inSourceOrder.find(container => !finite.has(container));
    if (!endless) return;
    const cycle = findCycle(endless, container => blockingFields(container, finite, mended)[0]!);
    const path = cycle.map(({ container, field }) => `${container.name}.${field.name}`);
    const { container, field } = cycle[0]!;
    context.report(diagnostics.containsItself, field.span, { path: [...path, container.name].join(' → ') });
    mended.add(field);
  }
}

interface Step {
  readonly container: Container;
  readonly field: FieldModel;
}

/** Follows one endless field after the other until a container comes again. */
function findCycle(start: Container, endlessField: (container: Container) => FieldModel): readonly Step[] {
  const steps = new Map<Container, Step>();
  let container = start;
  while (!steps.has(container)) {
    const field = endlessField(container);
    steps.set(container, { container, field });
    container = containedBy(field)!;
  }
  return [...steps.values()].slice([...steps.keys()].indexOf(container));
}

/** The least set that is closed under: all that a value needs is in it. */
function findFinite(
  containers: readonly Container[],
  mended: ReadonlySet<FieldModel>,
): ReadonlySet<Container> {
  const finite = new Set<Container>();
  let before: number;
  do {
    before = finite.size;
    for (const container of containers) {
      if (blockingFields(container, finite, mended).length === 0) finite.add(container);
    }
  } while (finite.size > before);
  return finite;
}

/** The fields that are required and not known to end; of a union the first, since mending one arm is enough. */
function blockingFields(
  container: Container,
  finite: ReadonlySet<Container>,
  mended: ReadonlySet<FieldModel>,
): readonly FieldModel[] {
  const isEndless = (field: FieldModel) => {
    const contained = containedBy(field);
    return contained !== undefined && !finite.has(contained) && !mended.has(field);
  };
  if (container.kind === 'struct') return container.fields.filter(isEndless);
  return container.arms.every(isEndless) ? container.arms.slice(0, 1) : [];
}

function allContained(container: Container): readonly Container[] {
  const fields = container.kind === 'struct' ? container.fields : container.arms;
  return fields.flatMap(field => containedBy(field) ?? []);
}

/** What a value of the field holds in any case. */
function containedBy(field: FieldModel): Container | undefined {
  const type = seeThrough(field.type);
  if (field.optional || type.kind !== 'named') return undefined;
  return type.target.kind === 'struct' || type.target.kind === 'union' ? type.target : undefined;
}
