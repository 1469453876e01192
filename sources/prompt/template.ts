import { Liquid, type Template } from 'liquidjs';

/** Bounds of one template and of what it becomes. */
const MAX_TEMPLATE_CHARACTERS = 200_000;
const MAX_TEXT_CHARACTERS = 2_000_000;
/** Nothing else happens meanwhile; a template that people write takes less than one. */
const RENDER_TIMEOUT_MS = 250;
/** In liquidjs's own count: about one for each list item and character it makes. */
const MEMORY_LIMIT = 20_000_000;

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
  const template = attempt(() => engine.parse(text));
  return {
    variables: variablesOf(template),
    render(values) {
      const rendered: unknown = attempt(() => engine.renderSync(template, values));
      const result = String(rendered);
      if (result.length > MAX_TEXT_CHARACTERS) throw new Error('The text is longer than allowed.');
      return result;
    },
  };
}

function createEngine(): Liquid {
  const liquid = new Liquid({
    templates: {},
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    parseLimit: MAX_TEMPLATE_CHARACTERS,
    renderLimit: RENDER_TIMEOUT_MS,
    memoryLimit: MEMORY_LIMIT,
  });
  // There are no other templates: said when the prompt is loaded, not when it is called.
  for (const tag of ['include', 'render', 'layout', 'block']) delete liquid.tags[tag];
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
    const place = /^(.*), line:(\d+), col:(\d+)$/s.exec(error.message);
    throw new Error(place ? `line ${place[2]}, column ${place[3]}: ${place[1]}` : error.message, { cause: error });
  }
}
