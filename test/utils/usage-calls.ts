import type { BilledScenario, BillingProvider } from './billing-provider.ts';
import { PIECES, question } from './billing-provider.ts';

export interface Caller {
  readonly account: string;
  readonly secret: string;
  readonly key: string;
  readonly tenant: string;
}

/** A way of calling, and what has to become of it. */
export interface Scenario {
  readonly name: string;
  readonly asks: BilledScenario;
  /** The first of the calls with a kept answer is `FINISHED`. */
  readonly outcome: 'FINISHED' | 'FAILED' | 'SCHEMA_FAILED' | 'ABORTED' | 'CACHED';
  readonly door: string;
  readonly prompt?: string;
  readonly attempts?: number;
  /** What was paid for a model that another one followed. */
  readonly isPaidTwice?: boolean;
  readonly path: string;
  body(text: string): object;
  /** After which piece of the answer the client goes; 0: before any. */
  readonly leavesAfter?: number;
}

export interface Call {
  readonly number: number;
  readonly caller: Caller;
  readonly scenario: Scenario;
}

const EVENT = '{ text finishReason usage { costUsd } }';
const chat = (
  name: string,
  asks: BilledScenario,
  more: Partial<Scenario> & { model?: string; input?: object } = {},
): Scenario => {
  const { model = 'cheap', input = {}, ...rest } = more;
  return {
    ...{ name, asks, outcome: 'FINISHED', door: 'graphql', path: '/graphql' },
    body: (text) => ({
      query: 'mutation($input: ChatInput!) { chat(input: $input) { text usage { costUsd } } }',
      variables: { input: { model, messages: [{ role: 'USER', content: text }], ...input } },
    }),
    ...rest,
  };
};
const stream = (name: string, asks: BilledScenario, more: Partial<Scenario> & { model?: string } = {}): Scenario => {
  const { model = 'cheap', ...rest } = more;
  return {
    ...{ name, asks, outcome: 'FINISHED', door: 'graphql', path: '/graphql' },
    body: (text) => ({
      query: `subscription($input: ChatInput!) { chatStream(input: $input) ${EVENT} }`,
      variables: { input: { model, messages: [{ role: 'USER', content: text }] } },
    }),
    ...rest,
  };
};
const v1 = (
  name: string,
  asks: BilledScenario,
  path: string,
  door: string,
  body: object,
  more: Partial<Scenario> = {},
): Scenario => ({
  ...{ name, asks, outcome: 'FINISHED', door, path },
  body: (text) => ({ messages: [{ role: 'user', content: text }], ...body }),
  ...more,
});
const TOOLS = [{ name: 'clock', parameters: { type: 'object', properties: {} } }];

export const SCENARIOS: readonly Scenario[] = [
  chat('chat', 'answer'),
  chat('chat of another dialect', 'answer', { model: 'claude' }),
  chat('chat with tools', 'tools', { input: { tools: TOOLS } }),
  chat('chat that falls back', 'answer', { model: 'safe', attempts: 2 }),
  chat('chat that fails', 'down', { outcome: 'FAILED' }),
  chat('chat that fails and is paid', 'garble', { outcome: 'FAILED' }),
  chat('chat of another dialect that fails and is paid', 'garble', { outcome: 'FAILED', model: 'claude' }),
  chat('chat that falls back and is paid twice', 'answer', { model: 'second', attempts: 2, isPaidTwice: true }),
  chat('chat whose answer is kept', 'answer', { model: 'kept', outcome: 'CACHED' }),
  chat('chat that is left', 'hang', { outcome: 'ABORTED', leavesAfter: 0 }),
  stream('stream', 'answer'),
  stream('stream of another dialect', 'answer', { model: 'claude' }),
  stream('stream that falls back', 'answer', { model: 'safe', attempts: 2 }),
  stream('stream that falls back and is paid twice', 'answer', { model: 'second', attempts: 2, isPaidTwice: true }),
  stream('stream whose answer is kept', 'answer', { model: 'kept', outcome: 'CACHED' }),
  stream('stream that fails behind its end', 'spoil', { outcome: 'FAILED' }),
  stream('stream of another dialect that fails behind its end', 'spoil', { outcome: 'FAILED', model: 'claude' }),
  stream('stream that breaks off', 'truncate', { outcome: 'FAILED' }),
  stream('stream that is left before the first token', 'hang', { outcome: 'ABORTED', leavesAfter: 0 }),
  stream('stream that is left later', 'leave', { outcome: 'ABORTED', leavesAfter: PIECES.length }),
  stream('stream of another dialect that is left', 'leave', {
    ...{ outcome: 'ABORTED', leavesAfter: PIECES.length, model: 'claude' },
  }),
  {
    ...{
      name: 'prompt',
      asks: 'answer',
      outcome: 'FINISHED',
      door: 'graphql',
      path: '/graphql',
      prompt: 'repeat',
      attempts: 2,
    },
    body: (text) => ({ query: 'mutation($text: String!) { repeat(text: $text) }', variables: { text } }),
  },
  {
    ...{ name: 'prompt as a stream', asks: 'answer', outcome: 'FINISHED', door: 'graphql', path: '/graphql' },
    ...{ prompt: 'repeat', attempts: 2 },
    body: (text) => ({
      query: `subscription($text: String!) { repeatStream(text: $text) ${EVENT} }`,
      variables: { text },
    }),
  },
  {
    ...{ name: 'prompt whose answer does not fit', asks: 'answer', outcome: 'SCHEMA_FAILED', door: 'graphql' },
    ...{ path: '/graphql', prompt: 'count', attempts: 2, isPaidTwice: true },
    body: (text) => ({ query: 'mutation($text: String!) { count(text: $text) }', variables: { text } }),
  },
  {
    ...{ name: 'embedding that fails and is paid', asks: 'garble', outcome: 'FAILED', door: 'graphql' },
    path: '/graphql',
    body: (text) => ({
      query: 'mutation($input: EmbedInput!) { embed(input: $input) { usage { costUsd } } }',
      variables: { input: { model: 'small', texts: [text] } },
    }),
  },
  {
    ...{ name: 'embedding', asks: 'answer', outcome: 'FINISHED', door: 'graphql', path: '/graphql' },
    body: (text) => ({
      query: 'mutation($input: EmbedInput!) { embed(input: $input) { usage { costUsd } } }',
      variables: { input: { model: 'small', texts: [text] } },
    }),
  },
  v1('completion', 'answer', '/v1/chat/completions', 'openai', { model: 'cheap' }),
  v1('streamed completion', 'answer', '/v1/chat/completions', 'openai', { model: 'cheap', stream: true }),
  v1('streamed completion of another dialect', 'answer', '/v1/chat/completions', 'openai', {
    model: 'claude',
    stream: true,
  }),
  v1(
    'completion that is left',
    'leave',
    '/v1/chat/completions',
    'openai',
    { model: 'cheap', stream: true },
    {
      ...{ outcome: 'ABORTED', leavesAfter: PIECES.length },
    },
  ),
  v1('completion that fails', 'down', '/v1/chat/completions', 'openai', { model: 'cheap' }, { outcome: 'FAILED' }),
  v1('completion that is passed on with what is wrong in it', 'garble', '/v1/chat/completions', 'openai', {
    model: 'cheap',
  }),
  v1(
    'completion of another dialect that fails and is paid',
    'garble',
    '/v1/chat/completions',
    'openai',
    { model: 'claude' },
    { outcome: 'FAILED' },
  ),
  v1(
    'streamed message that fails behind its end',
    'spoil',
    '/v1/messages',
    'anthropic',
    { model: 'claude', max_tokens: 100, stream: true },
    { outcome: 'FAILED' },
  ),
  v1('message', 'answer', '/v1/messages', 'anthropic', { model: 'claude', max_tokens: 100 }),
  v1('streamed message', 'answer', '/v1/messages', 'anthropic', { model: 'claude', max_tokens: 100, stream: true }),
  v1('streamed message of another dialect', 'answer', '/v1/messages', 'anthropic', {
    ...{ model: 'cheap', max_tokens: 100, stream: true },
  }),
];

/** Makes the call as its client does. Resolves with the cost that the answer tells, or null where it tells none. */
export async function send(
  url: string,
  provider: BillingProvider,
  { number, caller, scenario }: Call,
): Promise<number | null> {
  // Kept answers are of one and the same question.
  const asked = scenario.outcome === 'CACHED' ? 0 : number;
  const label = `${caller.account}/${asked}`;
  const isSubscription = JSON.stringify(scenario.body('')).includes('subscription');
  const abort = new AbortController();
  const asking = fetch(url + scenario.path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${caller.secret}`,
      'x-request-id': String(number),
      ...(isSubscription && { accept: 'text/event-stream' }),
    },
    body: JSON.stringify(scenario.body(question(label, scenario.asks, asked))),
    signal: abort.signal,
  });
  if (scenario.leavesAfter === 0) {
    await provider.arrived(label);
    abort.abort();
    await asking.then((response) => response.text()).catch(() => {});
    return null;
  }
  const response = await asking;
  let text = '';
  try {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      if (scenario.leavesAfter !== undefined && text.includes(PIECES[scenario.leavesAfter - 1] as string))
        abort.abort();
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  }
  const cost = /"costUsd":([\d.e-]+)/.exec(text)?.[1];
  return cost === undefined ? null : Number(cost);
}
