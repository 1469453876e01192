import type { ServerResponse } from 'node:http';
import type { ProviderDialect } from '../../sources/ai/dialects/index.ts';
import type { ReceivedRequest } from './provider-server.ts';

/** What a stand-in for a provider answers with, in bytes made by hand for each dialect. */
export type Scenario = 'text' | 'tools' | 'structured' | 'reasoning' | 'length';

export const TEXT = ['Hel', 'lo, ', 'wörld €'];
export const STRUCTURED = '{"name":"Ada","age":36}';
export const CALLS = [
  { id: 'call_a', name: 'weather', arguments: ['{"ci', 'ty":"Oslo"}'] },
  { id: 'call_b', name: 'clock', arguments: ['{"zone":', '"CET"}'] },
] as const;
export const THOUGHT = 'Let me see.';

interface Answers {
  json(scenario: Scenario, request: ReceivedRequest): unknown;
  /** Each as one server-sent event. */
  events(scenario: Scenario, request: ReceivedRequest): readonly string[];
}

const data = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const event = (value: { type: string }) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;
const texts = (scenario: Scenario): readonly string[] =>
  scenario === 'structured' ? [STRUCTURED.slice(0, 7), STRUCTURED.slice(7)] : TEXT;

const OPENAI_USAGE = {
  prompt_tokens: 10,
  completion_tokens: 5,
  total_tokens: 15,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 2 },
};

const openai: Answers = {
  json(scenario) {
    const isCall = scenario === 'tools';
    return {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'upstream-model',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: isCall ? null : texts(scenario).join(''),
            ...(scenario === 'reasoning' && { reasoning_content: THOUGHT }),
            ...(isCall && {
              tool_calls: CALLS.map(({ id, name, arguments: pieces }) => ({
                id,
                type: 'function',
                function: { name, arguments: pieces.join('') },
              })),
            }),
          },
          finish_reason: isCall ? 'tool_calls' : scenario === 'length' ? 'length' : 'stop',
        },
      ],
      usage: OPENAI_USAGE,
      unknown_field: { kept: true },
    };
  },
  events(scenario, { body }) {
    const chunk = (delta: unknown, finish_reason: string | null = null) =>
      data({
        id: 'chatcmpl-1',
        object: 'chat.completion.chunk',
        created: 1,
        model: 'upstream-model',
        choices: [{ index: 0, delta, finish_reason }],
        usage: null,
        unknown_field: 1,
      });
    const wantsUsage = (body.stream_options as { include_usage?: boolean } | undefined)?.include_usage === true;
    return [
      chunk({ role: 'assistant', content: '' }),
      ...(scenario === 'reasoning' ? [chunk({ reasoning_content: THOUGHT })] : []),
      ...(scenario === 'tools'
        ? CALLS.flatMap(({ id, name, arguments: pieces }, index) => [
            chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }),
            ...pieces.map((piece) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
          ])
        : texts(scenario).map((content) => chunk({ content }))),
      chunk({}, scenario === 'tools' ? 'tool_calls' : scenario === 'length' ? 'length' : 'stop'),
      ...(wantsUsage ? [data({ id: 'chatcmpl-1', choices: [], usage: OPENAI_USAGE })] : []),
      'data: [DONE]\n\n',
    ];
  },
};

const RESPONSES_USAGE = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 5,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 15,
};

function responsesItems(scenario: Scenario) {
  const message = {
    id: 'msg_1',
    type: 'message',
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', text: texts(scenario).join(''), annotations: [] }],
  };
  if (scenario === 'tools')
    return CALLS.map(({ id, name, arguments: pieces }) => ({
      id: `fc_${id}`,
      type: 'function_call',
      status: 'completed',
      call_id: id,
      name,
      arguments: pieces.join(''),
    }));
  if (scenario !== 'reasoning') return [message];
  const summary = [{ type: 'summary_text', text: THOUGHT }];
  return [{ id: 'rs_1', type: 'reasoning', summary, encrypted_content: 'sealed' }, message];
}

const responses: Answers = {
  json: (scenario) => ({
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    status: scenario === 'length' ? 'incomplete' : 'completed',
    incomplete_details: scenario === 'length' ? { reason: 'max_output_tokens' } : null,
    error: null,
    model: 'upstream-model',
    output: responsesItems(scenario),
    usage: RESPONSES_USAGE,
    unknown_field: { kept: true },
  }),
  events(scenario, request) {
    const response = responses.json(scenario, request) as { status: string };
    const events: string[] = [event({ type: 'response.created', response: { ...response, output: [] } } as never)];
    for (const [output_index, item] of responsesItems(scenario).entries()) {
      const begun = item.type === 'function_call' ? { ...item, arguments: '' } : { ...item, content: [], summary: [] };
      events.push(event({ type: 'response.output_item.added', output_index, item: begun } as never));
      const at = { item_id: item.id, output_index };
      if (item.type === 'reasoning') {
        const part = { type: 'summary_text', text: '' };
        events.push(event({ type: 'response.reasoning_summary_part.added', ...at, summary_index: 0, part } as never));
        const delta = { ...at, summary_index: 0, delta: THOUGHT };
        events.push(event({ type: 'response.reasoning_summary_text.delta', ...delta } as never));
      }
      if (item.type === 'message') {
        const part = { type: 'output_text', text: '', annotations: [] };
        events.push(event({ type: 'response.content_part.added', ...at, content_index: 0, part } as never));
        for (const delta of texts(scenario))
          events.push(event({ type: 'response.output_text.delta', ...at, content_index: 0, delta } as never));
      }
      if (item.type === 'function_call')
        for (const delta of CALLS[output_index]?.arguments ?? [])
          events.push(event({ type: 'response.function_call_arguments.delta', ...at, delta } as never));
      events.push(event({ type: 'response.output_item.done', output_index, item } as never));
    }
    events.push(event({ type: `response.${response.status}`, response } as never));
    return events;
  },
};

const ANTHROPIC_USAGE = { input_tokens: 6, cache_read_input_tokens: 4, output_tokens: 5 };

/** A schema that is asked for as a tool is answered as a call of it. */
function anthropicBlocks(
  scenario: Scenario,
  { body }: ReceivedRequest,
): { type: string; pieces: string[]; own: object }[] {
  const choice = body.tool_choice as { type?: string; name?: string } | undefined;
  if (scenario === 'structured' && choice?.type === 'tool')
    return [{ type: 'tool_use', pieces: [...texts(scenario)], own: { id: 'toolu_1', name: choice.name } }];
  if (scenario === 'tools')
    return CALLS.map(({ id, name, arguments: pieces }) => ({
      type: 'tool_use',
      pieces: [...pieces],
      own: { id, name },
    }));
  const text = { type: 'text', pieces: [...texts(scenario)], own: {} };
  return scenario === 'reasoning'
    ? [{ type: 'thinking', pieces: [THOUGHT], own: { signature: 'sealed' } }, text]
    : [text];
}

const stopReason = (scenario: Scenario, blocks: readonly { type: string }[]) =>
  blocks.some(({ type }) => type === 'tool_use') ? 'tool_use' : scenario === 'length' ? 'max_tokens' : 'end_turn';

const anthropic: Answers = {
  json(scenario, request) {
    const blocks = anthropicBlocks(scenario, request);
    return {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'upstream-model',
      content: blocks.map(({ type, pieces, own }) => ({
        type,
        ...own,
        ...(type === 'tool_use' ? { input: JSON.parse(pieces.join('')) as unknown } : { [type]: pieces.join('') }),
      })),
      stop_reason: stopReason(scenario, blocks),
      stop_sequence: null,
      usage: ANTHROPIC_USAGE,
      unknown_field: { kept: true },
    };
  },
  events(scenario, request) {
    const blocks = anthropicBlocks(scenario, request);
    const message = { ...(anthropic.json(scenario, request) as object), content: [], stop_reason: null };
    const kinds = { text: 'text_delta', thinking: 'thinking_delta', tool_use: 'input_json_delta' } as const;
    const fields = { text: 'text', thinking: 'thinking', tool_use: 'partial_json' } as const;
    return [
      event({
        type: 'message_start',
        message: { ...message, usage: { ...ANTHROPIC_USAGE, output_tokens: 1 } },
      } as never),
      event({ type: 'ping' }),
      ...blocks.flatMap(({ type, pieces, own }, index) => {
        const kind = type as keyof typeof kinds;
        const empty = kind === 'tool_use' ? { input: {} } : { [kind]: '' };
        const begun = { type, ...own, ...empty, ...(kind === 'thinking' && { signature: '' }) };
        const signed = { type: 'content_block_delta', index, delta: { type: 'signature_delta', signature: 'sealed' } };
        return [
          event({ type: 'content_block_start', index, content_block: begun } as never),
          ...pieces.map((piece) =>
            event({ type: 'content_block_delta', index, delta: { type: kinds[kind], [fields[kind]]: piece } } as never),
          ),
          ...(kind === 'thinking' ? [event(signed)] : []),
          event({ type: 'content_block_stop', index } as never),
        ];
      }),
      event({
        type: 'message_delta',
        delta: { stop_reason: stopReason(scenario, blocks), stop_sequence: null },
        usage: ANTHROPIC_USAGE,
      } as never),
      event({ type: 'message_stop' }),
    ];
  },
};

const gemini: Answers = {
  json(scenario) {
    const said = scenario === 'tools' ? [] : [{ text: texts(scenario).join('') }];
    return geminiChunk([...thoughts(scenario), ...said, ...calls(scenario)], scenario, true);
  },
  events(scenario) {
    const said = scenario === 'tools' ? [] : texts(scenario).map((text) => [{ text }]);
    const pieces = [thoughts(scenario), ...said, ...calls(scenario).map((call) => [call])];
    const all = pieces.filter((parts) => parts.length > 0);
    return all.map((parts, index) => data(geminiChunk(parts, scenario, index === all.length - 1)));
  },
};

const thoughts = (scenario: Scenario) => (scenario === 'reasoning' ? [{ text: THOUGHT, thought: true }] : []);
const calls = (scenario: Scenario) =>
  scenario === 'tools'
    ? CALLS.map(({ id, name, arguments: pieces }) => ({
        functionCall: { id, name, args: JSON.parse(pieces.join('')) as unknown },
        thoughtSignature: `thought-of-${id}`,
      }))
    : [];

function geminiChunk(parts: readonly unknown[], scenario: Scenario, isLast: boolean) {
  return {
    responseId: 'gem-1',
    modelVersion: 'upstream-model',
    candidates: [
      {
        content: { role: 'model', parts },
        ...(isLast && { finishReason: scenario === 'length' ? 'MAX_TOKENS' : 'STOP' }),
      },
    ],
    usageMetadata: {
      promptTokenCount: 10,
      cachedContentTokenCount: 4,
      candidatesTokenCount: 3,
      thoughtsTokenCount: 2,
      totalTokenCount: 15,
    },
  };
}

/** A provider whom a package speaks with: Mistral, in the format that it shares with OpenAI. It tells the usage with the last piece. */
const packaged: Answers = {
  json: (scenario, request) => openai.json(scenario, request),
  events(scenario, request) {
    const events = openai.events(scenario, { ...request, body: {} });
    return events.map((text) =>
      text.includes('"finish_reason":null') || !text.includes('finish_reason')
        ? text.replace(',"usage":null', '')
        : text.replace('"usage":null', `"usage":${JSON.stringify(OPENAI_USAGE)}`),
    );
  },
};

const ANSWERS: Readonly<Record<ProviderDialect, Answers>> = {
  ...{ openai, 'openai-responses': responses, anthropic, gemini },
  'ai-sdk': packaged,
};

/** Whether a request asks for a stream, in any dialect. */
export function isStreamed({ body, path }: ReceivedRequest): boolean {
  return body.stream === true || path.includes('streamGenerateContent');
}

export function answerAs(dialect: ProviderDialect, scenario: Scenario) {
  return (request: ReceivedRequest, response: ServerResponse): void => {
    if (/embed/i.test(request.path)) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(embeddingsOf(request)));
    } else if (isStreamed(request)) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const text of ANSWERS[dialect].events(scenario, request)) response.write(text);
      response.end();
    } else {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(ANSWERS[dialect].json(scenario, request)));
    }
  };
}

export function eventsOf(dialect: ProviderDialect, scenario: Scenario, request: ReceivedRequest): readonly string[] {
  return ANSWERS[dialect].events(scenario, request);
}

function embeddingsOf({ path, body }: ReceivedRequest): unknown {
  const vector = [0.5, -0.25, 1];
  if (path.includes('batchEmbedContents'))
    return { embeddings: (body.requests as unknown[]).map(() => ({ values: vector })) };
  const input = body.input as unknown[];
  return {
    object: 'list',
    data: input.map((_, index) => ({ object: 'embedding', index, embedding: vector })),
    model: 'upstream-model',
    usage: { prompt_tokens: 3, total_tokens: 3 },
  };
}
