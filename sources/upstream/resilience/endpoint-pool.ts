import { compileBalance, mayBeAsked } from './balance.ts';
import type { Breaker, Endpoint, EndpointPool } from './contracts.ts';
import type { UpstreamOptions } from './options.ts';
import { PoolMember } from './pool-member.ts';

/** An endpoint to be. `address` is its identity: what is known of it stays while it does. */
export interface EndpointPlan<T> extends Omit<Endpoint<T>, 'transport'> {
  /** Called when the endpoint joins the pool. */
  open(): T;
}

export interface EndpointPoolSettings<T> {
  readonly endpoints: readonly EndpointPlan<T>[];
  readonly options: Pick<UpstreamOptions, 'balance'>;
  readonly createBreaker: () => Breaker;
  /** Closes what `open` made: when its endpoint has left and its last call has ended, or with the pool. */
  readonly close: (transport: T) => Promise<void>;
}

/** A pool whose endpoints come and go. */
export interface ChangingEndpointPool<T> extends EndpointPool<T> {
  /**
   * Puts these in place of the endpoints, at once. Those that stay, by their address, keep their transport, breaker,
   * health and counts; those that left are not chosen any more and closed when no call is `active` on them. Throws what
   * an `open` throws, and changes nothing then.
   */
  update(endpoints: readonly EndpointPlan<T>[]): void;
  /** Told after each update, until the function it returns is called. */
  onUpdate(listener: () => void): () => void;
}

export function createEndpointPool<T>(settings: EndpointPoolSettings<T>): ChangingEndpointPool<T> {
  const { createBreaker, close } = settings;
  const choose = compileBalance(settings.options.balance);
  const listeners = new Set<() => void>();
  /** Left, with calls under way. */
  const leaving = new Set<PoolMember<T>>();
  let disposed = false;
  let members: readonly PoolMember<T>[] = [];
  /** A pool of one has nothing to choose. */
  let only: PoolMember<T> | undefined;

  function replace(plans: readonly EndpointPlan<T>[]): void {
    const known = new Map(members.map((member) => [member.address, member]));
    const joining: PoolMember<T>[] = [];
    const next = new Map<string, { readonly member: PoolMember<T>; weight: number }>();
    try {
      for (const plan of plans) {
        const twice = next.get(plan.address);
        if (twice !== undefined) {
          twice.weight += plan.weight;
          continue;
        }
        let member = known.get(plan.address);
        if (member === undefined) {
          member = new PoolMember(plan.address, plan.open(), createBreaker());
          joining.push(member);
        }
        next.set(plan.address, { member, weight: plan.weight });
      }
    } catch (error) {
      for (const { transport } of joining) closeQuietly(transport);
      throw error;
    }
    for (const { member, weight } of next.values()) member.weight = weight;
    members = [...next.values()].map(({ member }) => member);
    only = members.length === 1 ? members[0] : undefined;
    for (const [address, member] of known) if (!next.has(address)) leave(member);
  }

  function leave(member: PoolMember<T>): void {
    leaving.add(member);
    member.whenIdle(() => {
      if (leaving.delete(member)) closeQuietly(member.transport);
    });
  }

  /** Nobody waits for it, and nobody could do anything about it. */
  function closeQuietly(transport: T): void {
    close(transport).catch(() => {});
  }

  replace(settings.endpoints);

  return {
    get endpoints() {
      return members;
    },
    pick(call, now, tried) {
      if (only !== undefined) return mayBeAsked(only, now) ? only : undefined;
      const untried = tried === undefined || tried.size === 0 ? undefined : tried;
      const chosen = choose(members, call, now, untried);
      return chosen === undefined && untried !== undefined ? choose(members, call, now, undefined) : chosen;
    },
    update(endpoints) {
      if (disposed) return;
      replace(endpoints);
      for (const listener of listeners) listener();
    },
    onUpdate(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async dispose() {
      if (disposed) return;
      disposed = true;
      listeners.clear();
      const open = [...members, ...leaving];
      members = [];
      only = undefined;
      leaving.clear();
      await Promise.all(open.map(({ transport }) => close(transport)));
    },
  };
}
