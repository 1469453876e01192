import { Liquid, type Template } from 'liquidjs';
import { parseBounded } from './template-parser.ts';
import { countedContext, countedOperators, countWork, TOO_LONG } from './template-work.ts';

const MAX_TEXT_CHARACTERS = 2_000_000;

const engine = createEngine();

/** A parsed Liquid template: https://shopify.github.io/liquid/ without the tags that read other templates. */
export interface PromptTemplate {
  /** What it reads from outside, with the line where it does so first. */
  readonly variables: readonly { readonly name: string; readonly line: number }[];
  /**
   * Puts the values in, in one pass: a value that looks like a template stays text. Synchronous.
   * @throws Error for a variable that is not there, or for more text or work than allowed.
   */
  render(values: Readonly<Record<string, unknown>>): string;
}

/** @throws Error with `line 2, column 5: …` */
export function parseTemplate(text: string): PromptTemplate {
  const template = attempt(() => parseBounded(engine, text));
  return {
    variables: variablesOf(template),
    render(values) {
      return String(attempt(() => engine.renderSync(template, countedContext(engine, values))));
    },
  };
}

function createEngine(): Liquid {
  const liquid = new Liquid({
    templates: {},
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    operators: countedOperators,
  });
  // There are no other templates: said when the prompt is loaded, not when it is called.
  for (const tag of ['include', 'render', 'layout', 'block']) delete liquid.tags[tag];
  countWork(liquid, MAX_TEXT_CHARACTERS);
  return liquid;
}

function variablesOf(template: Template[]): PromptTemplate['variables'] {
  return Object.entries(engine.analyzeSync(template).globals).map(([name, places]) => ({
    name,
    line: places[0]?.location.row ?? 1,
  }));
}

/** liquidjs puts the place behind the message; ours stands before it. */
function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error.message.includes(TOO_LONG)) throw new Error(TOO_LONG, { cause: error });
    const place = /^(.*), line:(\d+), col:(\d+)$/s.exec(error.message);
    throw new Error(place ? `line ${place[2]}, column ${place[3]}: ${place[1]}` : error.message, { cause: error });
  }
}
