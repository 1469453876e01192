import type { ServerResponse } from 'node:http';
import { createProviderServer, type ReceivedRequest, sendJson } from './provider-server.ts';

/**
 * What a question asks the stand-in to do; the others are answered whole. `garble`: to answer with what cannot be used;
 * `spoil`: to end a stream with an error, when its tokens are told.
 */
export type BilledScenario = 'answer' | 'tools' | 'down' | 'leave' | 'hang' | 'truncate' | 'garble' | 'spoil';

/** What the stand-in has charged for one account and model. */
export interface Bill {
  readonly calls: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly costNanoUsd: bigint;
}

/** Nano-USD for a million tokens. */
export interface ListPrice {
  readonly input: bigint;
  readonly cachedInput: bigint;
  readonly cacheWrite: bigint;
  readonly output: bigint;
}

export interface BillingProvider {
  /** `http://127.0.0.1:…/v1`: speaks the formats of OpenAI and Anthropic. */
  readonly endpoint: string;
  /** By account and model, with a space in between. */
  readonly bills: ReadonlyMap<string, Bill>;
  /** Tokens that were read and written, by question: the number in its label. Of the last model that was asked it. */
  readonly charges: ReadonlyMap<string, readonly [number, number]>;
  /** Resolves when the question has come. */
  arrived(label: string): Promise<void>;
  /** How many answers wait for their client to go. */
  open(): number;
  close(): Promise<void>;
}

/** A text that the stand-in knows what to do with: `#account/number scenario`, and more words to be charged. */
export function question(label: string, scenario: BilledScenario, number: number): string {
  return `#${label} ${scenario} ${'word '.repeat(number % 9)}`;
}

/** Of four characters each: a token, by its own tokenizer and by that of whoever counts events. */
export const PIECES = ['one ', 'two ', 'six '];
const NOBODY: Bill = {
  ...{ calls: 0, inputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 },
  costNanoUsd: 0n,
};

/** Its own tokenizer, for what it is not asked to the end. */
const tokensOf = (text: string) => Math.ceil(text.length / 4);

/** A provider that does what it is asked to, and writes bills of its own. */
export async function createBillingProvider(prices: Readonly<Record<string, ListPrice>>): Promise<BillingProvider> {
  const bills = new Map<string, Bill>();
  const charges = new Map<string, readonly [number, number]>();
  const arrivals = new Map<string, () => void>();
  const arrived = new Set<string>();
  let open = 0;

  const bill = (account: string, model: string, used: Used) => {
    const price = prices[model];
    if (price === undefined) throw new Error(`There is no price of ${model}.`);
    const plain = used.inputTokens - used.cachedInputTokens - used.cacheWriteTokens;
    const sum =
      BigInt(plain) * price.input +
      BigInt(used.cachedInputTokens) * price.cachedInput +
      BigInt(used.cacheWriteTokens) * price.cacheWrite +
      BigInt(used.outputTokens) * price.output;
    const key = `${account} ${model}`;
    const { costNanoUsd, ...counts } = bills.get(key) ?? NOBODY;
    const added = Object.fromEntries(
      Object.entries(counts).map(([name, count]) => [
        name,
        count + (name === 'calls' ? 1 : used[name as 'inputTokens']),
      ]),
    );
    bills.set(key, { ...(added as unknown as Bill), costNanoUsd: costNanoUsd + (sum + 500_000n) / 1_000_000n });
  };

  const server = await createProviderServer((request, response) => {
    const { body } = request;
    const text = textOf(body);
    const [, label = '', account = '', number = '', scenario] = /^#((\S+)\/(\d+)) (\w+)/.exec(text) ?? [];
    const model = String(body.model);
    arrived.add(label);
    arrivals.get(label)?.();
    const used = usageOf(Number(number), request.path);
    const charge = (tokens: Used) => {
      charges.set(number, [tokens.inputTokens, tokens.outputTokens]);
      bill(account, model, tokens);
    };
    const format = request.path.endsWith('/messages') ? anthropic : openai;
    const nothing = { ...NOBODY, inputTokens: tokensOf(text) };
    const known = format === anthropic ? { ...used, outputTokens: 1, reasoningTokens: 0 } : nothing;
    const cut = (pieces: readonly string[]) => {
      const outputTokens = Math.max(known.outputTokens, tokensOf(pieces.join('')));
      charge({ ...known, outputTokens });
    };
    if (scenario === 'down' || request.path.startsWith('/down'))
      return sendJson(response, { error: { message: 'It is down.' } }, 500);
    const isGarbled = scenario === 'garble' || request.path.startsWith('/vague');
    if (request.path.endsWith('/embeddings')) {
      charge(used);
      const usage = { prompt_tokens: used.inputTokens, total_tokens: used.inputTokens };
      return sendJson(response, { data: isGarbled ? [] : [{ index: 0, embedding: [0.5, 1] }], usage });
    }
    if (isGarbled) {
      charge(used);
      return sendJson(response, format.garbled(used));
    }
    if (body.stream !== true) {
      if (scenario === 'hang') {
        charge(nothing);
        return wait(request);
      }
      charge(used);
      return sendJson(response, format.answer(used, scenario === 'tools'));
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (scenario === 'hang') {
      charge(nothing);
      response.flushHeaders();
      return wait(request);
    }
    if (scenario === 'leave' || scenario === 'truncate') {
      cut(PIECES);
      write(response, [...format.begin(used), ...PIECES.map(format.piece)]);
      return scenario === 'leave' ? wait(request) : response.end();
    }
    charge(used);
    const end = format.end(used);
    if (scenario === 'spoil') end.splice(-1, 1, event({ type: 'error', error: { message: 'It broke.' } } as never));
    write(response, [...format.begin(used), ...PIECES.map(format.piece), ...end]);
    response.end();
  });

  const wait = ({ closed }: ReceivedRequest) => {
    open += 1;
    void closed.then(() => {
      open -= 1;
    });
  };
  return {
    endpoint: server.endpoint,
    bills,
    charges,
    arrived: (label) =>
      arrived.has(label) ? Promise.resolve() : new Promise((resolve) => arrivals.set(label, resolve)),
    open: () => open,
    close: () => server.close(),
  };
}

function textOf(body: Record<string, unknown>): string {
  if (body.input !== undefined) return String([body.input].flat()[0]);
  const { content } = (body.messages as { content: string | { text: string }[] }[]).at(-1) ?? { content: '' };
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('');
}

type Used = Omit<Bill, 'calls' | 'costNanoUsd'>;

function usageOf(number: number, path: string): Used {
  const isEmbedding = path.endsWith('/embeddings');
  const isAnthropic = path.endsWith('/messages');
  return {
    inputTokens: 50 + (number % 37),
    cachedInputTokens: isEmbedding || number % 3 > 0 ? 0 : number % 20,
    cacheWriteTokens: isAnthropic && number % 2 === 0 ? 7 : 0,
    outputTokens: isEmbedding ? 0 : 5 + (number % 11),
    reasoningTokens: isEmbedding || isAnthropic ? 0 : number % 4,
  };
}

interface Format {
  answer(used: Used, callsTool: boolean): unknown;
  /** A whole answer that cannot be used. */
  garbled(used: Used): unknown;
  begin(used: Used): string[];
  piece(text: string): string;
  end(used: Used): string[];
}

function write(response: ServerResponse, events: readonly string[]): void {
  for (const event of events) response.write(event);
}

const data = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const event = (value: { readonly type: string }) => `event: ${value.type}\n${data(value)}`;

const openaiUsage = (used: Used) => ({
  prompt_tokens: used.inputTokens,
  completion_tokens: used.outputTokens,
  total_tokens: used.inputTokens + used.outputTokens,
  prompt_tokens_details: { cached_tokens: used.cachedInputTokens },
  completion_tokens_details: { reasoning_tokens: used.reasoningTokens },
});
const CALL = { id: 'call_1', type: 'function', function: { name: 'clock', arguments: '{}' } };

const openai: Format = {
  answer: (used, callsTool) => ({
    id: 'c1',
    object: 'chat.completion',
    created: 1,
    model: 'upstream',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: callsTool ? null : PIECES.join(''),
          ...(callsTool && { tool_calls: [CALL] }),
        },
        finish_reason: callsTool ? 'tool_calls' : 'stop',
      },
    ],
    usage: openaiUsage(used),
  }),
  garbled: (used) => ({
    choices: [{ message: { tool_calls: [{ ...CALL, function: { name: 'clock', arguments: '{"at":' } }] } }],
    usage: openaiUsage(used),
  }),
  begin: () => [],
  piece: (content) => data({ id: 'c1', choices: [{ index: 0, delta: { content }, finish_reason: null }] }),
  end: (used) => [
    data({ id: 'c1', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
    data({ id: 'c1', choices: [], usage: openaiUsage(used) }),
    'data: [DONE]\n\n',
  ],
};

const anthropicUsage = (used: Used, output_tokens: number) => ({
  input_tokens: used.inputTokens - used.cachedInputTokens - used.cacheWriteTokens,
  cache_read_input_tokens: used.cachedInputTokens,
  cache_creation_input_tokens: used.cacheWriteTokens,
  output_tokens,
});
const MESSAGE = { id: 'm1', type: 'message', role: 'assistant', model: 'upstream', stop_sequence: null };

const anthropic: Format = {
  answer: (used) => ({
    ...MESSAGE,
    content: [{ type: 'text', text: PIECES.join('') }],
    stop_reason: 'end_turn',
    usage: anthropicUsage(used, used.outputTokens),
  }),
  garbled: (used) => ({ ...MESSAGE, stop_reason: 'end_turn', usage: anthropicUsage(used, used.outputTokens) }),
  begin: (used) => [
    event({
      type: 'message_start',
      message: { ...MESSAGE, content: [], stop_reason: null, usage: anthropicUsage(used, 1) },
    } as { type: string }),
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } } as { type: string }),
  ],
  piece: (text) =>
    event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } } as { type: string }),
  end: (used) => [
    event({ type: 'content_block_stop', index: 0 } as { type: string }),
    event({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: used.outputTokens },
    } as { type: string }),
    event({ type: 'message_stop' }),
  ],
};
