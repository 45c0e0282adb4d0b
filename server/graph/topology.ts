/** A thing that rests on others of its kind. */
export interface Dependent<T> {
  readonly upstream: readonly T[];
}

/**
 * Everything in `nodes` and above it, upstream first, and otherwise in the given order. Each circle is told to
 * `onCircle` once, cut where it closes, and the order goes on. Linear in nodes and edges, and without recursion:
 * chains are as long as people like.
 */
export function topologicalOrder<T extends Dependent<T>>(
  nodes: Iterable<T>,
  onCircle: (circle: readonly T[]) => void,
): readonly T[] {
  const order: T[] = [];
  const done = new Set<T>();
  const open = new Set<T>();
  for (const start of nodes) {
    if (done.has(start)) continue;
    // Most nodes stand below what they rest on already, and need no walk.
    if (start.upstream.every((upstream) => done.has(upstream))) {
      done.add(start);
      order.push(start);
      continue;
    }
    const path: { readonly node: T; next: number }[] = [{ node: start, next: 0 }];
    open.add(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const upstream = top.node.upstream[top.next++];
      if (upstream === undefined) {
        open.delete(top.node);
        done.add(top.node);
        order.push(top.node);
        path.pop();
      } else if (open.has(upstream)) {
        onCircle(path.slice(path.findIndex(({ node }) => node === upstream)).map(({ node }) => node));
      } else if (!done.has(upstream)) {
        open.add(upstream);
        path.push({ node: upstream, next: 0 });
      }
    }
  }
  return order;
}
