/** Something that will happen; the queue's own fields are not to be touched. */
export interface Entry {
  readonly time: number;
  readonly sequence: number;
  readonly action: () => void;
  readonly owner: object | undefined;
  /** Its place in the heap; −1 when it is not in it. */
  index: number;
}

export interface EventQueue {
  readonly size: number;
  /** Entries of one time leave in the order in which they came. */
  push(time: number, action: () => void, owner?: object): Entry;
  first(): Entry | undefined;
  pop(): Entry | undefined;
  /** Does nothing when the entry has left already. */
  remove(entry: Entry): void;
  removeOwnedBy(owner: object): void;
}

const isBefore = (a: Entry, b: Entry): boolean =>
  a.time < b.time || (a.time === b.time && a.sequence < b.sequence);

/** A binary heap ordered by (time, sequence), whose entries know their places so that a timer leaves when cancelled. */
export function createEventQueue(): EventQueue {
  let heap: Entry[] = [];
  let sequence = 0;

  const place = (entry: Entry, index: number): void => {
    heap[index] = entry;
    entry.index = index;
  };

  const rise = (entry: Entry): void => {
    let { index } = entry;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex]!;
      if (!isBefore(entry, parent)) break;
      place(parent, index);
      index = parentIndex;
    }
    place(entry, index);
  };

  const sink = (entry: Entry): void => {
    let { index } = entry;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= heap.length) break;
      if (childIndex + 1 < heap.length && isBefore(heap[childIndex + 1]!, heap[childIndex]!)) childIndex++;
      const child = heap[childIndex]!;
      if (!isBefore(child, entry)) break;
      place(child, index);
      index = childIndex;
    }
    place(entry, index);
  };

  const remove = (entry: Entry): void => {
    const { index } = entry;
    if (index < 0) return;
    entry.index = -1;
    const last = heap.pop()!;
    if (last === entry) return;
    place(last, index);
    rise(last);
    sink(last);
  };

  return {
    get size() {
      return heap.length;
    },
    push: (time, action, owner) => {
      const entry: Entry = { time, sequence: sequence++, action, owner, index: heap.length };
      heap.push(entry);
      rise(entry);
      return entry;
    },
    first: () => heap[0],
    pop: () => {
      const first = heap[0];
      if (first) remove(first);
      return first;
    },
    remove,
    removeOwnedBy: owner => {
      const all = heap;
      heap = [];
      for (const entry of all) {
        if (entry.owner === owner) {
          entry.index = -1;
        } else {
          entry.index = heap.length;
          heap.push(entry);
          rise(entry);
        }
      }
    },
  };
}
