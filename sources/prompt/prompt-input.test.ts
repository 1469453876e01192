import { readFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { silentLog } from '../../kernel/ports.ts';
import { compose } from '../../schema/compose.ts';
import type { Way } from '../../schema/plan/way.ts';
import { createRegistry } from '../../schema/registry.ts';
import { createGraphContext } from '../../schema/request-context.ts';
import { createCallContext } from '../../test/utils/call-context.ts';
import { createProviderServer, openaiAnswer, sendJson } from '../../test/utils/provider-server.ts';
import { createAiSource } from '../ai/ai-source.ts';
import { createModels } from '../ai/model-client.ts';
import { modelOptions, providerOptions } from '../ai/options.ts';
import { checkPrompt } from './check-prompt.ts';
import { promptOptions } from './options.ts';
import { promptAnswersOf } from './prompt-answers.ts';
import { createPromptSource } from './prompt-source.ts';

/** A graph of prompts whose model says what it was asked. */
async function setUp(prompts: Record<string, unknown>, way: Way = 'direct') {
  const server = await createProviderServer(({ body }, response) => {
    sendJson(response, openaiAnswer((body.messages as { content: string }[]).at(-1)?.content ?? ''));
  });
  const deps = {
    log: silentLog,
    report: ({ message }: { message: string }) => {
      throw new Error(message);
    },
  };
  const models = createModels(
    {
      providers: { stub: providerOptions.parse({ dialect: 'openai', endpoint: server.endpoint }) },
      models: { small: modelOptions.parse({ provider: 'stub', model: 'small-1' }) },
      routes: { default: ['small'] },
    },
    deps,
  );
  const entries = Object.entries(prompts).map(([name, options]) => [name, promptOptions.parse(options)] as const);
  const sources = [createAiSource(models, deps), createPromptSource(Object.fromEntries(entries), models, deps)];
  const { composition, problems } = compose({ sources, links: {}, types: {}, isMissing: () => false });
  if (composition === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  const registry = createRegistry({ rules: [], maxTokens: 10_000, way });
  const generation = registry.publish(composition);
  onTestFinished(async () => {
    await models.dispose();
    await server.close();
  });
  return async (query: string, variables: Record<string, unknown> = {}, call = createCallContext().context) => {
    const document = generation.documents.prepare(query);
    if (document.errors !== undefined) return document.errors.map(({ message }) => message);
    const { data, errors } = await document.plan(undefined).execute(createGraphContext(call), variables);
    return errors === undefined ? Object.values(data ?? {})[0] : errors.map(({ message }) => message);
  };
}

const REPLY = {
  input: {
    tone: 'Tone!',
    tones: '[Tone!]',
    grid: '[[Int]]',
    lines: '[Line!]!',
    until: 'Date',
    order: 'JSON',
    size: 'Int64',
    share: 'Float',
    sure: 'Boolean',
    id: 'ID',
  },
  types: `
    enum Tone { FRIENDLY FORMAL }
    input Line { from: String! text: String = "nothing" at: Date reply: Line data: JSON }
    scalar Date
  `,
  template: [
    '{{ tone }}|{{ tones | join: "," }}|{% for row in grid %}{{ row | join: "-" }};{% endfor %}',
    '{% for line in lines %}{{ line.from }}:{{ line.text }}:{{ line.at }}:{{ line.reply.from }}:{{ line.data | json }};{% endfor %}',
    '{{ until }}|{{ order.id }}|{{ order | json }}|{{ size }}|{{ share }}|{{ sure }}|{{ id }}',
  ].join('|'),
};

describe.each(['direct', 'stitched'] as const)('on the %s way, the input of a prompt', (way) => {
  it('may be of every type, as variables', async () => {
    const ask = await setUp({ reply: REPLY }, way);
    const query = `mutation ($tone: Tone!, $tones: [Tone!], $grid: [[Int]], $lines: [Line!]!, $until: Date, $order: JSON, $size: Int64) {
      reply(tone: $tone, tones: $tones, grid: $grid, lines: $lines, until: $until, order: $order, size: $size, share: 0.5, sure: false, id: 7)
    }`;
    const variables = {
      tone: 'FORMAL',
      tones: ['FRIENDLY', 'FORMAL'],
      grid: [[1, null], [2]],
      lines: [
        { from: 'Ada', text: 'Where is {{ order }}?', at: '2026-03-01', reply: { from: 'Bo' }, data: [1, { a: null }] },
        { from: 'Cy' },
      ],
      until: '2026-12-24',
      order: { id: 'o1', lines: [{ sku: 'x' }] },
      size: '9007199254740993',
    };
    expect(await ask(query, variables)).toBe(
      [
        'FORMAL|FRIENDLY,FORMAL|1-;2;',
        'Ada:Where is {{ order }}?:2026-03-01:Bo:[1,{"a":null}];Cy:nothing:::null;',
        '2026-12-24|o1|{"id":"o1","lines":[{"sku":"x"}]}|9007199254740993|0.5|false|7',
      ].join('|'),
    );
  });

  it('may stand in the document, and may be left out', async () => {
    const ask = await setUp({ reply: { ...REPLY, template: REPLY.template.replace('{{ order.id }}', '') } }, way);
    expect(
      await ask(
        'mutation { reply(tone: FRIENDLY, lines: [{ from: "Ada", at: "today", data: { a: [1] } }], until: "soon") }',
      ),
    ).toBe('FRIENDLY|||Ada:nothing:today::{"a":[1]};|soon||null||||');
  });

  it('is refused when it does not fit', async () => {
    const ask = await setUp({ reply: REPLY }, way);
    const query = 'mutation ($tone: Tone!, $lines: [Line!]!) { reply(tone: $tone, lines: $lines) }';
    const lines = [{ from: 'Ada' }];
    for (const variables of [
      { tone: 'HARSH', lines },
      { tone: 'FORMAL', lines: [{}] },
      { tone: 'FORMAL', lines: null },
    ]) {
      expect(await ask(query, variables)).toEqual([expect.stringMatching(/"?\$(tone|lines)/)]);
    }
  });
});

it.each(['direct', 'stitched'] as const)('on the %s way, answers are noted for their request', async (way) => {
  const ask = await setUp({ one: { template: 'x' }, two: { template: 'y' } }, way);
  const { context } = createCallContext();
  await ask('mutation { a: one b: one two }', {}, context);
  expect(promptAnswersOf(context)).toMatchObject([
    { prompt: 'one', version: 'inline', model: 'small', provider: 'stub', count: 2 },
    { prompt: 'two', count: 1 },
  ]);
});

describe('docs/guides/prompts.md', async () => {
  const guide = await readFile('docs/guides/prompts.md', 'utf8');
  const examples = [...guide.matchAll(/^```yaml\n(.+?)^```$/gms)].map(
    ([, text = '']) => parseYaml(text) as { prompts: Record<string, object> },
  );

  it('shows prompts without mistakes', () => {
    expect(examples.length).toBeGreaterThan(3);
    for (const { prompts } of examples) {
      for (const [name, options] of Object.entries(prompts)) expect(checkPrompt(name, options)).toEqual([]);
    }
  });

  it('shows what a model reads', async () => {
    const [example] = examples.filter(({ prompts }) => 'reply' in prompts);
    const ask = await setUp(example?.prompts ?? {});
    const variables = JSON.parse(/With the variables `(.+?)` the model/s.exec(guide)?.[1]?.replaceAll('\n', ' ') ?? '');
    const query =
      'mutation ($tone: Tone!, $lines: [Line!]!, $order: JSON) { reply(tone: $tone, lines: $lines, order: $order) }';
    expect(await ask(query, variables)).toBe(/^```text\n(.+?)^```$/ms.exec(guide)?.[1]);
  });
});
