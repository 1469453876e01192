import { createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { Agent, request } from 'undici';
import { momentId } from '../../admin/ids.ts';
import type { AuditEntry } from '../../admin/models/audit.ts';
import type { Tenant } from '../../admin/models/tenant.ts';
import { type Delivery, EVENT_TYPES, type Webhook } from '../../admin/models/webhook.ts';
import type { Encryption } from '../../admin/secrets/encryption.ts';
import { type Filter, TakenError } from '../../admin/store/collection.ts';
import type { After } from '../../admin/store/page.ts';
import type { Store } from '../../admin/store/store.ts';
import { secretContext } from '../../admin/stores/webhooks.ts';
import { describeError } from '../../kernel/errors.ts';
import type { Clock, Log } from '../../kernel/ports.ts';
import { createPublicLookup, isPrivateHost, NOT_REACHED } from '../../sources/upstream/resilience/network-guard.ts';

export interface WebhooksDeps {
  readonly store: Store;
  readonly encryption: Pick<Encryption, 'decrypt'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Those that are not archived. */
  webhooks(): Iterable<Webhook>;
  tenant(id: string): Tenant | undefined;
}

export interface Webhooks {
  /** Finds new events, and sends what is due; resolves when all of it was tried. Never rejects. */
  work(): Promise<void>;
  /** Sendings since the start: `failed` ones are tried again, those given up on are not. */
  counts(): { readonly delivered: number; readonly failed: number; readonly givenUp: number };
  stop(): Promise<void>;
}

const EVERYWHERE = { all: true } as const;
const EVERY_MS = 2_000;
/** Entries of a change that is under way get their outcome late, and clocks of instances differ. The first look goes back a day. */
const LOOKS_BACK_MS = 5 * 60_000;
const PAGE = 200;
const TIMEOUT_MS = 10_000;
const FIRST_RETRY_MS = 5_000;
const MOST_RETRY_MS = 3_600_000;
const GIVEN_UP_AFTER_MS = 86_400_000;
/** For as long nobody else tries what one instance is trying. */
const LEASE_MS = 60_000;
/** Of all tenants, and of one: dead receivers of one keep nobody else waiting. */
const AT_ONCE = 16;
const AT_ONCE_OF_ONE = 4;
const OLDEST = { field: '_id', descending: false } as const;
const MOST_KNOWN = 10_000;
const KEPT_MS = 30 * 86_400_000;
const TIDY_EVERY_MS = 3_600_000;

/**
 * Tells webhooks of events: each event at least once, in no promised order, tried for a day. The audit log is where
 * events come from, so none is lost that was written there; instances share the work through the store.
 */
export function createWebhooks({ store, encryption, clock, log, webhooks, tenant }: WebhooksDeps): Webhooks {
  const open = new Agent({ connect: { timeout: TIMEOUT_MS } });
  const guarded = new Agent({ connect: { timeout: TIMEOUT_MS, lookup: createPublicLookup() } });
  /** Deliveries that are known to be there, so that the store is not asked for each at every look. */
  const known = new LRUCache<string, true>({ max: MOST_KNOWN });
  let lookedAt: number | undefined;
  let tidiedAt = 0;
  let looking: Promise<void> | undefined;
  /** What is due and was read, by tenant: those who were served last stand last. */
  const waiting = new Map<string, Delivery[]>();
  /** Those that are about to be ahead of their time. */
  const claiming = new Set<string>();
  const underWay = new Map<Promise<void>, string>();
  let filling: Promise<void> | undefined;
  /** Room was made while it was being filled. */
  let isRoom = false;
  const counts = { delivered: 0, failed: 0, givenUp: 0 };
  let stopped = false;

  /** A delivery for each webhook that wants to know of the event; one that is there already is another instance's. */
  const findEvents = async (wanting: readonly Webhook[]) => {
    const beganAt = clock.now();
    const from = momentId('aud', new Date((lookedAt ?? beganAt - GIVEN_UP_AFTER_MS) - LOOKS_BACK_MS));
    const since = { _id: { $gte: from }, action: { $in: [...EVENT_TYPES] }, outcome: 'done' };
    const tenants = new Set(wanting.map((webhook) => webhook.tenant));
    for (const id of tenants) {
      const own = wanting.filter((webhook) => webhook.tenant === id);
      const filter = { $or: [{ tenant: id }, { otherTenant: id }], ...since } as Filter<AuditEntry>;
      for (let after: After | undefined; !stopped; ) {
        const { records, hasMore } = await store.audit.page(EVERYWHERE, filter, { first: PAGE, after, sort: OLDEST });
        for (const entry of records) for (const webhook of own) await makeDelivery(webhook, entry);
        const last = records.at(-1);
        if (!hasMore || last === undefined) break;
        after = { value: last._id };
      }
    }
    if (!stopped) lookedAt = beganAt;
  };
  const makeDelivery = async (webhook: Webhook, entry: AuditEntry) => {
    const isWanted = webhook.events.length === 0 || (webhook.events as readonly string[]).includes(entry.action);
    if (!isWanted || entry.createdAt < webhook.createdAt) return;
    const _id = `${webhook._id}:${entry._id}`;
    if (known.has(_id)) return;
    const record = { _id, tenant: webhook.tenant, webhook: webhook._id, event: entry._id, type: entry.action };
    const first = { state: 'waiting', attempts: 0, nextAt: new Date(clock.now()), answer: '' } as const;
    try {
      await store.deliveries.insert(EVERYWHERE, { ...record, ...first });
    } catch (error) {
      if (!(error instanceof TakenError)) throw error;
    }
    known.set(_id, true);
  };

  const isBusy = (of: string) => [...underWay.values()].filter((one) => one === of).length >= AT_ONCE_OF_ONE;
  /** Sends what waits, one of each tenant in turn, as long as there is room. */
  const sendWaiting = () => {
    for (let sent = true; sent && !stopped; ) {
      sent = false;
      for (const [of, deliveries] of [...waiting]) {
        if (underWay.size >= AT_ONCE || stopped) return;
        if (isBusy(of)) continue;
        const delivery = deliveries.shift();
        waiting.delete(of);
        if (deliveries.length > 0) waiting.set(of, deliveries);
        if (delivery === undefined) continue;
        sent = true;
        const sending: Promise<void> = deliver(delivery)
          .catch(tellLater)
          .finally(() => {
            underWay.delete(sending);
            isRoom = true;
            void fill();
          });
        underWay.set(sending, of);
      }
    }
  };
  const fillOnce = async () => {
    for (;;) {
      isRoom = false;
      sendWaiting();
      if (underWay.size >= AT_ONCE || stopped) return;
      // What one tenant has too much of is not read again and again while others wait behind it.
      const passed = [...new Set([...waiting.keys(), ...underWay.values()])].filter(
        (of) => waiting.has(of) || isBusy(of),
      );
      const due: Filter<Delivery> = {
        state: 'waiting',
        nextAt: { $lte: new Date(clock.now()) },
        ...(passed.length === 0 ? {} : { tenant: { $nin: passed } }),
      };
      const { records } = await store.deliveries.page(EVERYWHERE, due, {
        first: PAGE,
        sort: { field: 'nextAt', descending: false },
      });
      const unclaimed = records.filter(({ _id }) => !claiming.has(_id));
      if (unclaimed.length === 0 && !isRoom) return;
      for (const delivery of unclaimed)
        waiting.set(delivery.tenant, [...(waiting.get(delivery.tenant) ?? []), delivery]);
    }
  };
  /** Begins what is due as far as there is room, without waiting for its end; what ends makes room again. */
  const fill = (): Promise<void> => {
    filling ??= fillOnce()
      .catch(tellLater)
      .finally(() => {
        filling = undefined;
        if (isRoom && !stopped) void fill();
      });
    return filling;
  };
  const tellLater = (error: unknown) =>
    log.warn({ reason: describeError(error) }, 'webhooks could not be told of events: they are later');
  const claim = async (delivery: Delivery): Promise<Delivery | undefined> => {
    claiming.add(delivery._id);
    try {
      const lease = { nextAt: new Date(clock.now() + LEASE_MS) };
      return await store.deliveries.update(EVERYWHERE, delivery._id, delivery.version, lease);
    } finally {
      claiming.delete(delivery._id);
    }
  };
  /** Another instance may have heard of it before this one. */
  const webhookOf = async (id: string): Promise<Webhook | undefined> => {
    const found = [...webhooks()].find(({ _id }) => _id === id) ?? (await store.webhooks.get(EVERYWHERE, id));
    return found?.archivedAt === null ? found : undefined;
  };
  const deliver = async (delivery: Delivery) => {
    const claimed = await claim(delivery);
    if (claimed === undefined) return;
    const webhook = await webhookOf(delivery.webhook);
    const owner = webhook && (tenant(webhook.tenant) ?? (await store.tenants.get(EVERYWHERE, webhook.tenant)));
    const entry = await store.audit.get(EVERYWHERE, delivery.event);
    const attempts = delivery.attempts + 1;
    if (webhook === undefined || owner === undefined || entry === undefined) {
      await settle(claimed, {
        state: 'given up',
        attempts,
        nextAt: null,
        answer: 'The webhook is not there any more.',
      });
      return;
    }
    const { isDelivered, answer } = await send(webhook, owner, entry, delivery);
    if (isDelivered) counts.delivered += 1;
    if (isDelivered) return settle(claimed, { state: 'delivered', attempts, nextAt: null, answer });
    const isOver = clock.now() - delivery.createdAt.getTime() > GIVEN_UP_AFTER_MS;
    counts[isOver ? 'givenUp' : 'failed'] += 1;
    if (isOver)
      log.warn(
        { webhook: webhook.name, tenant: owner.name, event: delivery.type, answer },
        'a webhook was not told of an event',
      );
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), MOST_RETRY_MS);
    const next = isOver ? ({ state: 'given up', nextAt: null } as const) : { nextAt: new Date(clock.now() + delayMs) };
    await settle(claimed, { ...next, attempts, answer });
  };
  const settle = async (
    delivery: Delivery,
    changes: Partial<Pick<Delivery, 'state' | 'attempts' | 'nextAt' | 'answer'>>,
  ) => {
    await store.deliveries.update(EVERYWHERE, delivery._id, delivery.version, changes);
  };

  const send = async (webhook: Webhook, owner: Tenant, entry: AuditEntry, { _id }: Delivery) => {
    try {
      const { hostname } = new URL(webhook.url);
      const isPublic = owner.network === 'public';
      if (isPublic && isPrivateHost(hostname)) return { isDelivered: false, answer: NOT_REACHED };
      const body = JSON.stringify(eventOf(entry, webhook, _id));
      const seconds = Math.floor(clock.now() / 1_000);
      const key = encryption.decrypt(webhook.secret, secretContext(owner.name));
      const { statusCode, body: answered } = await request(webhook.url, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', 'skein-signature': signatureOf(key, seconds, body) },
        dispatcher: isPublic ? guarded : open,
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      // What it says is of no interest, and may have no end.
      answered.destroy();
      answered.on('error', () => {});
      return { isDelivered: statusCode >= 200 && statusCode < 300, answer: String(statusCode) };
    } catch (error) {
      const reason = describeError(error).slice(0, 200);
      if (owner.network !== 'public') return { isDelivered: false, answer: reason };
      log.info(
        { webhook: webhook.name, tenant: owner.name, reason },
        'a webhook cannot be reached from the public network',
      );
      return { isDelivered: false, answer: NOT_REACHED };
    }
  };

  /** What was settled a month ago is of no interest any more. */
  const tidy = async () => {
    if (clock.now() - tidiedAt < TIDY_EVERY_MS) return;
    const old: Filter<Delivery> = { updatedAt: { $lt: new Date(clock.now() - KEPT_MS) } };
    const sort = { field: 'updatedAt', descending: false };
    for (let hasMore = true; hasMore && !stopped; ) {
      const page = await store.deliveries.page(EVERYWHERE, old, { first: PAGE, sort });
      for (const { _id } of page.records) await store.deliveries.remove(EVERYWHERE, _id);
      hasMore = page.hasMore;
    }
    tidiedAt = clock.now();
  };

  const lookOnce = async () => {
    const wanting = [...webhooks()];
    if (wanting.length === 0) return;
    try {
      await findEvents(wanting);
      await fill();
      await tidy();
    } catch (error) {
      tellLater(error);
    }
  };
  const look = (): Promise<void> => {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  const whenSent = async () => {
    while (underWay.size > 0 || filling !== undefined)
      await Promise.race([...underWay.keys(), ...(filling === undefined ? [] : [filling])]);
  };
  const timer = setInterval(() => void look(), EVERY_MS).unref();
  return {
    async work() {
      await look();
      await whenSent();
    },
    counts: () => counts,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await looking;
      await whenSent();
      await Promise.all([open.destroy(), guarded.destroy()]);
    },
  };
}

/** `t=<seconds>,v1=<hex>`: HMAC-SHA256 of the seconds since 1970, a dot and the body. */
export function signatureOf(key: string, seconds: number, body: string): string {
  return `t=${seconds},v1=${createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex')}`;
}

/** Who did it is told to their own tenant alone. */
function eventOf(entry: AuditEntry, webhook: Webhook, delivery: string) {
  const { _id, tenant, action, entity, entityName, actor, createdAt, after } = entry;
  return {
    ...{ id: _id, delivery, type: action, at: createdAt.toISOString(), tenant, entity, name: entityName },
    actor: tenant === webhook.tenant ? actor : null,
    data: after === '' ? null : (JSON.parse(after) as unknown),
  };
}
