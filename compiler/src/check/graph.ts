/** A dependency order, and what has none. */

export interface Sorted<Node> {
  /** Each node after those that it depends on, as far as cycles allow. */
  readonly order: readonly Node[];
  /** Each cycle once for each edge that closes one; the closing edge leads from the last node to the first. */
  readonly cycles: readonly (readonly Node[])[];
}

/** Depth-first search with an explicit stack, since schemas may nest deeper than the call stack. */
export function sortDependencies<Node>(
  nodes: Iterable<Node>,
  dependencies: (node: Node) => Iterable<Node>,
): Sorted<Node> {
  const order: Node[] = [];
  const cycles: Node[][] = [];
  const done = new Set<Node>();
  for (const root of nodes) {
    if (done.has(root)) continue;
    const path = [root];
    const onPath = new Map([[root, 0]]);
    const pending = [dependencies(root)[Symbol.iterator]()];
    while (path.length > 0) {
      const next = pending.at(-1)!.next();
      if (next.done) {
        const finished = path.pop()!;
        pending.pop();
        onPath.delete(finished);
        done.add(finished);
        order.push(finished);
      } else if (onPath.has(next.value)) {
        cycles.push(path.slice(onPath.get(next.value)));
      } else if (!done.has(next.value)) {
        onPath.set(next.value, path.length);
        path.push(next.value);
        pending.push(dependencies(next.value)[Symbol.iterator]());
      }
    }
  }
  return { order, cycles };
}

/** `A → B → A`. */
export function cyclePath<Node extends { readonly name: string }>(cycle: readonly Node[]): string {
  return [...cycle, ...cycle.slice(0, 1)].map(node => node.name).join(' → ');
}
