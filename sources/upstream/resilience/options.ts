import { z } from 'zod';
import { choiceOf } from '../../../kernel/choice-of.ts';

const milliseconds = (most: number) => z.int().min(1).max(most);

const address = z
  .string()
  .regex(/^(https?:\/\/)?[^\s/?#@]+$/, 'must be scheme, host and port, such as https://b.example.com')
  .describe(
    'Of HTTP: `https://b.example.com`; of gRPC: `b.example.com:443`. Paths are those of the source’s `endpoint`.',
  );

const weighted = z.strictObject({
  address,
  weight: z.int().min(1).max(1_000).default(1).describe('Its share of the calls, of the sum of all weights.'),
});

const balance = z
  .union([
    choiceOf({
      'round-robin': 'In turns, by weight.',
      'least-connections': 'The one with the fewest calls under way.',
    }).describe('Ways that look at the endpoints alone.'),
    z.strictObject({
      hash: z
        .strictObject({
          header: z.string().min(1).describe('Name of a header of the client’s request.'),
        })
        .describe('Requests with the same value of this header go to the same endpoint.'),
    }),
  ])
  .meta({ members: ['strategy', 'hash'], description: 'How an endpoint is chosen for a call.' });

const healthCheck = z
  .strictObject({
    path: z
      .string()
      .startsWith('/')
      .optional()
      .describe(
        'HTTP: answers of this path below 400 are well. Without a path a connection is enough; gRPC asks `grpc.health.v1.Health`.',
      ),
    everyMs: milliseconds(3_600_000).default(10_000).describe('How often each endpoint is asked, in milliseconds.'),
    timeoutMs: milliseconds(60_000).default(2_000).describe('How long it may take to answer, in milliseconds.'),
    downAfter: z
      .int()
      .min(1)
      .max(100)
      .default(3)
      .describe('How many failures in a row it takes to believe it is down.'),
    upAfter: z.int().min(1).max(100).default(2).describe('How many answers in a row it takes to believe it is well.'),
  })
  .describe('Asks each endpoint whether it is well, besides what calls tell.');

const breaker = z
  .strictObject({
    failures: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe('Failures in a row that open it, however few calls there are. Default: their number alone does not.'),
    percent: z
      .int()
      .min(1)
      .max(100)
      .default(50)
      .describe('Share of failures among the calls of `windowMs` that opens it, if there were `minimumCalls`.'),
    minimumCalls: z.int().min(1).max(100_000).default(20).describe('How many calls it takes before `percent` counts.'),
    windowMs: milliseconds(600_000).default(10_000).describe('How far back calls are counted, in milliseconds.'),
    openMs: milliseconds(600_000)
      .default(5_000)
      .describe(
        'How long it stays open before a call may try again, in milliseconds; doubled each time that fails, up to ten times as long.',
      ),
  })
  .or(z.literal(false))
  .describe('Leaves an endpoint alone that keeps failing, and tries it again with single calls. Default: on.');

const retries = z
  .strictObject({
    most: z.int().min(0).max(10).default(1).describe('How often a call may be sent again.'),
    backoffMs: milliseconds(60_000)
      .default(50)
      .describe('The wait before the first, in milliseconds; doubled for each, with chance in it.'),
    maxBackoffMs: milliseconds(60_000).default(1_000).describe('The longest wait, in milliseconds.'),
    budgetPercent: z
      .int()
      .min(0)
      .max(1_000)
      .default(20)
      .describe('Retries there may be for a hundred calls; some are always allowed.'),
  })
  .or(z.literal(false))
  .describe(
    'Sends a call again that failed, where that is safe: reads always, others if they cannot have been received. Default: on.',
  );

const concurrency = z
  .strictObject({
    most: z.int().min(1).max(100_000).describe('How many calls may be under way at a time.'),
    queue: z.int().min(0).max(100_000).default(100).describe('How many more may wait for their turn.'),
    queueTimeoutMs: milliseconds(600_000).default(1_000).describe('How long they may wait, in milliseconds.'),
  })
  .describe('How many calls may be under way at a time, and how many more may wait. Default: no limit.');

export const upstreamOptions = z
  .strictObject({
    endpoints: z
      .array(
        z.union([address, weighted]).meta({ short: 'address', description: 'An address with a share of the calls.' }),
      )
      .max(255)
      .default([])
      .describe('Where the service answers besides `endpoint`, which has the weight 1.'),
    balance: balance.default('round-robin').describe('How an endpoint is chosen. Default: in turns, by weight.'),
    discover: z
      .strictObject({
        everyMs: milliseconds(3_600_000).default(30_000).describe('How often it is looked up, in milliseconds.'),
      })
      .optional()
      .describe(
        'Makes every address that a host name has an endpoint of its own, looked up again in turns. Default: off.',
      ),
    healthCheck: healthCheck
      .optional()
      .describe('Asks each endpoint whether it is well, besides what calls tell. Default: off.'),
    breaker: breaker.default({ percent: 50, minimumCalls: 20, windowMs: 10_000, openMs: 5_000 }),
    retries: retries.default({ most: 1, backoffMs: 50, maxBackoffMs: 1_000, budgetPercent: 20 }),
    concurrency: concurrency.optional(),
    hedge: z
      .strictObject({
        afterMs: milliseconds(60_000).describe('How long the first answer may take, in milliseconds.'),
      })
      .optional()
      .describe(
        'Sends a read a second time when its answer takes long, to another endpoint if there is one; the first answer counts. Default: off.',
      ),
    shareReads: z
      .boolean()
      .default(true)
      .describe('Sends identical reads of one caller that are under way at the same time once.'),
    network: choiceOf({
      any: 'Any address.',
      public: 'No private, loopback or link-local address.',
    })
      .default('any')
      .describe('Which addresses an endpoint, or what its name stands for, may have.'),
  })
  .meta({
    id: 'Upstream',
    description:
      'How one source’s calls are spread, repeated, bounded and ended. All of it has defaults that fit one healthy service.',
  })
  .prefault({})
  .describe('How calls are spread over addresses, sent again, bounded and ended.');
export type UpstreamOptions = z.infer<typeof upstreamOptions>;
