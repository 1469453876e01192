import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { compose } from '../../schema/compose.ts';
import { createRegistry } from '../../schema/registry.ts';
import { createGraphContext } from '../../schema/request-context.ts';
import { createCallContext } from '../../test/utils/call-context.ts';
import { createProviderServer } from '../../test/utils/provider-server.ts';
import { answerAs } from '../../test/utils/surface-providers.ts';
import type { DialectName } from '../ai/dialects/index.ts';
import { createModels } from '../ai/model-client.ts';
import { modelOptions, providerOptions } from '../ai/options.ts';
import { checkPrompt } from './check-prompt.ts';
import { promptOptions } from './options.ts';
import { createPromptSource } from './prompt-source.ts';

const PNG = 'data:image/png;base64,iVBORw0KGgo=';
/** What the stand-in says. */
const HELLO = 'Hello, wörld €';
const PDF = 'data:application/pdf;base64,JVBERi0=';

/** A graph of a prompt, and what its provider is asked. */
async function setUp(
  prompt: object,
  { dialect = 'openai', options = {} }: { dialect?: DialectName; options?: object } = {},
) {
  const server = await createProviderServer(answerAs(dialect, 'text'));
  const problems: unknown[] = [];
  const deps = { log: silentLog, report: (problem: unknown) => void problems.push(problem) };
  const models = createModels(
    {
      providers: { stub: providerOptions.parse({ dialect, endpoint: server.endpoint, apiKey: 'k' }) },
      models: { small: modelOptions.parse({ provider: 'stub', model: 'some-model', ...options }) },
      routes: { default: ['small'] },
    },
    deps,
  );
  const source = createPromptSource({ see: promptOptions.parse(prompt) }, models, deps);
  expect(problems).toEqual([]);
  const model = { sdl: 'type Query { a: Int }', calls: new Map() };
  const sources = [source, { ...source, name: 'other', kind: 'graphql' as const, model }];
  const { composition, problems: found } = compose({ sources, links: {}, types: {}, isMissing: () => false });
  if (composition === undefined) throw new Error(JSON.stringify(found));
  const generation = createRegistry({ rules: [], maxTokens: 10_000 }).publish(composition);
  onTestFinished(async () => {
    await models.dispose();
    await server.close();
  });
  const ask = async (query: string, variables: Record<string, unknown> = {}) => {
    const document = generation.documents.prepare(query);
    if (document.errors !== undefined) return document.errors.map(({ message }) => message);
    const context = createGraphContext(createCallContext().context);
    const { data, errors } = await document.plan(undefined).execute(context, variables);
    return errors === undefined ? Object.values(data ?? {})[0] : errors.map(({ message }) => message);
  };
  const asked = (index = -1) => server.requests.at(index)?.body as never as Record<string, readonly never[]>;
  const content = () => (asked().messages?.at(-1) as unknown as { content: unknown } | undefined)?.content;
  return { ask, asked, content, server };
}

const DESCRIBE = { input: { photo: 'Image!' }, template: 'What is on it?' };
const SEE = 'mutation($photo: PromptImage!) { see(photo: $photo) }';

describe('an image or a file of a prompt', () => {
  it.each<[DialectName, unknown]>([
    ['openai', { messages: [{ content: [{ type: 'image_url', image_url: { url: PNG } }, { type: 'text' }] }] }],
    ['openai-responses', { input: [{ content: [{ type: 'input_image', image_url: PNG }, { type: 'input_text' }] }] }],
    [
      'anthropic',
      {
        messages: [
          { content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png' } }, { type: 'text' }] },
        ],
      },
    ],
    ['gemini', { contents: [{ parts: [{ inlineData: { mimeType: 'image/png' } }, { text: 'What is on it?' }] }] }],
  ])('comes to a provider that speaks %s', async (dialect, body) => {
    const { ask, asked } = await setUp(DESCRIBE, { dialect });
    expect(await ask(SEE, { photo: PNG })).toBe(HELLO);
    expect(asked()).toMatchObject(body as object);
  });

  it('stands where the template writes it, and before the text where it does not name it', async () => {
    const { ask, content } = await setUp({
      input: { before: 'Image!', after: 'Image!', report: 'File', pages: '[Page!]' },
      types: 'input Page { scan: Image title: String! }',
      template:
        'Compare {{ before }} with {{ after }}.{% for page in pages %} {{ page.title }}: {{ page.scan }}{% endfor %}',
    });
    const answer = await ask(`mutation {
      see(
        before: "${PNG}", after: "https://example.com/a.png", report: { url: "${PDF}", name: "report.pdf" }
        pages: [{ title: "One", scan: "${PNG}" }, { title: "Two" }]
      )
    }`);
    expect(answer).toBe(HELLO);
    const image = (url: string) => ({ type: 'image_url', image_url: { url } });
    expect(content()).toEqual([
      { type: 'file', file: { filename: 'report.pdf', file_data: PDF } },
      { type: 'text', text: 'Compare ' },
      image(PNG),
      { type: 'text', text: ' with ' },
      image('https://example.com/a.png'),
      { type: 'text', text: '. One: ' },
      image(PNG),
      { type: 'text', text: ' Two: ' },
    ]);
  });

  it('may be left out', async () => {
    const { ask, content } = await setUp({
      input: { photo: 'Image', text: 'String!' },
      template: '{% if photo %}On it: {{ photo }}{% else %}Nothing to see: {{ text }}{% endif %}',
    });
    await ask('mutation { see(text: "really") }');
    expect(content()).toBe('Nothing to see: really');
  });

  it('is not made by a text that looks like its place', async () => {
    const { ask, content } = await setUp({
      input: { photo: 'Image!', text: 'String!' },
      template: '{{ photo }}{{ text }}',
    });
    const text = '\u00001.0\u0000 \u0000media\u0000';
    await ask('mutation($text: String!) { see(photo: "https://example.com/a.png", text: $text) }', { text });
    expect(content()).toEqual([
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
      { type: 'text', text },
    ]);
  });

  it.each<[string, unknown, string]>([
    ['an address without TLS', 'http://example.com/a.png', '"photo" must be an https address'],
    ['a file of the machine', 'file:///etc/passwd', '"photo" must be an https address'],
    ['other bytes', 'data:text/html;base64,AAAA', '"photo" must be an image, and not text/html'],
    ['what is not base64', 'data:image/png;base64,<>', '"photo" must be in base64'],
    ['a data URL without base64', 'data:image/svg+xml,<svg/>', '"photo" must be an https address'],
    ['a number', 7, '"photo" must be an https address'],
  ])('is refused before the call: %s', async (_what, photo, message) => {
    const { ask, server } = await setUp(DESCRIBE);
    expect(await ask(SEE, { photo })).toEqual([expect.stringContaining(message)]);
    expect(server.requests).toEqual([]);
  });

  it('is refused before the call by a model that cannot see, and a file by one that takes no addresses', async () => {
    const blind = await setUp(DESCRIBE, { options: { capabilities: { images: false } } });
    expect(await blind.ask(SEE, { photo: PNG })).toEqual([expect.stringContaining('cannot see images')]);
    expect(blind.server.requests).toEqual([]);
    const filed = await setUp({ input: { report: 'File!' }, template: 'Sum it up.' });
    const [message] = (await filed.ask('mutation { see(report: "https://example.com/r.pdf") }')) as string[];
    expect(message).toMatch(/address|url/i);
    expect(filed.server.requests).toEqual([]);
  });

  it('is bounded in number and size', async () => {
    const { ask, server } = await setUp({ input: { photos: '[Image!]!' }, template: 'What is on them?' });
    const query = 'mutation($photos: [PromptImage!]!) { see(photos: $photos) }';
    const photos = Array(51).fill(PNG);
    expect(await ask(query, { photos })).toEqual([expect.stringContaining('"photos[50]" is more than the 50')]);
    const large = `data:image/png;base64,${'A'.repeat(28_000_004)}`;
    expect(await ask(query, { photos: [large] })).toEqual([
      expect.stringContaining('"photos[0]" is larger than 20 MiB'),
    ]);
    expect(server.requests).toEqual([]);
  });
});

describe('a prompt with images', () => {
  const problemsOf = (prompt: object) =>
    checkPrompt('see', prompt).map(({ path, message }) => `${(path ?? []).join('.')}: ${message}`);

  it('may show examples of them', () => {
    const example = { input: { photo: PNG }, output: 'A lake.' };
    expect(problemsOf({ ...DESCRIBE, examples: [example] })).toEqual([]);
    expect(problemsOf({ ...DESCRIBE, examples: [{ ...example, input: { photo: 'lake.png' } }] })).toHaveLength(1);
  });

  it('has them as inputs of its template alone', () => {
    expect(problemsOf({ ...DESCRIBE, system: 'See {{ photo }}' })).toEqual([
      'system: The system text has an image or a file in it: only the template may.',
    ]);
    expect(problemsOf({ ...DESCRIBE, output: 'Image!' })).toEqual(['output: Images and files can be inputs only.']);
  });

  it('may have a type of its own that is called so', async () => {
    const { ask, content } = await setUp({
      input: { photo: 'Image!' },
      types: 'input Image { caption: String! }',
      template: '{{ photo.caption }}',
    });
    await ask('mutation { see(photo: { caption: "A lake" }) }');
    expect(content()).toBe('A lake');
  });
});
