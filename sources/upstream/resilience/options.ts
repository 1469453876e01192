import { z } from 'zod';

const milliseconds = (most: number) => z.int().min(1).max(most);

/** Of HTTP: `https://b.example.com`; of gRPC: `b.example.com:443`. Paths are those of the source's `endpoint`. */
const address = z
  .string()
  .regex(/^(https?:\/\/)?[^\s/?#@]+$/, 'must be scheme, host and port, such as https://b.example.com');

/** An address with a share of the calls. */
const weighted = z.strictObject({ address, weight: z.int().min(1).max(1_000).default(1) });

/** How one source's calls are spread, repeated, bounded and ended. Everything has a default that fits one healthy service. */
export const upstreamOptions = z
  .strictObject({
    /** Where the service answers besides `endpoint`, each with or without a weight; `endpoint` has 1. */
    endpoints: z
      .array(z.union([address, weighted]))
      .max(255)
      .default([]),
    /** How an endpoint is chosen: in turns by weight, the one with the fewest calls, or by a key of the request. */
    balance: z
      .union([
        z.enum(['round-robin', 'least-connections']),
        /** Requests with the same value of this client header go to the same endpoint. */
        z.strictObject({ hash: z.strictObject({ header: z.string().min(1) }) }),
      ])
      .default('round-robin'),
    /** Whether every address that a host name has is an endpoint of its own, looked up again in turns. */
    discover: z.strictObject({ everyMs: milliseconds(3_600_000).default(30_000) }).optional(),
    /** Asks each endpoint whether it is well, besides what calls tell. */
    healthCheck: z
      .strictObject({
        /** HTTP: answers below 400 are well. Without a path a connection is enough; gRPC asks `grpc.health.v1.Health`. */
        path: z.string().startsWith('/').optional(),
        everyMs: milliseconds(3_600_000).default(10_000),
        timeoutMs: milliseconds(60_000).default(2_000),
        /** How many in a row it takes to believe it. */
        downAfter: z.int().min(1).max(100).default(3),
        upAfter: z.int().min(1).max(100).default(2),
      })
      .optional(),
    /** Leaves an endpoint alone that keeps failing, and tries it again with single calls. */
    breaker: z
      .strictObject({
        /** Failures in a row that open it, however few calls there are. Default: their number alone does not. */
        failures: z.int().min(1).max(10_000).optional(),
        /** Or this share of the calls of `windowMs`, if there were `minimumCalls`. */
        percent: z.int().min(1).max(100).default(50),
        minimumCalls: z.int().min(1).max(100_000).default(20),
        windowMs: milliseconds(600_000).default(10_000),
        /** How long it stays open before a call may try again; doubled each time that fails, up to ten times as long. */
        openMs: milliseconds(600_000).default(5_000),
      })
      .or(z.literal(false))
      .default({ percent: 50, minimumCalls: 20, windowMs: 10_000, openMs: 5_000 }),
    /** Sends a call again that failed, where that is safe: reads always, others if they cannot have been received. */
    retries: z
      .strictObject({
        /** How often a call may be sent again. */
        most: z.int().min(0).max(10).default(1),
        /** The wait before the first; doubled for each, with chance in it. */
        backoffMs: milliseconds(60_000).default(50),
        maxBackoffMs: milliseconds(60_000).default(1_000),
        /** Retries there may be for a hundred calls; some are always allowed. */
        budgetPercent: z.int().min(0).max(1_000).default(20),
      })
      .or(z.literal(false))
      .default({ most: 1, backoffMs: 50, maxBackoffMs: 1_000, budgetPercent: 20 }),
    /** How many calls may be under way at a time, and how many more may wait for their turn, and how long. */
    concurrency: z
      .strictObject({
        most: z.int().min(1).max(100_000),
        queue: z.int().min(0).max(100_000).default(100),
        queueTimeoutMs: milliseconds(600_000).default(1_000),
      })
      .optional(),
    /** Sends a read a second time when its answer takes long, to another endpoint if there is one; the first answer counts. */
    hedge: z.strictObject({ afterMs: milliseconds(60_000) }).optional(),
    /** Whether identical reads of one caller that are under way at the same time are sent once. */
    shareReads: z.boolean().default(true),
    /** `public`: an endpoint, or what its name stands for, must not be a private, loopback or link-local address. */
    network: z.enum(['any', 'public']).default('any'),
  })
  .prefault({});
export type UpstreamOptions = z.infer<typeof upstreamOptions>;
