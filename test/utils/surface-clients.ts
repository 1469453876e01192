import { PROVIDER_DIALECTS, type ProviderDialect } from '../../sources/ai/dialects/index.ts';
import type { Surfaces } from './surfaces.ts';

/** What a client makes of an answer, in words of no format. */
export interface Heard {
  readonly text: string;
  /** Of a stream: how many pieces of text it had. */
  readonly pieces?: number;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
  readonly reason: string | null | undefined;
  readonly usage: {
    readonly input: number | undefined;
    readonly output: number | undefined;
    readonly cached: number | null | undefined;
  };
}

export type ClientName = 'openai' | 'openai-responses' | 'anthropic';
export const CLIENTS: readonly ClientName[] = ['openai', 'openai-responses', 'anthropic'];
export const MATRIX = CLIENTS.flatMap((client) => PROVIDER_DIALECTS.map((dialect) => [client, dialect] as const));

export interface Question {
  readonly tools?: boolean;
  readonly schema?: boolean;
  readonly image?: boolean;
}

export const SCHEMA = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
};
const CITY = { type: 'object', properties: { city: { type: 'string' } } };
export const PIXEL = 'iVBORw0KGgo=';
const TOOLS = ['weather', 'clock'];

interface Client {
  ask(surfaces: Surfaces, model: ProviderDialect, question: Question): Promise<Heard>;
  stream(surfaces: Surfaces, model: ProviderDialect, question: Question): Promise<Heard>;
}

const parse = (text: string): unknown => JSON.parse(text);

const chat: Client = {
  async ask({ openai }, model, question) {
    const answer = await openai.chat.completions.create(chatParams(model, question));
    return heardChat(answer);
  },
  async stream({ openai }, model, question) {
    const stream = openai.chat.completions.stream({
      ...chatParams(model, question),
      stream_options: { include_usage: true },
    });
    let pieces = 0;
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) pieces += 1;
    return { ...heardChat(await stream.finalChatCompletion()), pieces };
  },
};

function chatParams(model: string, { tools, schema, image }: Question) {
  const content = image
    ? [
        { type: 'text' as const, text: 'What is it?' },
        { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${PIXEL}` } },
      ]
    : 'Hello';
  return {
    model,
    max_completion_tokens: 500,
    messages: [
      { role: 'system' as const, content: 'Be brief.' },
      { role: 'user' as const, content },
    ],
    ...(tools && {
      tools: TOOLS.map((name) => ({ type: 'function' as const, function: { name, parameters: CITY } })),
      tool_choice: 'auto' as const,
    }),
    ...(schema && {
      response_format: { type: 'json_schema' as const, json_schema: { name: 'person', strict: true, schema: SCHEMA } },
    }),
  };
}

function heardChat(answer: Awaited<ReturnType<Surfaces['openai']['chat']['completions']['create']>>): Heard {
  if (!('choices' in answer)) throw new Error('a stream');
  const [choice] = answer.choices;
  const calls = choice?.message.tool_calls ?? [];
  return {
    text: choice?.message.content ?? '',
    calls: calls.map((call) => {
      if (call.type !== 'function') throw new Error(call.type);
      return { id: call.id, name: call.function.name, input: parse(call.function.arguments) };
    }),
    reason: choice?.finish_reason,
    usage: {
      input: answer.usage?.prompt_tokens,
      output: answer.usage?.completion_tokens,
      cached: answer.usage?.prompt_tokens_details?.cached_tokens,
    },
  };
}

const responses: Client = {
  async ask({ openai }, model, question) {
    return heardResponse(await openai.responses.create(responsesParams(model, question)));
  },
  async stream({ openai }, model, question) {
    const stream = openai.responses.stream(responsesParams(model, question));
    let pieces = 0;
    for await (const event of stream) if (event.type === 'response.output_text.delta') pieces += 1;
    return { ...heardResponse(await stream.finalResponse()), pieces };
  },
};

function responsesParams(model: string, { tools, schema, image }: Question) {
  const picture = {
    type: 'input_image' as const,
    detail: 'auto' as const,
    image_url: `data:image/png;base64,${PIXEL}`,
  };
  const content = [{ type: 'input_text' as const, text: 'What is it?' }, picture];
  return {
    model,
    max_output_tokens: 500,
    instructions: 'Be brief.',
    input: image ? [{ role: 'user' as const, content }] : 'Hello',
    ...(tools && {
      tools: TOOLS.map((name) => ({ type: 'function' as const, name, parameters: CITY, strict: false })),
    }),
    ...(schema && {
      text: { format: { type: 'json_schema' as const, name: 'person', strict: true, schema: SCHEMA } },
    }),
  };
}

function heardResponse(answer: Awaited<ReturnType<Surfaces['openai']['responses']['create']>>): Heard {
  if (!('output' in answer)) throw new Error('a stream');
  const calls = answer.output.filter((item) => item.type === 'function_call');
  const texts = answer.output.flatMap((item) =>
    item.type === 'message' ? item.content.map((piece) => (piece.type === 'output_text' ? piece.text : '')) : [],
  );
  return {
    text: texts.join(''),
    calls: calls.map((call) => ({ id: call.call_id, name: call.name, input: parse(call.arguments) })),
    reason: answer.status === 'incomplete' ? answer.incomplete_details?.reason : answer.status,
    usage: {
      input: answer.usage?.input_tokens,
      output: answer.usage?.output_tokens,
      cached: answer.usage?.input_tokens_details.cached_tokens,
    },
  };
}

const messages: Client = {
  async ask({ anthropic }, model, question) {
    return heardMessage(await anthropic.messages.create(messagesParams(model, question)));
  },
  async stream({ anthropic }, model, question) {
    const stream = anthropic.messages.stream(messagesParams(model, question));
    let pieces = 0;
    stream.on('text', () => {
      pieces += 1;
    });
    return { ...heardMessage(await stream.finalMessage()), pieces };
  },
};

function messagesParams(model: string, { tools, schema, image }: Question) {
  const source = { type: 'base64' as const, media_type: 'image/png' as const, data: PIXEL };
  const content = [
    { type: 'text' as const, text: 'What is it?' },
    { type: 'image' as const, source },
  ];
  return {
    model,
    max_tokens: 500,
    system: 'Be brief.',
    messages: [{ role: 'user' as const, content: image ? content : 'Hello' }],
    ...(tools && { tools: TOOLS.map((name) => ({ name, input_schema: { ...CITY, type: 'object' as const } })) }),
    ...(schema && { output_config: { format: { type: 'json_schema' as const, schema: SCHEMA } } }),
  };
}

function heardMessage(answer: Awaited<ReturnType<Surfaces['anthropic']['messages']['create']>>): Heard {
  if (!('content' in answer)) throw new Error('a stream');
  const { content, usage } = answer;
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    calls: content.flatMap((block) =>
      block.type === 'tool_use' ? [{ id: block.id, name: block.name, input: block.input }] : [],
    ),
    reason: answer.stop_reason,
    usage: {
      input: usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
      output: usage.output_tokens,
      cached: usage.cache_read_input_tokens,
    },
  };
}

export const CLIENT: Readonly<Record<ClientName, Client>> = {
  openai: chat,
  'openai-responses': responses,
  anthropic: messages,
};
